import ArgumentParser
import Foundation
import JSON
import Simile

struct Tokenize: Subcommand {
    static let examples = [
        "simile tokenize run \"A man plays a guitar.\" --tokens",
        "simile tokenize run --file sentences.txt",
        "echo 'A man plays a guitar.' | simile tokenize run",
    ]
    static let configuration = CommandConfiguration(
        abstract: "Prints the token ids of texts.",
        discussion: """
            The texts are arguments, the lines of a file, or those of standard input. Prints {"ids": [...]} for \
            each; no prompt is put in front.
            """, examples: examples)

    @Argument(help: "A model's folder, run or checkpoint.", completion: .file())
    var model: String
    @Argument(help: "Texts; by default the lines of --file, or of standard input.")
    var texts: [String] = []
    @Option(
        name: .shortAndLong,
        help: "A file of texts, one a line, gzip-compressed or not; - for standard input.",
        completion: .file())
    var file: String?
    @Flag(
        help:
            "Each line is a JSON string, or an object with a string 'text'; assumed of .jsonl files."
    )
    var jsonl = false
    @Option(help: "The most tokens, both special tokens included; by default the model's.")
    var maxLength: Int?
    @Flag(help: "Print the tokens too.")
    var tokens = false
    @OptionGroup var console: ConsoleOptions

    func validate() throws {
        if let maxLength, maxLength < 2 {
            throw ValidationError(
                "--max-length is \(maxLength); expected 2 or more: both special tokens count")
        }
        if !texts.isEmpty, file != nil || jsonl {
            throw ValidationError("give texts as arguments or in a --file, not both")
        }
    }

    func run() throws {
        let (tokenizer, length) = try SentenceTransformer.tokenizer(
            path: ModelPath.resolve(model), base: ModelPath.base)
        for note in tokenizer.vocabulary.notes { Console.note("\(model): \(note)") }
        func show(_ text: String) throws {
            let ids = tokenizer.encode(text, maxLength: maxLength ?? length)
            var members = [JSONValue.Member("ids", .array(ids.map { .integer(Int($0)) }))]
            if tokens {
                let texts = tokenizer.tokens(of: ids).map { JSONValue.string($0) }
                members.append(JSONValue.Member("tokens", .array(texts)))
            }
            try Console.json(.object(members))
        }
        if !texts.isEmpty { return try texts.forEach(show) }
        let path = file ?? "-"
        let lines = try SentenceFile(path: path, format: jsonl ? .jsonl : .init(path: path))
        while let text = try lines.next() { try show(text) }
    }
}
