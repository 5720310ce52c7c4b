import ArgumentParser
import Foundation
import Kernels
import Simile

/// Measures Simile, beside sentence-transformers when its Python is given; see README.md here.
@main
struct Benchmark: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "simile-benchmark",
        subcommands: [Compare.self, Growth.self, Cores.self, Operations.self, Worker.self],
        defaultSubcommand: Compare.self)
}

/// What every measurement needs.
struct Inputs: ParsableArguments {
    @Option(help: "The folder of all-MiniLM-L6-v2.")
    var model = "Checkpoints/all-MiniLM-L6-v2"
    @Option(help: "Scored pairs to train on.")
    var sts = "Datasets/small-sts/train.tsv"
    @Option(help: "Labelled pairs to train on.")
    var nli = "Datasets/small-nli/train.tsv"
    @Option(help: "Scored pairs whose sentences are encoded.")
    var dev = "Datasets/small-sts/dev.tsv"
    @Option(help: "Threads; by default all processors.")
    var threads = ProcessorCount.available
    @Option(help: "Rounds of each work; medians are printed.")
    var rounds = 5
    @Option(help: "The folder for JSON and SVG files.")
    var output = "Experiments/Benchmarks/results"

    /// The pairs of a file, shuffled as for training: in files they are often sorted by source and length.
    func scored(_ path: String) throws -> [(String, String, Float)] {
        var options = ExampleFileOptions()
        if path.hasSuffix(".tsv") { options.scoreRange = ScoreRange(0, 5) }
        let table = try ExampleFile.read(path, options: options, as: .scoredPairs).table
        return Self.shuffled(table, Float.values(of: table.labels, rows: 0..<table.count) ?? [])
    }

    func labelled(_ path: String) throws -> [(String, String, Float)] {
        let table = try ExampleFile.read(path, as: .labelledPairs).table
        let classes = Int32.values(of: table.labels, rows: 0..<table.count) ?? []
        return Self.shuffled(table, classes.map { Float($0) })
    }

    private static func shuffled(
        _ table: ExampleTable, _ labels: [Float]
    ) -> [(String, String, Float)] {
        ShuffledBatchSampler(batchSize: 1, seed: 1)
            .batches(of: SamplerInput(count: table.count), epoch: 0).joined().map {
                (table.text($0, 0) ?? "", table.text($0, 1) ?? "", labels[$0])
            }
    }

    func write(_ report: some Encodable, _ name: String, svg: String) throws {
        let folder = URL(filePath: output)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
        try encoder.encode(report).write(to: folder.appending(path: name + ".json"))
        try Data(svg.utf8).write(to: folder.appending(path: name + ".svg"))
        say("\n\(output)/\(name).json, \(output)/\(name).svg")
    }
}

/// Training on the pairs of a dataset, over and over if the rounds need more than there are.
func trainingWork(
    _ name: String, _ model: Work.Model, _ pairs: [(String, String, Float)], inputs: Inputs,
    maxLength: Int = 128, loss: String = CosineSimilarityLoss.name, batchSize: Int = 16, steps: Int
) -> Work {
    var work = Work(
        name: name, kind: .train, model: model, maxLength: maxLength, threads: inputs.threads)
    let needed = batchSize * (steps * (inputs.rounds + 1) + 1)
    for i in 0..<needed {
        let pair = pairs[i % pairs.count]
        work.first.append(pair.0)
        work.second.append(pair.1)
        work.labels.append(pair.2)
    }
    (work.loss, work.batchSize, work.stepsPerRound) = (loss, batchSize, steps)
    return work
}

/// A text of at least `tokens` tokens, from sentences of the data in turn.
func longText(_ sentences: [String], tokens: Int, from first: Int) -> String {
    // A word is at least one token.
    var (text, words, next) = ([String](), 0, first)
    while words < tokens {
        let sentence = sentences[next % sentences.count]
        text.append(sentence)
        words += sentence.split(separator: " ").count
        next += 1
    }
    return text.joined(separator: " ")
}

/// Prints a line at once, also into a pipe.
func say(_ line: String) { FileHandle.standardOutput.write(Data((line + "\n").utf8)) }

func median(_ values: [Double]) -> Double { values.sorted()[values.count / 2] }

extension String {
    /// Padded to a column; numbers to the right.
    func column(_ width: Int, right: Bool = true) -> String {
        let padding = String(repeating: " ", count: max(0, width - count))
        return right ? padding + self : self + padding
    }
}

extension Double {
    func fixed(_ digits: Int) -> String { String(format: "%.\(digits)f", self) }
}
