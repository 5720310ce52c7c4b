import ArgumentParser
import Simile

/// Which file of a command a group of options describes.
protocol PairFileRole {
    /// What stands before the options' names.
    static var prefix: String { get }
}

/// The file that a command is about: the training file, or the one to evaluate.
enum MainFile: PairFileRole { static let prefix = "" }
enum DevFile: PairFileRole { static let prefix = "dev-" }
enum DevNLIFile: PairFileRole { static let prefix = "dev-nli-" }
enum TestFile: PairFileRole { static let prefix = "test-" }
enum TestNLIFile: PairFileRole { static let prefix = "test-nli-" }

/// How to read a pair file; each option is also a key of a recipe.
struct PairFileArguments<Role: PairFileRole>: ParsableArguments {
    @Option(name: Self.name("format"), help: "auto, tsv, csv, jsonl or stsb.")
    var format: PairFormat?
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
        name: Self.name("first"),
        help: "The column of the first sentence: its name, or its number from 1.")
    var first: PairColumn?
    @Option(name: Self.name("second"), help: "The column of the second sentence.")
    var second: PairColumn?
    @Option(name: Self.name("score"), help: "The column of the score.")
    var score: PairColumn?
    @Option(name: Self.name("label"), help: "The column of the label.")
    var label: PairColumn?
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
    var options: PairFileOptions {
        var options = PairFileOptions()
        options.format = format ?? .automatic
        options.scoreRange = scoreRange
        options.decimalComma = decimalComma
        options.labelOrder = labelOrder
        options.first = first
        options.second = second
        options.score = score
        options.label = label
        options.delimiter = delimiter
        options.quoting = quoting
        options.header = header
        options.filters = filter.isEmpty ? nil : filter
        options.maxRejectedShare = maxRejectedShare
        return options
    }
}

extension PairFileOptions {
    /// These options, changed by those given on the command line; filters come on top.
    func changed(by given: PairFileOptions) -> PairFileOptions {
        var options = overlaid(with: given)
        if let old = filters, let new = given.filters { options.filters = old + new }
        return options
    }
}

extension PairFormat: ExpressibleByArgument {}

extension ScoreRange: ExpressibleByArgument {
    /// Reads the value of an option.
    public init?(argument: String) { self.init(parsing: argument) }
}

extension LabelOrder: ExpressibleByArgument {
    /// Reads the value of an option.
    public init?(argument: String) { self.init(parsing: argument) }
}

extension PairColumn: ExpressibleByArgument {
    /// Reads the value of an option.
    public init?(argument: String) { self.init(parsing: argument) }
}

extension RowFilter: ExpressibleByArgument {
    /// Reads the value of an option.
    public init?(argument: String) { self.init(parsing: argument) }
}
