import ExampleFiles
import Foundation
import JSON

/// How long the texts of a table are in tokens, and how many are cut.
struct TextLengths {
    /// Tokens of a text that are counted.
    private static let mostTokens = 1 << 16
    /// Rows that are looked at in a larger table, evenly spread.
    private static let mostRows = 4096
    private static let bins = 24

    /// The texts that were looked at.
    let count: Int
    /// The share of them that is longer than the model takes, in 0...1.
    let cutShare: Double
    private let longest: Int
    private let limit: Int
    private let lengths: [Int]

    /// Counts the tokens of a table's texts, with the prompts of its columns in front, or the model's.
    init(_ table: ExampleTable, prompts: [String]?, _ model: SentenceTransformer) {
        let rows = min(table.count, Self.mostRows)
        let texts = (0..<rows).flatMap { row in
            table.texts(row * table.count / rows).enumerated().compactMap { column, text in
                text.map { (prompts?[column] ?? model.prompt) + $0 }
            }
        }
        lengths = model.tokenize(texts, prompt: "", maxLength: Self.mostTokens).map(\.count)
        count = texts.count
        limit = model.maxSequenceLength
        longest = lengths.max() ?? 0
        cutShare = Double(lengths.count { $0 > model.maxSequenceLength }) / Double(max(count, 1))
    }

    /// How many texts lose their end.
    func description(_ data: String) -> String {
        let share = String(format: "%.1f", 100 * cutShare)
        return
            "\(data): \(share) % of the texts are longer than max_seq_length \(limit) and lose their end (the longest has \(longest) tokens)"
    }

    /// How many texts have each length, in ranges of `width` tokens from 1.
    var json: JSONValue {
        let width = max(1, (longest + Self.bins - 1) / Self.bins)
        var counts = [Int](repeating: 0, count: max(1, (longest + width - 1) / width))
        for length in lengths { counts[max(0, length - 1) / width] += 1 }
        return .object([
            JSONValue.Member("texts", .integer(count)),
            JSONValue.Member("max_seq_length", .integer(limit)),
            JSONValue.Member("cut_share", .number(cutShare)),
            JSONValue.Member("longest", .integer(longest)),
            JSONValue.Member("width", .integer(width)),
            JSONValue.Member("counts", .array(counts.map(JSONValue.integer))),
        ])
    }
}
