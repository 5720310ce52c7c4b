/// What is wrong with a set of weights, all of it together.
struct WeightProblems {
    var missing: [String] = []
    var misshapen: [(name: String, expected: [Int], found: [Int])] = []
    var unreadable: [(name: String, reason: String)] = []
    var unexpected: [String] = []
    /// Arrays with numbers that are NaN or infinite.
    var notFinite: [NonFiniteArray] = []

    /// Whether arrays, names and shapes are those of the model.
    var fit: Bool {
        missing.isEmpty && misshapen.isEmpty && unreadable.isEmpty && unexpected.isEmpty
    }

    var isEmpty: Bool { fit && notFinite.isEmpty }
}

/// Weights that are not those of the model: missing, misshapen, unreadable or unexpected arrays, or NaN or infinite numbers.
public struct ParameterError: Error, CustomStringConvertible {
    /// Where the weights come from.
    public let source: String
    /// Names the model needs and the source lacks.
    public let missing: [String]
    /// Names the source has and the model does not know.
    public let unexpected: [String]
    /// One sentence for each kind of problem, naming the first few arrays.
    public let description: String

    init(source: String, problems: WeightProblems) {
        self.source = source
        missing = problems.missing
        unexpected = problems.unexpected
        let shown = 6
        func list(_ items: [String]) -> String {
            items.prefix(shown).joined(separator: ", ")
                + (items.count > shown ? " and \(items.count - shown) more" : "")
        }
        var sentences: [String] = []
        if !missing.isEmpty {
            sentences.append("\(missing.count) missing: \(list(missing))")
        }
        if !problems.misshapen.isEmpty {
            let items = problems.misshapen.map {
                "\($0.name) is \($0.found), expected \($0.expected)"
            }
            sentences.append("\(items.count) of another shape: \(list(items))")
        }
        if !problems.unreadable.isEmpty {
            sentences.append(
                list(problems.unreadable.map { "\($0.name) cannot be read (\($0.reason))" }))
        }
        if !unexpected.isEmpty {
            sentences.append("\(unexpected.count) unexpected: \(list(unexpected))")
        }
        guard !problems.fit else {
            let more = problems.notFinite.count - 1
            description =
                "\(source): \(problems.notFinite.first?.description ?? "")\(NonFiniteError.others(more)); \(NonFiniteError.advice)"
            return
        }
        description =
            "\(source): the weights do not fit the configuration: "
            + sentences.joined(separator: "; ")
            + ". Check that config.json and the weights belong to the same model and that the file is complete"
    }
}
