import Foundation
import Support

/// A column of a pair file, by the name in its header or by its number from 1.
public enum PairColumn: Sendable, Hashable, CustomStringConvertible {
    /// The column (or JSON key) of this name; case matters only if two names differ by case alone.
    case name(String)
    /// The column of this number, from 1 as in `cut` and `awk`.
    case number(Int)

    /// Reads a number as a column number and anything else as a name.
    public init(parsing text: String) {
        self = Int(text).map(PairColumn.number) ?? .name(text)
    }

    /// The column in words.
    public var description: String {
        switch self {
        case .name(let name): "'\(name)'"
        case .number(let number): "number \(number)"
        }
    }
}

extension PairColumn: Codable {
    /// Reads a name or a number.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if let number = try? container.decode(Int.self) {
            self = .number(number)
        } else {
            self = .init(parsing: try container.decode(String.self))
        }
    }

    /// Writes a name or a number.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        switch self {
        case .name(let name): try container.encode(name)
        case .number(let number): try container.encode(number)
        }
    }
}

/// Keeps only the rows whose column holds a value, such as `split=train`.
public struct RowFilter: Sendable, Hashable, Codable, CustomStringConvertible {
    /// The column compared.
    public let column: PairColumn
    /// The values kept, compared exactly.
    public let values: [String]

    /// Creates a filter that keeps rows with any of the values.
    public init(column: PairColumn, values: [String]) {
        self.column = column
        self.values = values
    }

    /// Reads `column=value` or `column=value|other`; nil if there is no `=` or no column.
    public init?(parsing text: String) {
        guard let equals = text.firstIndex(of: "=") else { return nil }
        let name = String(text[..<equals]).trimmed
        guard !name.isEmpty else { return nil }
        let values = text[text.index(after: equals)...]
            .split(separator: "|", omittingEmptySubsequences: false).map { String($0).trimmed }
        self.init(column: .init(parsing: name), values: values)
    }

    /// The filter as `init(parsing:)` reads it.
    public var description: String {
        let name =
            switch column {
            case .name(let name): name
            case .number(let number): String(number)
            }
        return "\(name)=\(values.joined(separator: "|"))"
    }
}

/// How the records of a pair file are written.
public enum PairFormat: String, Sendable, Hashable, Codable, CaseIterable {
    /// Recognised by the content.
    case automatic = "auto"
    /// Tab-separated; quotes are ordinary characters.
    case tsv
    /// Comma-separated with RFC 4180 quoting.
    case csv
    /// One JSON object a line.
    case jsonl
    /// The STS benchmark's own files: tab-separated, no header, no quoting, score in column 5 and
    /// sentences in columns 6 and 7, sometimes followed by licence notes.
    case stsBenchmark = "stsb"
}

/// What to know about a pair file beyond its content; the defaults recognise the usual files.
public struct PairFileOptions: Sendable, Hashable, Codable {
    /// How records are written.
    public var format = PairFormat.automatic
    /// The character between fields, one ASCII character; nil for the format's own.
    public var delimiter: String?
    /// Whether fields may be quoted; nil for yes in CSV, and for no in TSV, where files that look
    /// quoted are refused until it is stated.
    public var quoting: Bool?
    /// Whether the first row names the columns; nil to recognise it.
    public var header: Bool?
    /// The column of the first sentence; nil to recognise it.
    public var first: PairColumn?
    /// The column of the second sentence; nil to recognise it.
    public var second: PairColumn?
    /// The column of the score; nil to recognise it.
    public var score: PairColumn?
    /// The column of the label; nil to recognise it.
    public var label: PairColumn?
    /// The rows to keep: those that pass all filters; nil for all.
    public var filters: [RowFilter]?
    /// The range of the scores; nil only for files whose range is known.
    public var scoreRange: ScoreRange?
    /// Whether scores are written with a decimal comma; nil for no.
    public var decimalComma: Bool?
    /// The classes.
    public var labels = LabelSet.inference
    /// What numbers mean, for files whose labels are numbers.
    public var labelOrder: LabelOrder?
    /// Labels of rows that are left out and counted: SNLI and MultiNLI mark pairs without a
    /// majority label so.
    public var skippedLabels = ["-", "-1"]
    /// The share of damaged lines, in 0...1, that is left out without stopping; nil for none.
    ///
    /// Labels and scores that contradict the options always stop.
    public var maxRejectedShare: Double?

    /// Creates the default options.
    public init() {}

    /// The options' names, as recipes write them.
    public enum Key: String, CodingKey, CaseIterable, Sendable {
        case format, delimiter, quoting, header, first, second, score, label, filters
        case scoreRange = "score_range"
        case decimalComma = "decimal_comma"
        case labels
        case labelOrder = "label_order"
        case skippedLabels = "skipped_labels"
        case maxRejectedShare = "max_rejected_share"

        /// The name of the property: `scoreRange`.
        public var description: String {
            let words = rawValue.split(separator: "_")
            return words[0] + words.dropFirst().map(\.capitalized).joined()
        }
    }

    typealias CodingKeys = Key

    /// The names of all options, as in recipes.
    public static var keys: [String] { Key.allCases.map(\.rawValue) }
}

extension PairFileOptions {
    /// Reads the options; a key that is left out keeps its default.
    public init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        func read<Value: Decodable>(_ key: CodingKeys, _ value: inout Value) throws {
            value = try values.decodeIfPresent(Value.self, forKey: key) ?? value
        }
        self.init()
        try read(.format, &format)
        delimiter = try values.decodeIfPresent(String.self, forKey: .delimiter)
        quoting = try values.decodeIfPresent(Bool.self, forKey: .quoting)
        header = try values.decodeIfPresent(Bool.self, forKey: .header)
        first = try values.decodeIfPresent(PairColumn.self, forKey: .first)
        second = try values.decodeIfPresent(PairColumn.self, forKey: .second)
        score = try values.decodeIfPresent(PairColumn.self, forKey: .score)
        label = try values.decodeIfPresent(PairColumn.self, forKey: .label)
        filters = try values.decodeIfPresent([RowFilter].self, forKey: .filters)
        scoreRange = try values.decodeIfPresent(ScoreRange.self, forKey: .scoreRange)
        decimalComma = try values.decodeIfPresent(Bool.self, forKey: .decimalComma)
        try read(.labels, &labels)
        labelOrder = try values.decodeIfPresent(LabelOrder.self, forKey: .labelOrder)
        try read(.skippedLabels, &skippedLabels)
        maxRejectedShare = try values.decodeIfPresent(Double.self, forKey: .maxRejectedShare)
    }
}
