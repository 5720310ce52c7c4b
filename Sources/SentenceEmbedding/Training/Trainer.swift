import Communication
import ExampleFiles
import Kernels
import Losses
import NeuralNetwork
import Settings
import Tensors

/// Trains a sentence transformer, and the losses' own parameters with it, on one or more tasks.
///
/// Given the same data, seed, machine and number of threads, every run is the same to the last bit, also across a stop
/// and a resume: the order of tasks and rows and dropout are functions of (seed, epoch, step).
///
/// ```swift
/// let model = try SentenceTransformer(path: "all-MiniLM-L6-v2")
/// let objective = try EmbeddingObjective(CosineSimilarityLoss.self, data: table, model: model)
/// let trainer = try Trainer(model: model, objective: objective)
/// try trainer.run()
/// ```
public final class Trainer {
    /// The model, trained in place.
    public let model: SentenceTransformer
    /// What it is trained for.
    public let tasks: [TrainingTask]
    /// The settings.
    public let configuration: TrainingConfiguration
    /// Where the run stands.
    public internal(set) var state = TrainingState()
    /// Optimizes the parameters of the model and of the losses.
    public let optimizer: any Optimizer
    /// Learning rates by step.
    public let schedule: LearningRateSchedule
    /// The moving average of the weights, if one is kept.
    let average: WeightAverage?
    /// The processes that share the run; nil for one.
    public let processes: (any Communicator)?
    let tokens: [TokenCache]
    /// The batches of the latest step, and the step whose weights were found sound on them.
    var latestBatches: [Batch] = []
    var soundStep = 0
    private let order: any TaskOrder
    private var latestEpoch: EpochBatches?
    /// Steps in the first epoch; later ones may differ a little.
    let stepsPerEpoch: Int
    private var callbacks: [any TrainingCallback] = []
    private var control = TrainingControl.proceed

    /// Some rows of a task.
    struct Batch: Equatable {
        let task: Int
        let rows: [Int]
    }

    /// Prepares a run from its beginning.
    ///
    /// - Parameters:
    ///   - order: Which task's batch comes next.
    ///   - processes: Those that share the run, each with a trainer made from the same; the model's embeddings are then
    ///     computed by all of them, too. nil for one process.
    ///   - optimizer: Makes the optimizer of the parameters; AdamW with the configuration's weight decay when absent.
    /// - Throws: `TrainingError` when a setting is out of range, there are no rows or nothing to train, or the
    ///   model has no token for a text.
    public init(
        model: SentenceTransformer, tasks: [TrainingTask],
        configuration: TrainingConfiguration = .init(), order: (any TaskOrder)? = nil,
        processes: (any Communicator)? = nil,
        optimizer: ((_ parameters: [Parameter]) throws(OptimizerError) -> any Optimizer)? = nil
    ) throws(TrainingError) {
        precondition(
            !tasks.isEmpty && Set(tasks.map(\.name)).count == tasks.count,
            "a run has one task or more, each with a name of its own")
        do throws(SettingError) { try configuration.validate() } catch { throw .setting(error) }
        let caches = tasks.map {
            TokenCache(
                $0.objective.data, model: model, prompts: $0.prompts,
                limit: TokenCache.mostBytes / tasks.count)
        }
        for (task, cache) in zip(tasks, caches) { try Self.check(task, cache, model) }
        self.model = model
        self.tasks = tasks
        self.configuration = configuration
        self.order = order ?? Proportional(seed: configuration.seed)
        self.processes = processes.flatMap { $0.size > 1 ? $0 : nil }
        model.processes = self.processes
        tokens = caches
        // The head that a model came with does not go with an encoder that is trained without it.
        if !tasks.contains(where: { $0.objective.module.loss is MaskedLanguageModelLoss }) {
            model.languageModelHead = nil
        }
        if configuration.bf16, GEMM.Precision.bfloat16.isAvailable { model.precision = .bfloat16 }
        let parameters =
            model.allParameters + tasks.flatMap { Array($0.objective.module.parameters) }
        guard parameters.contains(where: \.isTrained) else { throw .nothingToTrain }
        do throws(OptimizerError) {
            self.optimizer =
                try optimizer?(parameters) ?? Self.adamW(parameters, configuration.weightDecay)
        } catch { throw .optimizer(error) }
        do throws(SettingError) {
            self.optimizer.learningRateFactors = try configuration.learningRates.factors(
                of: parameters, peak: configuration.learningRate,
                layerDecay: configuration.layerDecay)
        } catch { throw .setting(error) }
        average = configuration.emaDecay.map { WeightAverage(parameters, decay: $0) }
        // Some samplers make a few batches more or fewer in later epochs: all are taken, and the schedule is that long.
        let batches = EpochBatches(0, tasks, caches, self.order)
        latestEpoch = batches
        stepsPerEpoch =
            (batches.count + configuration.accumulationSteps - 1) / configuration.accumulationSteps
        let totalSteps = configuration.maxSteps ?? stepsPerEpoch * configuration.epochs
        schedule = LearningRateSchedule(
            configuration.schedule, peak: configuration.learningRate,
            // At least one step has the peak.
            warmupSteps: min(configuration.warmup(ofSteps: totalSteps), totalSteps - 1),
            totalSteps: totalSteps, settings: configuration.scheduleSettings)
    }

