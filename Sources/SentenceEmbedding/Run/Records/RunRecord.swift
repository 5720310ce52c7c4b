import JSON
import Support

/// `run.json`: with what a run is made, written before its first step.
struct RunRecord {
    private let members: [JSONValue.Member]

    /// Describes a run, and says how many of its training texts are cut.
    init(
        _ recipe: Recipe, _ tasks: [TrainingTask], _ model: SentenceTransformer,
        note: (TrainingNote) -> Void
    ) {
        let texts = tasks.map { task in
            let lengths = TextLengths(task.objective.data, prompts: task.prompts, model)
            if lengths.cutShare > 0 {
                note(.other(lengths.description(task.objective.data.name)))
            }
            return JSONValue.Member(task.name, lengths.json)
        }
        members = [
            JSONValue.Member("settings", recipe.value),
            JSONValue.Member("environment", RunEnvironment.json),
            JSONValue.Member("texts", .object(texts)),
        ]
    }

    /// The file's text.
    var json: String { JSONValue.object(members).text }

    /// The same for `results.json`, with what the run came to cost.
    func details(seconds: Double) -> [String: JSONValue] {
        var details = Dictionary(members.map { ($0.key, $0.value) }, uniquingKeysWith: { $1 })
        details["seconds"] = .number((seconds * 1000).rounded() / 1000)
        details["memory_peak_mib"] = .integer(ProcessMemory.mebibytes(ProcessMemory.peak))
        return details
    }
}
