import JSON
import Simile

/// The final figures of a run, with those before its first step.
struct Results {
    private let steps: Int
    private let bestStep: Int?
    /// The figures of the model that is delivered, whose names begin with the split: `dev_spearman_cosine`.
    private(set) var figures: [(name: String, value: Double)] = []
    /// The figures before the first step, under the same names.
    let before: [String: Double]

    init(_ state: TrainingState) {
        steps = state.step
        bestStep = state.bestStep
        before = Dictionary(
            uniqueKeysWithValues: (state.before ?? [:]).map { ("dev_" + $0.key, $0.value) })
    }

    mutating func add(_ split: String, _ evaluation: Evaluation) {
        figures += evaluation.figures.map { ("\(split)_\($0.name)", $0.value) }
    }

    /// Everything by name; an undefined figure is null.
    var values: [String: JSONValue] {
        var values: [String: JSONValue] = ["steps": .integer(steps)]
        if let bestStep { values["best_step"] = .integer(bestStep) }
        for (name, value) in figures { values[name] = .number(value) }
        if !before.isEmpty {
            values["before"] = .sorted(before.mapValues(JSONValue.number))
            let changes = figures.compactMap { name, value in
                before[name].map { (name, JSONValue.number(value - $0)) }
            }
            values["change"] = .sorted(Dictionary(changes, uniquingKeysWith: { $1 }))
        }
        return values
    }

    func json() -> String { JSONValue.sorted(values).text }
}
