import Foundation
import ModelFolders
import SentenceEmbedding
import Tokenization

/// A model under the names that requests may have for it.
struct ServedModel: Sendable {
    /// What is put in front of texts, and how many of the tokens that come of it are not pooled.
    struct Prompt: Sendable {
        let text: String
        let unpooledTokens: Int
    }

    let encoder: SentenceEncoder
    /// The first is the one that answers have.
    let names: [String]
    /// What texts have in front unless a request says otherwise.
    let prompt: Prompt
    private let prompts: [String: Prompt]

    /// - Throws: `ModelError.promptTooLong`.
    init(_ encoder: SentenceEncoder, names: [String]) throws {
        precondition(!names.isEmpty, "a served model needs a name")
        self.encoder = encoder
        self.names = names
        func measured(_ text: String) throws -> Prompt {
            let longest = encoder.maxSequenceLength
            guard encoder.tokenizer.encode(text, maxLength: longest).count < longest else {
                throw ModelError.promptTooLong(prompt: text, maxLength: longest)
            }
            return Prompt(text: text, unpooledTokens: encoder.unpooledTokens(of: text))
        }
        prompt = try measured(encoder.prompt)
        let settings = encoder.settings
        prompts = Dictionary(
            try settings.promptNames.map { ($0, try measured(settings.prompt(named: $0))) }
        ) { $1 }
    }

    var name: String { names[0] }

    /// The names of the prompts, in the model's order.
    var promptNames: [String] { encoder.settings.promptNames }

    /// Refuses the name of another model; a request may leave it out.
    func check(_ name: String?) throws(APIError) {
        guard let name, !names.contains(name) else { return }
        let served = names.map { "'\($0)'" }.joined(separator: ", ")
        throw .modelNotFound(
            "the model '\(name.prefix(100))' is not served here; there is \(served)")
    }

    func prompt(named name: String) throws(APIError) -> Prompt {
        guard let prompt = prompts[name] else {
            let known = promptNames.map { "'\($0)'" }.joined(separator: ", ")
            throw .invalid(
                "there is no prompt '\(name.prefix(100))'; the model has \(known.isEmpty ? "none" : known)",
                param: "prompt_name")
        }
        return prompt
    }

    /// The prompt of a question that documents are ranked for, as sentence-transformers chooses it.
    var queryPrompt: Prompt { prompts["query"] ?? prompt }

    /// The prompt of documents, as sentence-transformers chooses it.
    var documentPrompt: Prompt {
        ["document", "passage", "corpus"].lazy.compactMap { prompts[$0] }.first ?? prompt
    }
}
