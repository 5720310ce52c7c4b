import ArgumentParser
import Foundation
import JSON
import Simile
import Support

struct Tokenize: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Prints the token ids of texts.",
        discussion: """
            Reads standard input, one JSON string or object {"text": "..."} a line, and prints \
            {"ids": [...]} for each; no prompt is put in front.
            """)

    @Argument(help: "A model's folder or checkpoint.")
    var model: String

    @Option(help: "The most tokens, both special tokens included; by default the model's.")
    var maxLength: Int?

    @Flag(help: "Print the tokens too.")
    var tokens = false

    func validate() throws {
        if let maxLength, maxLength < 2 {
            throw ValidationError(
                "--max-length is \(maxLength); expected 2 or more: both special tokens count")
        }
    }

    func run() throws {
        let (tokenizer, length) = try SentenceTransformer.tokenizer(
            path: ModelPath.resolve(model), base: ModelPath.base)
        for note in tokenizer.vocabulary.notes { Console.note("\(model): \(note)") }
        var number = 0
        while let line = readLine() {
            number += 1
            guard let text = Self.text(line) else {
                throw CommandError.input(
                    "standard input:\(number): expected a JSON string or {\"text\": \"...\"}, found \(line.prefix(60))"
                )
            }
            let ids = tokenizer.encode(text, maxLength: maxLength ?? length)
            var members = [JSONValue.Member("ids", .array(ids.map { .integer(Int($0)) }))]
            if tokens {
                let texts = tokenizer.tokens(of: ids).map { JSONValue.string($0) }
                members.append(JSONValue.Member("tokens", .array(texts)))
            }
            try Console.json(.object(members))
        }
    }

    private static func text(_ line: String) -> String? {
        guard let value = try? JSONValue(parsing: line.utf8) else { return nil }
        return value.string ?? value["text"]?.string
    }
}
