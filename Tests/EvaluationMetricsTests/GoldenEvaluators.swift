import JSON
import TestSupport
import Testing

@testable import EvaluationMetrics

/// `evaluators.json`: what sentence-transformers measured on embeddings and scores that it also has.
enum GoldenEvaluators {
    private static let file = Result {
        try GoldenFolder.contents(of: "evaluators.json").map { try JSONValue(parsing: $0) }
    }

    /// False when a folder of the user's own lacks the file.
    static var isPresent: Bool {
        if case .success(.none) = file { false } else { true }
    }

    static func part(_ key: String) throws -> JSONValue {
        try #require(try file.get()).at(key)
    }

    /// Compares figures with an object of metrics, all of them, names included.
    static func expect(
        _ figures: [Figure], _ metrics: JSONValue, _ title: String, tolerance: Double = 1e-6,
        sourceLocation: SourceLocation = #_sourceLocation
    ) {
        let expected = metrics.members ?? []
        #expect(
            Set(figures.map(\.name)) == Set(expected.map(\.key)), "\(title)",
            sourceLocation: sourceLocation)
        for figure in figures {
            let value = metrics[figure.name]?.double ?? .nan
            #expect(
                abs(figure.value - value) <= tolerance * max(1, abs(value)),
                "\(title): \(figure.name) is \(figure.value), expected \(value)",
                sourceLocation: sourceLocation)
        }
    }

    /// The four similarities of two embeddings, as sentence-transformers computes them: distances are negated.
    static func similarity(_ name: String, _ a: [Float], _ b: [Float]) -> Float {
        let differences = zip(a, b).map { $0 - $1 }
        switch name {
        case "cosine": return dot(normalized(a, a.count), 0, normalized(b, b.count), 0, a.count)
        case "dot": return dot(a, 0, b, 0, a.count)
        case "euclidean": return -differences.reduce(0) { $0 + $1 * $1 }.squareRoot()
        default: return -differences.reduce(0) { $0 + abs($1) }
        }
    }

    static let similarities = ["cosine", "dot", "euclidean", "manhattan"]
}

extension JSONValue {
    /// A member that must be there.
    func at(_ key: String) throws -> JSONValue { try #require(self[key], "no \(key)") }

    /// The elements of an array that must be there.
    func list(_ key: String) throws -> [JSONValue] { try #require(at(key).elements, "\(key)") }

    /// A list of numbers.
    func numbers(_ key: String) throws -> [Double] {
        try list(key).map { try #require($0.double, "\(key)") }
    }

    /// A list of numbers in single precision.
    func floats(_ key: String) throws -> [Float] { try numbers(key).map { Float($0) } }

    /// Rows of numbers in single precision, of each no more than the first `width`.
    func rows(_ key: String, width: Int? = nil) throws -> [[Float]] {
        try list(key).map { row in
            let numbers = try #require(row.elements).map { Float($0.double ?? .nan) }
            return Array(numbers.prefix(width ?? numbers.count))
        }
    }

    /// A list of texts.
    func texts(_ key: String) throws -> [String] { try #require(at(key).strings, "\(key)") }
}
