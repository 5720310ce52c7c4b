import ArgumentParser
import Foundation
import Simile

/// How to read pair files; each option is also a key of a recipe's `data`.
struct PairFileArguments: ParsableArguments {
    @Option(help: "auto, tsv, csv, jsonl or stsb.")
    var format: PairFormat?
    @Option(help: "The range of scores in the file, such as 0...5; they are scaled to 0...1.")
    var scoreRange: ScoreRange?
    @Option(help: "The names of the classes in the order of their ids, separated by commas.")
    var labels: String?
    @Option(
        help:
            "What numeric labels mean: paper (0 contradiction, 1 entailment, 2 neutral), hub (0 entailment, 1 neutral, 2 contradiction), or names separated by commas."
    )
    var labelOrder: LabelOrder?
    @Option(help: "The column of the first sentence: its name, or its number from 1.")
    var first: PairColumn?
    @Option(help: "The column of the second sentence.")
    var second: PairColumn?
    @Option(help: "The column of the score.")
    var score: PairColumn?
    @Option(help: "The column of the label.")
    var label: PairColumn?
    @Option(help: "The character between fields.")
    var delimiter: String?
    @Flag(inversion: .prefixedNo, help: "Whether fields may be quoted; by default in CSV only.")
    var quoting: Bool?
    @Flag(
        inversion: .prefixedNo,
        help: "Whether the first row names the columns; by default recognised.")
    var header: Bool?
    @Option(
        name: .customLong("where"),
        help: "Only rows with this value in this column: COLUMN=VALUE; may be repeated.")
    var filter: [RowFilter] = []
    @Option(help: "The share of damaged lines, 0...1, to leave out; by default any stops.")
    var maxRejectedShare: Double?

    /// The options of a recipe, changed by those given here.
    func applied(to options: PairFileOptions) throws -> PairFileOptions {
        var options = options
        options.format = format ?? options.format
        options.scoreRange = scoreRange ?? options.scoreRange
        if let labels {
            let names = labels.split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) }
            guard let set = names == LabelSet.inference.names ? .inference : LabelSet(names: names)
            else {
                throw ValidationError(
                    "--labels is '\(labels)'; expected two or more different names separated by commas"
                )
            }
            options.labels = set
        }
        options.labelOrder = labelOrder ?? options.labelOrder
        options.first = first ?? options.first
        options.second = second ?? options.second
        options.score = score ?? options.score
        options.label = label ?? options.label
        options.delimiter = delimiter ?? options.delimiter
        options.quoting = quoting ?? options.quoting
        options.header = header ?? options.header
        options.filters += filter
        options.maxRejectedShare = maxRejectedShare ?? options.maxRejectedShare
        return options
    }

    /// The files that a path means: `first,second,labels` three, anything else itself.
    static func files(_ path: String) -> [String] {
        let files = path.split(separator: ",").map(String.init)
        return files.count == 3 && !FileManager.default.fileExists(atPath: path) ? files : [path]
    }

    /// Reads scored pairs and says what was read.
    static func readScored(_ path: String, _ options: PairFileOptions) throws -> PairDataset<Float>
    {
        let (pairs, report) = try PairFile.readScored(path, options: options)
        Console.note("\(report)")
        return pairs
    }

    /// Reads labelled pairs and says what was read; `first,second,labels` names three parallel files.
    static func readLabelled(_ path: String, _ options: PairFileOptions) throws -> PairDataset<
        Int32
    > {
        let files = files(path)
        let (pairs, report) =
            files.count == 3
            ? try PairFile.readLabelled(
                first: files[0], second: files[1], labels: files[2], options: options)
            : try PairFile.readLabelled(path, options: options)
        Console.note("\(report)")
        return pairs
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
