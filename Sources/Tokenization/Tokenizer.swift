/// Turns a text into the token ids that a model reads.
public protocol Tokenizer: Sendable {
    /// The number of token ids; every id is in `0..<vocabularySize`.
    var vocabularySize: Int { get }

    /// The ids of a text with the special tokens around them, at most `maxLength`, without padding.
    ///
    /// `maxLength` counts the special tokens; a longer text loses its end.
    func encode(_ text: String, maxLength: Int) -> [Int32]
}
