/// A token that is found in the text itself, before words are split into pieces.
public struct AddedToken: Codable, Sendable, Equatable {
    /// The text that stands for the token.
    public var content: String
    /// Whether it must not touch a letter, digit or underscore.
    public var singleWord: Bool
    /// Whether white space before it belongs to it; ids do not depend on it.
    public var stripsLeft: Bool
    /// Whether white space after it belongs to it; ids do not depend on it.
    public var stripsRight: Bool
    /// Whether it is sought in the normalised text rather than in the text as given.
    public var normalized: Bool
    /// Whether it carries structure rather than text.
    public var special: Bool

    /// An added token; as everywhere, special tokens are by default sought in the text as given.
    public init(
        _ content: String, singleWord: Bool = false, stripsLeft: Bool = false,
        stripsRight: Bool = false, normalized: Bool? = nil, special: Bool = false
    ) {
        self.content = content
        self.singleWord = singleWord
        self.stripsLeft = stripsLeft
        self.stripsRight = stripsRight
        self.normalized = normalized ?? !special
        self.special = special
    }
}
