import ArgumentParser
import Simile

/// Which file of a command a group of options describes.
protocol FileRole {
    /// What stands before the options' names.
    static var prefix: String { get }
}

/// The file that a command is about: the training file, or the one to evaluate.
enum MainFile: FileRole { static let prefix = "" }
enum DevFile: FileRole { static let prefix = "dev-" }
enum DevNLIFile: FileRole { static let prefix = "dev-nli-" }
enum TestFile: FileRole { static let prefix = "test-" }
enum TestNLIFile: FileRole { static let prefix = "test-nli-" }

/// How to read a data file; each option is also a key of a recipe.
struct ExampleFileArguments<Role: FileRole>: ParsableArguments {
    @Option(name: Self.name("format"), help: "auto, tsv, csv, jsonl or stsb.")
    var format: ExampleFormat?
    @Option(
        name: Self.name("score-range"),
        help: "The range of scores in the file, such as 0...5; they are scaled to 0...1.")
    var scoreRange: ScoreRange?
    @Flag(
        name: Self.name("decimal-comma"), inversion: .prefixedNo, exclusivity: .exclusive,
        help: "Whether scores have a decimal comma; by default a point.")
    var decimalComma: Bool?
    @Option(
        name: Self.name("label-order"),
        help:
            "What numeric labels mean: paper (0 contradiction, 1 entailment, 2 neutral), hub (0 entailment, 1 neutral, 2 contradiction), or names separated by commas."
    )
    var labelOrder: LabelOrder?
    @Option(
        name: Self.name("columns"),
        help:
            "A column of texts, by name or number, where rows have other than two; repeated for each, in order: anchor, positive, negatives."
    )
    var columns: [ExampleColumn] = []
    @Option(
        name: Self.name("first"),
        help: "The column of the first sentence: its name, or its number from 1.")
    var first: ExampleColumn?
    @Option(name: Self.name("second"), help: "The column of the second sentence.")
    var second: ExampleColumn?
    @Option(name: Self.name("score"), help: "The column of the score.")
    var score: ExampleColumn?
    @Option(
        name: Self.name("scores"),
        help: "A column of a teacher's scores, where rows have several; repeated for each.")
    var scores: [ExampleColumn] = []
    @Option(name: Self.name("label"), help: "The column of the label.")
    var label: ExampleColumn?
    @Option(name: Self.name("delimiter"), help: "The character between fields.")
    var delimiter: String?
    @Flag(
        name: Self.name("quoting"), inversion: .prefixedNo, exclusivity: .exclusive,
        help:
            "Whether fields may be quoted; by default yes in CSV, no in TSV, and asked for where a TSV file looks quoted."
    )
    var quoting: Bool?
    @Flag(
        name: Self.name("header"), inversion: .prefixedNo, exclusivity: .exclusive,
        help: "Whether the first row names the columns; by default recognised.")
    var header: Bool?
    @Option(
        name: Self.name("where"),
        help: "Only rows with this value in this column: COLUMN=VALUE; may be repeated.")
    var filter: [RowFilter] = []
    @Option(
        name: Self.name("max-rejected-share"),
        help: "The share of damaged lines, 0...1, to leave out; by default any stops.")
    var maxRejectedShare: Double?

    private static func name(_ option: String) -> NameSpecification {
        .customLong(Role.prefix + option)
    }

    /// The options given, those left out at their defaults.
    var options: ExampleFileOptions {
        var options = ExampleFileOptions()
        options.format = format ?? .automatic
        options.scoreRange = scoreRange
        options.decimalComma = decimalComma
        options.labelOrder = labelOrder
        options.columns = columns.isEmpty ? nil : columns
        options.first = first
        options.second = second
        options.score = score
        options.scores = scores.isEmpty ? nil : scores
        options.label = label
        options.delimiter = delimiter
        options.quoting = quoting
        options.header = header
        options.filters = filter.isEmpty ? nil : filter
        options.maxRejectedShare = maxRejectedShare
        return options
    }
}

extension ExampleFileOptions {
    /// These options, changed by those given on the command line; filters come on top.
    func changed(by given: ExampleFileOptions) -> ExampleFileOptions {
        var options = overlaid(with: given)
        if let old = filters, let new = given.filters { options.filters = old + new }
        return options
    }
}

extension ExampleFormat: ExpressibleByArgument {}

extension ScoreRange: ExpressibleByArgument {
    /// Reads the value of an option.
    public init?(argument: String) { self.init(parsing: argument) }
}

extension LabelOrder: ExpressibleByArgument {
    /// Reads the value of an option.
    public init?(argument: String) { self.init(parsing: argument) }
}

extension ExampleColumn: ExpressibleByArgument {
    /// Reads the value of an option.
    public init?(argument: String) { self.init(parsing: argument) }
}

extension RowFilter: ExpressibleByArgument {
    /// Reads the value of an option.
    public init?(argument: String) { self.init(parsing: argument) }
}

extension FileRole {
    /// An option of the file as a flag, with a value for it.
    static func flag(_ key: ExampleFileOptions.Key, _ value: String?) -> String {
        let name = key == .filters ? "where" : key.rawValue.replacing("_", with: "-")
        switch value {
        case "true": return "--\(prefix)\(name)"
        case "false": return "--no-\(prefix)\(name)"
        case let value?: return "--\(prefix)\(name) \(value)"
        case nil: return "--\(prefix)\(name)"
        }
    }
}

/// How messages name the options of the file of a recipe's key.
enum FileNaming {
    static func naming(ofRole role: String) -> OptionNaming {
        switch role {
        case "train": MainFile.flag
        case "dev": DevFile.flag
        case "dev_nli": DevNLIFile.flag
        case "test": TestFile.flag
        case "test_nli": TestNLIFile.flag
        // Only the recipe can state them, where they have these names.
        default: { key, value in value.map { "\(key.rawValue): \($0)" } ?? key.rawValue }
        }
    }
}
