import Foundation
import JSON
import Serialization

/// What `config_sentence_transformers.json` says of a model: how its embeddings are compared, what is put in front
/// of its texts, and what other programs keep there, which is carried along as it is.
public struct ModelSettings: Sendable, Equatable {
    /// How embeddings are compared unless it is said otherwise.
    public let similarity: SimilarityFunction
    /// The name of the prompt that texts have unless it is said otherwise.
    public let defaultPromptName: String?
    /// How many numbers of each embedding are kept; nil for all.
    public let truncateDimension: Int?
    /// The whole file: an object with every key in its place.
    private let document: JSONValue

    /// The settings of a model that has none of its own.
    public init() {
        similarity = .cosine
        defaultPromptName = nil
        truncateDimension = nil
        document = [
            "__version__": [
                "sentence_transformers": "2.2.2", "transformers": "4.30.0", "pytorch": "2.0.0",
            ]
        ]
    }

    /// Reads settings from JSON; `source` is where they come from, for messages.
    ///
    /// - Throws: `ModelFolderError` naming the key.
    public init(json text: String, source: String) throws(ModelFolderError) {
        let value: JSONValue
        do throws(JSONError) { value = try JSONValue(parsing: Array(text.utf8)) } catch {
            throw .malformed(path: source, reason: "not JSON (line \(error.line): \(error))")
        }
        try self.init(JSONFile(value, file: source, key: "the whole file", path: ""))
    }

    init(_ file: JSONFile) throws(ModelFolderError) {
        let name = try file.string("similarity_fn_name") ?? SimilarityFunction.cosine.rawValue
        guard let similarity = SimilarityFunction(rawValue: name) else {
            throw .unsupported(
                path: file.file, key: "similarity_fn_name", found: name,
                supported: SimilarityFunction.allCases.map(\.rawValue).joined(separator: ", "))
        }
        let prompts = try file.object("prompts")
        for member in prompts?.members ?? [] { _ = try prompts?.string(member.key) }
        self.similarity = similarity
        defaultPromptName = try file.string("default_prompt_name")
        truncateDimension = try file.int("truncate_dim")
        if let truncateDimension, truncateDimension < 1 {
            throw .malformed(
                path: file.file,
                reason: "truncate_dim is \(truncateDimension), expected 1 or more, or null")
        }
        document = file.value
        if let defaultPromptName, prompts?.states(defaultPromptName) != true {
            throw .contradiction(
                path: file.file, key: "default_prompt_name", found: defaultPromptName,
                expected: promptNames.isEmpty
                    ? "null, for there are no prompts"
                    : "one of \(promptNames.joined(separator: ", "))")
        }
    }

    /// The names of the prompts, in order.
    public var promptNames: [String] { document["prompts"]?.members?.map(\.key) ?? [] }

    /// The text that is put in front of texts unless it is said otherwise; mostly empty.
    public var defaultPrompt: String {
        defaultPromptName.flatMap { document["prompts"]?[$0]?.string } ?? ""
    }

    /// The prompt with a name.
    ///
    /// - Throws: `UnknownPromptError` naming those that there are.
    public func prompt(named name: String) throws(UnknownPromptError) -> String {
        guard let prompt = document["prompts"]?[name] else {
            throw UnknownPromptError(name: name, known: promptNames)
        }
        return prompt.string ?? ""
    }

    /// The settings as the text of `config_sentence_transformers.json`.
    public var json: String { document.text }

    /// The same settings with another `truncate_dim`.
    public func truncating(to dimension: Int?) -> ModelSettings {
        if dimension == truncateDimension { return self }
        let others = (document.members ?? []).filter { $0.key != "truncate_dim" }
        let own = dimension.map { [JSONValue.Member("truncate_dim", .integer($0))] } ?? []
        return ModelSettings(self, dimension, .object(others + own))
    }

    private init(_ settings: ModelSettings, _ dimension: Int?, _ document: JSONValue) {
        similarity = settings.similarity
        defaultPromptName = settings.defaultPromptName
        truncateDimension = dimension
        self.document = document
    }
}

/// The name of a prompt that a model does not have.
public struct UnknownPromptError: Error, Equatable, CustomStringConvertible {
    /// The name that was asked for.
    public let name: String
    /// The names of the model's prompts.
    public let known: [String]

    /// What is wrong and what there is.
    public var description: String {
        known.isEmpty
            ? "there is no prompt '\(name)': the model has none; give the text of the prompt instead"
            : "there is no prompt '\(name)'; the model has \(known.map { "'\($0)'" }.joined(separator: ", "))"
    }
}
