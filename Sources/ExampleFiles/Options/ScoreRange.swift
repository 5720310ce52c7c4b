import Foundation

/// The range of a file's scores, written `0...5`; scores are scaled from it to 0...1.
public struct ScoreRange: Sendable, Hashable, CustomStringConvertible {
    /// The score of pairs that have nothing in common.
    public let lower: Double
    /// The score of pairs that mean the same.
    public let upper: Double

    /// Scores that need no scaling.
    public static let unit = ScoreRange(validLower: 0, upper: 1)
    /// The range of the STS benchmark.
    public static let stsBenchmark = ScoreRange(validLower: 0, upper: 5)
    /// The range of SICK's relatedness.
    public static let sick = ScoreRange(validLower: 1, upper: 5)

    private init(validLower lower: Double, upper: Double) {
        self.lower = lower
        self.upper = upper
    }

    /// Creates a range; nil unless both ends are finite and `lower < upper`.
    public init?(_ lower: Double, _ upper: Double) {
        guard lower.isFinite, upper.isFinite, lower < upper, (upper - lower).isFinite else {
            return nil
        }
        self.init(validLower: lower, upper: upper)
    }

    /// Reads `0...5`, `0..5`, `0:5`, `0,5` or `0-5`; nil if it is none of these.
    public init?(parsing text: String) {
        for separator in ["...", "..", ":", ","] where text.contains(separator) {
            let ends = text.components(separatedBy: separator)
                .map { $0.trimmingCharacters(in: .whitespaces) }
            guard ends.count == 2, let lower = Double(ends[0]), let upper = Double(ends[1]) else {
                return nil
            }
            self.init(lower, upper)
            return
        }
        // A dash separates only when it is not the sign of the first number.
        guard let dash = text.dropFirst().firstIndex(of: "-"),
            let lower = Double(text[..<dash]), let upper = Double(text[text.index(after: dash)...])
        else { return nil }
        self.init(lower, upper)
    }

    /// Whether the range includes the score.
    public func contains(_ score: Double) -> Bool { score >= lower && score <= upper }

    /// The score scaled to 0...1.
    public func scaled(_ score: Double) -> Float { Float((score - lower) / (upper - lower)) }

    /// The text form, which `init(parsing:)` reads.
    public var description: String { "\(shortNumber(lower))...\(shortNumber(upper))" }
}

extension ScoreRange: Codable {
    /// Reads the text form.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let text = try container.decode(String.self)
        guard let range = ScoreRange(parsing: text) else {
            throw DecodingError.dataCorruptedError(
                in: container,
                debugDescription: "'\(text)' is not a score range; write it as 0...5")
        }
        self = range
    }

    /// Writes the text form.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}

/// A number as people write it: `5`, not `5.0`.
func shortNumber(_ value: Double) -> String {
    value == value.rounded() && abs(value) < 1e15 ? String(Int64(value)) : String(value)
}