    /// Prepares a run for a single objective, with the sampler that suits its loss or, if the configuration says so, with
    /// rows grouped by length.
    ///
    /// - Throws: As the general one.
    public convenience init(
        model: SentenceTransformer, objective: any Objective,
        configuration: TrainingConfiguration = .init()
    ) throws(TrainingError) {
        let sampler: any BatchSampler
        do throws(SamplerError) {
            sampler = try BatchSamplers.named(
                configuration.sampler(for: type(of: objective.module.loss))
            ).init(batchSize: max(1, configuration.batchSize), seed: configuration.seed)
        } catch { throw .sampler(error) }
        try self.init(
            model: model, tasks: [TrainingTask(objective, sampler: sampler)],
            configuration: configuration)
    }

    /// Checks that a task's data can be trained on with this model.
    private static func check(
        _ task: TrainingTask, _ cache: TokenCache, _ model: SentenceTransformer
    ) throws(TrainingError) {
        let data = task.objective.data
        if data.count == 0 { throw .noRows(path: data.name) }
        do throws(EmptyTextError) {
            try data.requireTokens(
                of: model.tokenizer,
                allowingMissing: Swift.type(of: task.objective.module.loss).allowsMissingTexts)
        } catch { throw .emptyText(error) }
        if let prompts = task.prompts {
            guard prompts.count == data.columnNames.count else {
                throw .promptCount(
                    task: task.name, found: prompts.count, columns: data.columnNames)
            }
            guard model.pooling.includesPrompt else { throw .promptNotPooled(task: task.name) }
        }
        if let loss = task.objective.module.loss as? any SequenceLoss, !type(of: loss).keepsPlaces,
            !model.pooling.includesPrompt, !model.prompt.isEmpty
        {
            throw .promptDeleted(task: task.name)
        }
        if let problem = task.sampler.problem(with: cache.samplerInput) {
            throw .sampler(
                .unusable(sampler: type(of: task.sampler).name, needs: problem, source: data.name))
        }
    }

    private static func adamW(_ parameters: [Parameter], _ weightDecay: Float) -> AdamW {
        var configuration = AdamW.Configuration()
        configuration.weightDecay = weightDecay
        return AdamW(parameters, configuration)
    }

    /// Runs to the end from where `state` stands; the model is then the average of its weights if one is kept.
    ///
    /// - Throws: `TrainingError.nonFinite` before a bad step changes anything,
    ///   `TrainingError.nonFiniteWeights` or `TrainingError.nonFiniteEmbedding` before such a model is measured or
    ///   saved, at the latest after the last step, and what a callback throws.
    @discardableResult
    public func run(_ callbacks: [any TrainingCallback] = []) throws -> TrainingOutcome {
        self.callbacks = callbacks
        control = .proceed
        average?.use(false)
        defer {
            self.callbacks = []
            average?.use(true)
        }
        try post(.started(totalSteps: schedule.totalSteps, stepsPerEpoch: stepsPerEpoch))
        while goesOn() {
            let batches = batches(ofEpoch: state.epoch)
            while goesOn() {
                let end = min(state.batch + configuration.accumulationSteps, batches.count)
                let start = ContinuousClock.now
                var report = try step((state.batch..<end).map { batches[$0] })
                report.seconds = (ContinuousClock.now - start) / .seconds(1)
                state.batch = end
                report.isEpochEnd = end == batches.count || state.step == configuration.maxSteps
                report.epoch = Double(state.epoch) + Double(end) / Double(batches.count)
                if end == batches.count {
                    state.epoch += 1
                    state.batch = 0
                }
                try post(.stepped(report))
                if end == batches.count { break }
            }
        }
        try requireSoundModel()
        let outcome: TrainingOutcome =
            !hasStepsLeft ? .finished : control == .finish ? .outOfPatience : .stopped
        try post(.ended(outcome))
        return outcome
    }

