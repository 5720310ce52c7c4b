import ArgumentParser
import Foundation
import Simile

struct Encode: Subcommand {
    static let examples = [
        "simile encode run/model sentences.txt --output embeddings.npy",
        "gzip -dc sentences.gz | simile encode run/model - > embeddings.jsonl",
        """
        simile encode run/model sentences.txt --precision int8 \\
          --calibration typical.txt --output embeddings.npy
        """,
    ]
    static let isShared = true
    static let configuration = CommandConfiguration(
        abstract: "Writes the embedding of each line of text.",
        discussion: """
            Reads a text file, or standard input, one sentence a line, and writes one embedding for each, in \
            order: to --output as .npy, .h5, .jsonl or .csv, or to standard output as lines. Any number of \
            lines is read in constant memory.

            int8 and uint8 divide the range of each column into 256 steps. The ranges come from the sentences \
            of --calibration, else from the first --chunk sentences; quantize what is to be compared with \
            the same --calibration.
            """, examples: examples)

    @Argument(help: "A model's folder, run or checkpoint.", completion: .file())
    var model: String
    @Argument(
        help: "A file of sentences, gzip-compressed or not; - or nothing for standard input.",
        completion: .file())
    var input: String?
    @Option(
        name: .shortAndLong, help: "The file to write; by default standard output.",
        completion: .file(extensions: ["npy", "h5", "jsonl", "csv"]))
    var output: String?
    @Option(
        help: "npy, h5, jsonl or csv; by default what the name of --output says, else jsonl.")
    var format: EmbeddingFormat?
    @Option(help: "float32, int8, uint8, or a bit a number: binary (signed bytes) or ubinary.")
    var precision = EmbeddingPrecision.float32
    @Option(
        help: "A file of typical sentences that give int8 and uint8 their ranges.",
        completion: .file())
    var calibration: String?
    @Flag(help: "Scale embeddings to length 1, also when the model does not.")
    var normalize = false
    @Flag(
        help:
            "Each line is a JSON string, or an object with a string 'text'; assumed of .jsonl files."
    )
    var jsonl = false
    @Flag(help: "Replace the --output file if it exists.")
    var overwrite = false
    @Option(help: "Sentences read at a time.")
    var chunk = 4096
    @OptionGroup var embedding: EmbeddingOptions
    @OptionGroup var compute: ComputeOptions
    @OptionGroup var console: ConsoleOptions

    func validate() throws {
        if chunk < 1 { throw ValidationError("--chunk is \(chunk); expected 1 or more") }
        if calibration != nil, !precision.needsRanges {
            throw ValidationError("--calibration is for --precision int8 and uint8 only")
        }
        let format = try resolvedFormat()
        if output == nil, !format.isText {
            throw ValidationError("--format \(format.rawValue) needs --output FILE")
        }
    }

    func run() throws {
        try compute.prepare()
        let format = try resolvedFormat()
        if let output, !overwrite, Processes.isFirst { try OutputPath.requireFree(output) }
        if input ?? "-" == "-", Processes.joined != nil {
            throw ValidationError(
                "standard input goes to one process alone; give a file that every process can read")
        }
        let source = try SentenceFile(
            path: input ?? "-", format: jsonl ? .jsonl : .init(path: input ?? "-"))
        let encoding = Encoding(
            model: try ModelPath.open(model), normalize: normalize, chunk: chunk)
        try embedding.apply(to: encoding.model)
        encoding.model.processes = Processes.joined
        try Processes.require(same: "model", "\(encoding.model.allParameters.valuesHash)")
        try Processes.require(
            same: "sentences",
            "\((try? FileManager.default.attributesOfItem(atPath: input ?? "-"))?[.size] ?? 0)")
        let start = ContinuousClock.now
        let first = try encoding.next(source)
        let quantizer = try quantizer(encoding, first)
        let description = EmbeddingDescription(
            model: model, dimension: encoding.model.embeddingDimension, quantizer: quantizer,
            isNormalized: normalize || encoding.model.givesUnitLength)
        guard Processes.isFirst else {
            Interruption.waitForStep()
            _ = try encoding.run(source, first, quantizer, NoWriter())
            return
        }
        guard let output else {
            let writer = TextEmbeddingWriter(
                format, width: description.width, write: Console.write)
            _ = try encoding.run(source, first, quantizer, writer)
            return
        }
        Interruption.waitForStep()
        var count = 0
        try EmbeddingFile.write(to: URL(filePath: output), as: format, description) { writer in
            count = try encoding.run(source, first, quantizer, writer) { done in
                guard Console.isTerminal else { return }
                let seconds = (ContinuousClock.now - start) / .seconds(1)
                var line = ProgressLine()
                line.add("\(done) sentences encoded", rank: 0)
                line.add("\((Double(done) / max(seconds, 1e-9)).fixed(0)) a second", rank: 1)
                Console.progress(line.text(width: Console.width))
            }
        }
        Console.note(
            "\(output): \(count) embeddings of \(description.dimension) numbers, \(precision.rawValue)"
        )
    }

