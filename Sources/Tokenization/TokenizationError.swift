import ModelLayout
import Serialization

/// What was wrong with a vocabulary, a tokenizer folder or a training text.
public enum TokenizationError: Error, Equatable, CustomStringConvertible {
    /// A file could not be read.
    case unreadableFile(file: String, reason: String)
    /// A file could not be written.
    case unwritableFile(file: String, reason: String)
    /// A file is what Git leaves in place of a large one.
    case gitLFSPointer(file: String)
    /// A file's text is not UTF-8; `line` counts from 1.
    case invalidUTF8(file: String, line: Int)
    /// A file is not the JSON that it should be; `line` counts from 1.
    case malformedJSON(file: String, line: Int, reason: String)
    /// A key of a JSON file has a value of the wrong kind.
    case invalidValue(file: String, key: String, found: String, expected: String)
    /// The folder has neither of the files that hold a vocabulary.
    case noVocabularyFile(folder: String)
    /// The vocabulary has no token.
    case emptyVocabulary(source: String)
    /// A token has an id that it cannot have.
    case brokenIDs(source: String, token: String, id: Int, expected: String)
    /// The vocabulary lacks tokens that the tokenizer cannot do without.
    case missingSpecialTokens(source: String, tokens: [String])
    /// Two files of a folder give a token different ids (nil where it is absent).
    case vocabularyMismatch(folder: String, token: String, textID: Int?, jsonID: Int?)
    /// The folder asks for a component that this module does not have.
    case unsupportedComponent(file: String, key: String, found: String, supported: String)
    /// A token holds a line break, which a vocabulary of one token a line cannot say.
    case unwritableToken(token: String)
    /// The settings of a vocabulary training contradict each other.
    case invalidTraining(reason: String)

    /// One sentence with the place, what was found, what was expected and the likely remedy.
    public var description: String {
        switch self {
        case .unreadableFile(let file, let reason):
            "\(file): cannot be read: \(reason)"
        case .unwritableFile(let file, let reason):
            "\(file): cannot be written: \(reason)"
        case .gitLFSPointer(let file): GitLFS.problem(file)
        case .invalidUTF8(let file, let line):
            "\(file):\(line): not valid UTF-8; convert the file to UTF-8"
        case .malformedJSON(let file, let line, let reason):
            "\(file):\(line): not valid JSON: \(reason); the file may be cut off or damaged"
        case .invalidValue(let file, let key, let found, let expected):
            "\(file): '\(key)' is \(found), expected \(expected)"
        case .noVocabularyFile(let folder):
            "\(folder): has neither vocab.txt nor tokenizer.json; "
                + "expected the folder of a BERT model in Hugging Face's layout"
        case .emptyVocabulary(let source):
            "\(source): the vocabulary is empty; expected one token a line"
        case .brokenIDs(let source, let token, let id, let expected):
            "\(source): token '\(token)' has id \(id), expected \(expected)"
        case .missingSpecialTokens(let source, let tokens):
            "\(source): the vocabulary lacks \(tokens.joined(separator: ", ")); "
                + "add them or name the model's own special tokens in tokenizer_config.json"
        case .vocabularyMismatch(let folder, let token, let textID, let jsonID):
            "\(folder): token '\(token)' \(Self.place(textID)) in vocab.txt but "
                + "\(Self.place(jsonID)) in tokenizer.json; remove the file that is out of date"
        case .unsupportedComponent(let file, let key, let found, let supported):
            "\(file): '\(key)' is \(found), which is not supported; supported: \(supported)"
        case .unwritableToken(let token):
            "token '\(token.debugDescription)' holds a line break and cannot stand in vocab.txt"
        case .invalidTraining(let reason):
            "vocabulary training: \(reason)"
        }
    }

    private static func place(_ id: Int?) -> String {
        id.map { "has id \($0)" } ?? "is absent"
    }
}

extension TokenizationError: FileNamingError {
    package func renaming(_ temporary: String, to path: String) -> TokenizationError {
        switch self {
        case .unwritableFile(let file, let reason):
            .unwritableFile(file: file.renaming(temporary, to: path), reason: reason)
        default: self
        }
    }
}
