import ExampleFiles
import JSON
import Losses
import NeuralNetwork

/// Refuses what is given and would have no effect: whoever gave it expects one.
extension Recipe {
    /// Checks settings whose use hangs on others.
    func checkEffects() throws(RecipeError) {
        try checkEvaluationSettings()
        try checkBatchSettings()
        try checkRates()
    }

    private func refuse(
        _ reason: String, _ settings: [(key: String, isGiven: Bool)]
    ) throws(RecipeError) {
        if let given = settings.first(where: \.isGiven) {
            throw .useless(key: given.key, reason: reason)
        }
    }

    private func checkEvaluationSettings() throws(RecipeError) {
        let defaults = TrainingConfiguration()
        if !evaluations.contains(where: { $0.split == .dev }) {
            try refuse(
                "there is nothing to evaluate on: add dev",
                [
                    ("patience", training.patience != nil),
                    ("evaluate_every", training.evaluateEvery != defaults.evaluateEvery),
                    ("start_may_win", training.startMayWin),
                ])
        }
        try refuse(
            "without patience nothing waits for an improvement: add patience, or leave it out",
            [("min_delta", training.minDelta != 0 && training.patience == nil)])
        for item in evaluations where item.split == .test {
            try refuse(
                "what is split: test is measured after training alone; make it split: dev, or leave this out",
                [
                    ("evaluate.\(item.name).watch", item.watch != nil),
                    ("evaluate.\(item.name).chooses_best", item.choosesBest),
                ])
        }
    }

    private func checkBatchSettings() throws(RecipeError) {
        try refuse(
            "there is one task, whose batches come one after the other",
            [("order", setup.order != nil && tasks.count == 1)])
        try refuse(
            "every task has a sampler of its own, which says what forms a batch; leave one of the two out",
            [
                (
                    "group_by_length",
                    training.groupByLength && tasks.allSatisfy { $0.settings.sampler != nil }
                )
            ])
    }

    private func checkRates() throws(RecipeError) {
        let (own, defaults) = (training.scheduleSettings, ScheduleSettings())
        let known = training.schedule.settingKeys
        for keys in ScheduleSettings.synonyms where !keys.contains(where: known.contains) {
            try refuse(
                "the schedule \(training.schedule.rawValue) has no such setting",
                keys.map { ($0, own.value[$0] != defaults.value[$0]) })
        }
        let members = optimizer.members
        if members.contains(where: { $0.key == "weight_decay" }),
            training.weightDecay != TrainingConfiguration().weightDecay
        {
            throw .both("weight_decay", "optimizer.weight_decay")
        }
        if optimizer.name == Adafactor.name,
            members.first(where: { $0.key == "relative_step" })?.value.bool ?? true
        {
            try refuse(
                "adafactor has a rate of its own; add relative_step: false to the optimizer, or leave this out",
                [
                    (
                        "learning_rate",
                        training.learningRate != TrainingConfiguration().learningRate
                    ), ("schedule", training.schedule != .linear),
                    ("learning_rates", !training.learningRates.isEmpty),
                    // Recipes of earlier runs state the usual ratio.
                    ("warmup_ratio", training.warmupRatio.map { $0 != 0.1 } ?? false),
                    ("warmup_steps", training.warmupSteps != nil),
                ])
        }
    }
}

extension Recipe {
    /// Refuses options of data files that say nothing about any row.
    func checkDataOptions() throws(RecipeError) {
        let losses = tasks.compactMap { task in
            (try? Losses.named(task.loss.name)).map { (task, task.labels(of: $0)) }
        }
        for (task, labels) in losses {
            try refuse(
                "the loss \(task.loss.name) has no use for classes",
                [(key("classes", of: task), !task.settings.classes.isEmpty && labels != .classes)])
            let key = key("data", of: task)
            for source in task.data {
                try check(source.options, of: key, "for \(task.loss.name)") {
                    labels.hasNoUse(for: $0)
                }
            }
        }
        let measured = evaluations.compactMap {
            try? Evaluations.named($0.kind.name).request?.labels
        }
        let kinds = losses.map(\.1) + measured
        // Held-out files take from them what they leave open.
        try check(data, of: "data", "that are trained or measured on") { option in
            kinds.allSatisfy { $0.hasNoUse(for: option) }
        }
        for item in evaluations {
            guard let labels = try? Evaluations.named(item.kind.name).request?.labels else {
                continue
            }
            for source in item.data {
                try check(source.options, of: item.name, "for \(item.kind.name)") {
                    labels.hasNoUse(for: $0)
                }
            }
        }
    }

    private func check(
        _ options: ExampleFileOptions, of key: String, _ rows: String,
        isUseless: (ExampleFileOptions.Key) -> Bool
    ) throws(RecipeError) {
        if let option = options.stated.first(where: isUseless) {
            throw .useless(
                key: "\(key): \(option.rawValue)",
                reason: "it says nothing about rows \(rows); leave it out")
        }
    }
}

extension TaskRecipe {
    /// What the task's rows are labelled with in its files.
    fileprivate func labels(of loss: any TaskLoss.Type) -> LabelKind {
        loss.request(withoutLabels: settings.teacher != nil).labels
    }
}

extension LabelKind {
    /// Whether an option is about labels of another kind.
    public func hasNoUse(for key: ExampleFileOptions.Key) -> Bool {
        switch key {
        case .score: self == .classes || self == .none
        case .scores: self != .vectors
        case .scoreRange: self != .scores && self != .optionalScores
        case .decimalComma: self == .classes || self == .none
        case .label, .labelOrder: self != .classes
        default: false
        }
    }
}
