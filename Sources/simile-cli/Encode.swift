import ArgumentParser
import Foundation
import Simile

struct Encode: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Prints the embedding of each line of text.",
        discussion: """
            Reads a text file, or standard input, one sentence a line, and prints one JSON array of numbers \
            for each, in order. Any number of lines is read in constant memory.
            """)

    @Argument(help: "A model's folder or checkpoint.")
    var model: String
    @Argument(help: "A text file; by default standard input.")
    var input: String?
    @Flag(help: "Scale embeddings to length 1, also when the model does not.")
    var normalize = false
    @Option(help: "Sentences read at a time.")
    var chunk = 1024
    @OptionGroup var compute: ComputeOptions

    func validate() throws {
        if chunk < 1 { throw ValidationError("--chunk is \(chunk); expected 1 or more") }
    }

    func run() throws {
        try compute.prepare()
        if let input {
            let file = open(input, O_RDONLY)
            guard file >= 0, dup2(file, STDIN_FILENO) >= 0 else {
                throw CommandError.input(
                    "\(input): cannot be read (\(String(cString: strerror(errno)))); check the path"
                )
            }
        }
        let model = try SentenceTransformer(path: model)
        var sentences: [String] = []
        while let line = readLine() {
            sentences.append(line)
            if sentences.count == chunk {
                write(sentences, model)
                sentences.removeAll(keepingCapacity: true)
            }
        }
        write(sentences, model)
    }

    private func write(_ sentences: [String], _ model: SentenceTransformer) {
        if sentences.isEmpty { return }
        var embeddings = model.encode(sentences)
        if normalize { embeddings = embeddings.normalized() }
        let width = embeddings.shape[1]
        let values = embeddings.values
        for row in sentences.indices {
            let numbers = values[row * width..<(row + 1) * width].map { "\($0)" }
            print("[" + numbers.joined(separator: ",") + "]")
        }
    }
}
