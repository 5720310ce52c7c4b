import EvaluationMetrics
import JSON

/// The final figures of a run, with those before its first step.
public struct RunResults: Sendable {
    /// Optimizer steps taken.
    public let steps: Int
    /// The step of the model that is delivered; nil for the last one, when there was nothing to choose by.
    public let bestStep: Int?
    /// The figures of the model that is delivered, by evaluation.
    public private(set) var groups: [ModelCard.ResultGroup] = []
    /// The figure that chose the best model, as it is in `figures`; nil when nothing was evaluated.
    public private(set) var chosenBy: Figure?
    /// The figures before the first step, under the same names.
    public let before: [String: Double]
    /// How the main figure of each evaluation changed.
    public private(set) var changes: [FigureChange] = []
    /// Everything else that `results.json` holds, by key.
    package var details: [String: JSONValue] = [:]

    init(_ state: TrainingState) {
        steps = state.step
        bestStep = state.bestStep
        let splits = [("dev_", state.before), ("test_", state.testBefore)]
        let named = splits.flatMap { prefix, figures in
            (figures ?? [:]).map { (prefix + $0.key, $0.value) }
        }
        before = Dictionary(uniqueKeysWithValues: named)
    }

    /// Takes the figures of an evaluation; the first one on dev chose the best model.
    mutating func add(
        _ split: EvaluationRecipe.Split, _ task: String, _ evaluation: Evaluation,
        interval: ClosedRange<Double>?
    ) {
        if let primary = evaluation.primaryFigure {
            let name = "\(split)_\(primary.name)"
            changes.append(
                FigureChange(
                    name: name, before: before[name], after: primary.value,
                    direction: primary.direction, interval: interval))
        }
        if split == .dev, !groups.contains(where: { $0.split == split.rawValue }) {
            chosenBy = evaluation.primaryFigure.map {
                Figure("\(split)_\($0.name)", $0.value, $0.direction)
            }
        }
        groups.append(
            ModelCard.ResultGroup(
                split: split.rawValue, task: task, figures: evaluation.figures))
    }

    /// All figures; their names begin with the split: `dev_spearman_cosine`.
    public var figures: [Figure] {
        groups.flatMap { group in
            group.figures.map { Figure("\(group.split)_\($0.name)", $0.value, $0.direction) }
        }
    }

    /// The change that tells most: that of the first test, which chose nothing, or else of what chose the best model.
    public var mainChange: FigureChange? {
        changes.first { $0.name.hasPrefix("test_") && $0.verdict != nil } ?? changes.first
    }

    /// The figure with a name.
    public subscript(name: String) -> Double? { figures.first { $0.name == name }?.value }

    /// Everything by name; an undefined figure is null.
    package var values: [String: JSONValue] {
        var values = details
        values["steps"] = .integer(steps)
        if let bestStep { values["best_step"] = .integer(bestStep) }
        if let chosenBy {
            values["chosen_by"] = .string(chosenBy.name)
            if chosenBy.direction == .lower { values["lower_is_better"] = true }
        }
        for figure in figures { values[figure.name] = .number(figure.value) }
        if !before.isEmpty {
            values["before"] = .sorted(before.mapValues(JSONValue.number))
            let changes = figures.compactMap { figure in
                before[figure.name].map { (figure.name, JSONValue.number(figure.value - $0)) }
            }
            values["change"] = .sorted(Dictionary(changes, uniquingKeysWith: { $1 }))
        }
        let intervals = changes.compactMap { change in
            change.interval.map {
                (
                    change.name,
                    JSONValue.array([.number($0.lowerBound), .number($0.upperBound)])
                )
            }
        }
        if !changes.isEmpty {
            values["main_figures"] = .array(changes.map { .string($0.name) })
        }
        if let change = mainChange, let verdict = change.verdict {
            values["verdict"] = .string(verdict.rawValue)
            values["verdict_by"] = .string(change.name)
        }
        if !intervals.isEmpty {
            values["change_interval"] = .sorted(Dictionary(intervals, uniquingKeysWith: { $1 }))
        }
        return values
    }

    /// Everything as a JSON document.
    public var json: String { JSONValue.sorted(values).text }
}