    private func resolvedFormat() throws -> EmbeddingFormat {
        if let format { return format }
        guard let output else { return .jsonl }
        guard let format = EmbeddingFormat(path: output) else {
            throw ValidationError(
                "the name of --output \(output) says no format; expected .npy, .h5, .jsonl or .csv, or give --format"
            )
        }
        return format
    }

    private func quantizer(_ encoding: Encoding, _ first: Tensor?) throws -> EmbeddingQuantizer {
        guard precision.needsRanges else { return EmbeddingQuantizer(precision) }
        var ranges = EmbeddingRanges(dimension: encoding.model.embeddingDimension)
        if let calibration {
            let source = try SentenceFile(path: calibration, format: .init(path: calibration))
            while let embeddings = try encoding.next(source) { ranges.include(embeddings) }
        } else {
            if let first { ranges.include(first) }
            Console.note(
                "\(precision.rawValue): no --calibration, so the ranges come from the first \(ranges.count) sentences; values outside them are cut off"
            )
        }
        do { return try EmbeddingQuantizer(precision, ranges: ranges) } catch {
            throw CommandError.input("\(error) (--calibration FILE)")
        }
    }
}

extension EmbeddingFormat: ExpressibleByArgument {}
extension EmbeddingPrecision: ExpressibleByArgument {}

/// What the processes that write nothing write to.
private struct NoWriter: EmbeddingWriter {
    func append(_ embeddings: QuantizedEmbeddings, rows: Int) {}
    func finish() {}
}

/// Sentences to embeddings, some at a time.
private final class Encoding {
    /// Long lines end a chunk early, so that memory does not depend on them.
    private static let mostBytes = 16 << 20

    let model: SentenceTransformer
    let normalize: Bool
    let chunk: Int
    /// How many sentences had no token.
    private var emptyCount = 0

    init(model: SentenceTransformer, normalize: Bool, chunk: Int) {
        (self.model, self.normalize, self.chunk) = (model, normalize, chunk)
    }

    /// The embeddings of the next sentences; nil at the end.
    func next(_ source: SentenceFile) throws -> Tensor? {
        let first = source.line + 1
        var (sentences, bytes): ([String], Int) = ([], 0)
        while sentences.count < chunk, bytes < Self.mostBytes, let sentence = try source.next() {
            sentences.append(sentence)
            bytes += sentence.utf8.count
        }
        if sentences.isEmpty { return nil }
        emptyCount += sentences.count { model.tokenizer.isEmpty($0) }
        let plain = model.encode(sentences)
        let embeddings = normalize ? plain.normalized() : plain
        if let bad = embeddings.values.firstIndex(where: { !$0.isFinite }) {
            throw CommandError.input(
                "\(source.name):\(first + bad / embeddings.shape[1]): the embedding is not finite; the model's weights are damaged, or training diverged"
            )
        }
        return embeddings
    }

    /// Stores the embeddings of a chunk and of all that follow, and returns how many; `show` hears how many there are.
    func run(
        _ source: SentenceFile, _ first: Tensor?, _ quantizer: EmbeddingQuantizer,
        _ writer: any EmbeddingWriter, show: (_ done: Int) -> Void = { _ in }
    ) throws -> Int {
        var (block, count) = (first, 0)
        while let embeddings = block {
            // Leaving by an error removes the unfinished file.
            let stops = Interruption.isRequested
            if Processes.joined?.any(stops) ?? stops { throw ExitCode(Interruption.exitCode) }
            let rows = embeddings.shape[0]
            try writer.append(quantizer(embeddings), rows: rows)
            count += rows
            show(count)
            block = try next(source)
        }
        if emptyCount > 0 {
            Console.note(
                "\(emptyCount) of the sentences are empty: there is no token in them, and their embeddings say nothing"
            )
        }
        return count
    }
}
