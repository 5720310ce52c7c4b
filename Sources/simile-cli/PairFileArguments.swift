import ArgumentParser
import Foundation
import Simile

/// How to read pair files; each option is also a key of a recipe's `data`.
struct PairFileArguments: ParsableArguments {
    @Option(help: "auto, stsb, sick, tsv, csv, jsonl or lines.")
    var format: String?
    @Option(help: "The range of scores in the file, such as 0...5; they are scaled to 0...1.")
    var scoreRange: String?
    @Option(help: "What numeric labels mean: paper (0 contradiction, 1 entailment, 2 neutral), hub (0 entailment, 1 neutral, 2 contradiction), or names separated by commas.")
    var labelOrder: String?
    @Option(help: "The column of the first sentence: its name, or its number from 1.")
    var firstColumn: String?
    @Option(help: "The column of the second sentence.")
    var secondColumn: String?
    @Option(help: "The column of the score.")
    var scoreColumn: String?
    @Option(help: "The column of the label.")
    var labelColumn: String?
    @Flag(inversion: .prefixedNo, help: "Whether the first line names the columns; by default recognised.")
    var header: Bool?
    @Option(help: "Only rows with this value in this column: COLUMN=VALUE.")
    var filter: String?
    @Option(help: "The share of rows, 0...1, that may be unusable; by default any stops.")
    var maxRejectedShare: Double?

    /// The options of a recipe, changed by those given here.
    func applied(to options: PairFileOptions) throws -> PairFileOptions {
        var options = options
        if let format {
            guard let known = PairFileOptions.Format(rawValue: format) else {
                let names = PairFileOptions.Format.allCases.map(\.rawValue).joined(separator: ", ")
                throw ValidationError("--format is '\(format)'; expected one of \(names)")
            }
            options.format = known
        }
        options.scoreRange = scoreRange ?? options.scoreRange
        options.labelOrder = labelOrder ?? options.labelOrder
        options.firstColumn = firstColumn ?? options.firstColumn
        options.secondColumn = secondColumn ?? options.secondColumn
        options.scoreColumn = scoreColumn ?? options.scoreColumn
        options.labelColumn = labelColumn ?? options.labelColumn
        options.header = header ?? options.header
        options.filter = filter ?? options.filter
        options.maxRejectedShare = maxRejectedShare ?? options.maxRejectedShare
        return options
    }

    func readScored(_ path: String) throws -> PairDataset<Float> {
        try Self.readScored(path, applied(to: PairFileOptions()))
    }

    func readLabelled(_ path: String, labels: [String]) throws -> PairDataset<Int32> {
        try Self.readLabelled(path, labels: labels, applied(to: PairFileOptions()))
    }

    /// Reads scored pairs and says what was read.
    static func readScored(_ path: String, _ options: PairFileOptions) throws -> PairDataset<Float> {
        let (pairs, report) = try PairFile.readScored(URL(filePath: path), options: options)
        Console.note("\(path): \(report)")
        return pairs
    }

    /// Reads labelled pairs and says what was read.
    static func readLabelled(
        _ path: String, labels: [String], _ options: PairFileOptions
    ) throws -> PairDataset<Int32> {
        let (pairs, report) = try PairFile.readLabelled(URL(filePath: path), labels: labels, options: options)
        Console.note("\(path): \(report)")
        return pairs
    }
}
