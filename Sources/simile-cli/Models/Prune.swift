import ArgumentParser
import Foundation
import Simile

struct Prune: Subcommand {
    static let examples = [
        "simile prune run smaller --texts texts.txt"
    ]
    static let configuration = CommandConfiguration(
        abstract: "Makes a model smaller by the tokens that some texts never need.",
        discussion: """
            Embeddings of these texts stay the same to the last bit, with any prompt of the model. Special and added \
            tokens stay, and by default characters, so that other texts can be spelt as far as they could, in more \
            tokens perhaps.
            """, examples: examples)

    @Argument(help: "A model's folder, run or checkpoint.", completion: .file())
    var model: String
    @Argument(
        help: "The model to write: a checkpoint (.h5), or a folder.", completion: .file())
    var output: String
    @Option(
        help:
            "A file of texts, one a line, gzip-compressed or not; .jsonl holds strings, or objects with a string 'text'. May be repeated.",
        completion: .file())
    var texts: [String]
    @Flag(inversion: .prefixedNo, help: "Keep characters, and the tokens that they cannot spell.")
    var keepCharacters = true
    @OptionGroup var console: ConsoleOptions

    func run() throws {
        let large = try ModelPath.open(model)
        var paths = texts.makeIterator()
        var file: SentenceFile?
        var lines = 0
        let small = try large.pruned(keepsCharacters: keepCharacters) {
            while true {
                if let text = try file?.next() {
                    lines += 1
                    return text
                }
                guard let path = paths.next() else { return nil }
                file = try SentenceFile(path: path, format: .init(path: path))
            }
        }
        guard lines > 0 else {
            throw CommandError.input(
                "\(texts.joined(separator: ", ")): no text; give files with one a line")
        }
        try ModelOutput.write(small, to: output)
        for note in small.notes.dropFirst(large.notes.count) { Console.note(note) }
        let (tokens, before) = (
            small.tokenizer.vocabularySize, large.tokenizer.vocabularySize
        )
        let (count, all) = (small.parameterCount, large.parameterCount)
        Console.note(
            "\(output): \(tokens) of \(before) tokens, for \(lines) texts; \(count) parameters instead of \(all)"
        )
    }
}