    /// Calls `body` with the weights that are evaluated and saved: the average, if one is kept.
    public func withSavedWeights<Result>(_ body: () throws -> Result) rethrows -> Result {
        guard let average, !average.isInUse else { return try body() }
        average.use(true)
        defer { average.use(false) }
        return try body()
    }

    /// Gives an event to every callback, in order.
    ///
    /// - Throws: What a callback throws.
    public func post(_ event: TrainingEvent) throws {
        for callback in callbacks {
            // The callback may post events itself, whose answers count too: `control` is read after it.
            let answer = try callback.handle(event, self)
            control = max(control, answer)
        }
    }

    /// Whether it is time, after the latest step, for what happens so often.
    public func isDue(_ interval: StepInterval) -> Bool {
        interval.isDue(after: state.step, of: schedule.totalSteps)
    }

    /// Takes a step on the batch that has the most tokens, and so needs the most memory, among the first of the first
    /// epoch.
    ///
    /// - Throws: As `run`.
    func takeLongestStep(among count: Int = 4096) throws {
        average?.use(false)
        defer { average?.use(true) }
        let batches = batches(ofEpoch: 0)
        let sizes = (0..<min(count, batches.count)).map { index in
            let batch = batches[index]
            return tokens[batch.task].lengths(ofRows: batch.rows).reduce(0) { $0 + Int($1) }
        }
        if let longest = sizes.indices.max(by: { sizes[$0] < sizes[$1] }) {
            _ = try step([batches[longest]])
        }
    }

    private var hasStepsLeft: Bool {
        configuration.maxSteps.map { state.step < $0 } ?? (state.epoch < configuration.epochs)
    }

    private func goesOn() -> Bool {
        guard hasStepsLeft else { return false }
        // All end after the same step.
        let ends = control != .proceed
        return processes.map { !$0.any(ends) } ?? !ends
    }

    private func batches(ofEpoch epoch: Int) -> EpochBatches {
        if let latestEpoch, latestEpoch.epoch == epoch { return latestEpoch }
        // Before the next one is made, so that there is never memory for two.
        latestEpoch = nil
        let batches = EpochBatches(epoch, tasks, tokens, order)
        latestEpoch = batches
        return batches
    }
}

/// The batches of all tasks in an epoch, in the order in which they are taken.
private struct EpochBatches {
    let epoch: Int
    /// The number of batches.
    let count: Int
    private let batches: [RowBatches]
    /// Whose turn it is, and with which batch of its own; none where there is one task.
    private let turns: [(task: Int, batch: Int)]

    init(
        _ epoch: Int, _ tasks: [TrainingTask], _ tokens: [TokenCache], _ order: any TaskOrder
    ) {
        self.epoch = epoch
        batches = zip(tasks, tokens).map {
            $0.sampler.batches(of: $1.samplerInput, epoch: epoch)
        }
        if batches.count == 1 {
            (count, turns) = (batches[0].count, [])
        } else {
            var next = batches.map { _ in 0 }
            turns = order.order(batches: batches.map(\.count), epoch: epoch).map { task in
                defer { next[task] += 1 }
                return (task, next[task])
            }
            count = turns.count
        }
    }

    subscript(index: Int) -> Trainer.Batch {
        let (task, batch) = turns.isEmpty ? (0, index) : turns[index]
        return Trainer.Batch(task: task, rows: batches[task][batch])
    }
}

extension Parameter {
    /// Whether training gives it gradients: it is not frozen, nor of BERT's pooler, which is no part of the embeddings.
    var isTrained: Bool { !isFrozen && !name.hasPrefix("pooler.") }
}
