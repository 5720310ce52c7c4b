/// How the records of a file of examples are written.
public enum ExampleFormat: String, Sendable, Hashable, Codable, CaseIterable {
    /// Recognised by the content.
    case automatic = "auto"
    /// Tab-separated; quotes are ordinary characters.
    case tsv
    /// Comma-separated with RFC 4180 quoting.
    case csv
    /// One JSON value a line: an object, or a list of texts.
    case jsonl
    /// One text a line, as it is.
    case text = "txt"
    /// The STS benchmark's own files: tab-separated, no header, no quoting, score in column 5 and
    /// sentences in columns 6 and 7, sometimes followed by licence notes.
    case stsBenchmark = "stsb"
}

/// What to know about a file of examples beyond its content; the defaults recognise the usual files.
public struct ExampleFileOptions: Sendable, Hashable, Codable {
    /// How records are written.
    public var format = ExampleFormat.automatic
    /// The character between fields, one ASCII character; nil for the format's own.
    public var delimiter: String?
    /// Whether fields may be quoted; nil for yes in CSV, and for no in TSV, where files that look
    /// quoted are refused until it is stated.
    public var quoting: Bool?
    /// Whether the first row names the columns; nil to recognise it.
    public var header: Bool?
    /// The columns of the texts in order, such as anchor, positive and negatives, any number of them, in place of
    /// `first` and `second`; nil to recognise them. The second may be a JSON list of positives, of which each gives a row, and the last one of negatives.
    public var columns: [ExampleColumn]?
    /// The column of the first text; nil to recognise it.
    public var first: ExampleColumn?
    /// The column of the second text; nil to recognise it.
    public var second: ExampleColumn?
    /// The column of the score; nil to recognise it.
    public var score: ExampleColumn?
    /// The columns of a teacher's scores in the order of the texts they are of, where a row has several; nil to
    /// recognise them.
    public var scores: [ExampleColumn]?
    /// The column of the label; nil to recognise it.
    public var label: ExampleColumn?
    /// The rows to keep: those that pass all filters; nil for all.
    public var filters: [RowFilter]?
    /// The range of the scores; nil only for files whose range is known.
    public var scoreRange: ScoreRange?
    /// Whether scores are written with a decimal comma; nil for no.
    public var decimalComma: Bool?
    /// The classes; nil for those of inference where rows are pairs, and otherwise for all that the file has, by
    /// number where they are numbers, else in the order of appearance.
    public var labels: LabelSet?
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
        case format, delimiter, quoting, header, columns, first, second, score, scores, label,
            filters
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

extension ExampleFileOptions {
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
        columns = try values.decodeIfPresent([ExampleColumn].self, forKey: .columns)
        first = try values.decodeIfPresent(ExampleColumn.self, forKey: .first)
        second = try values.decodeIfPresent(ExampleColumn.self, forKey: .second)
        score = try values.decodeIfPresent(ExampleColumn.self, forKey: .score)
        scores = try values.decodeIfPresent([ExampleColumn].self, forKey: .scores)
        label = try values.decodeIfPresent(ExampleColumn.self, forKey: .label)
        filters = try values.decodeIfPresent([RowFilter].self, forKey: .filters)
        scoreRange = try values.decodeIfPresent(ScoreRange.self, forKey: .scoreRange)
        decimalComma = try values.decodeIfPresent(Bool.self, forKey: .decimalComma)
        labels = try values.decodeIfPresent(LabelSet.self, forKey: .labels)
        labelOrder = try values.decodeIfPresent(LabelOrder.self, forKey: .labelOrder)
        try read(.skippedLabels, &skippedLabels)
        maxRejectedShare = try values.decodeIfPresent(Double.self, forKey: .maxRejectedShare)
    }
}
