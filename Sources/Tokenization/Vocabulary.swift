import Foundation

/// The tokens of a model, numbered from 0.
public struct Vocabulary: Sendable {
    private(set) var table: TokenTable

    /// The number of tokens; ids are `0..<count`.
    public var count: Int { table.count }

    /// All tokens in the order of their ids.
    public var tokens: [String] { (0..<count).map { String(decoding: table[$0], as: UTF8.self) } }

    /// Numbers the given tokens in their order.
    ///
    /// Throws when there is no token, or one is empty or occurs twice.
    public init(tokens: some Sequence<String>) throws(TokenizationError) {
        try self.init(tokens: tokens, source: "vocabulary")
    }

    init(tokens: some Sequence<String>, source: String) throws(TokenizationError) {
        table = TokenTable(capacity: tokens.underestimatedCount)
        for token in tokens { try append(Array(token.utf8).span, source: source) }
        guard count > 0 else { throw .emptyVocabulary(source: source) }
    }

    /// Reads a `vocab.txt`: one token a line, the first line having id 0.
    ///
    /// Lines may end in CR LF; blank lines at the end are ignored. Throws when the file cannot be
    /// read, is not UTF-8, holds no token, or holds a token twice or a blank line between tokens.
    public init(file: URL) throws(TokenizationError) {
        let content = try FileBytes.read(file)
        let name = file.path
        let bytes = content.span
        table = TokenTable(capacity: bytes.count / 8)
        var end = bytes.count
        while end > 0, bytes[end - 1] == UInt8(ascii: "\n") || bytes[end - 1] == UInt8(ascii: "\r")
        {
            end -= 1
        }
        var start = content.starts(with: [0xEF, 0xBB, 0xBF]) ? 3 : 0  // a byte order mark
        while start < end {
            var stop = start
            while stop < end, bytes[stop] != UInt8(ascii: "\n") { stop += 1 }
            let hasReturn = stop > start && bytes[stop - 1] == UInt8(ascii: "\r")
            try append(bytes.extracting(start..<(hasReturn ? stop - 1 : stop)), source: name)
            start = stop + 1
        }
        guard count > 0 else { throw .emptyVocabulary(source: name) }
    }

    /// The id of a token, or nil if the vocabulary does not have it.
    public func id(of token: String) -> Int32? {
        table.index(of: Array(token.utf8).span).map { Int32($0) }
    }

    /// The token with this id, or nil if the id is outside `0..<count`.
    public func token(of id: Int32) -> String? {
        id >= 0 && Int(id) < count ? self[id] : nil
    }

    /// The token with this id, which must be in `0..<count`.
    public subscript(id: Int32) -> String {
        precondition(id >= 0 && Int(id) < count, "token id \(id) is outside 0..<\(count)")
        return String(decoding: table[Int(id)], as: UTF8.self)
    }

    private mutating func append(_ token: Span<UInt8>, source: String) throws(TokenizationError) {
        guard token.count > 0 else { throw .emptyToken(source: source, id: count) }
        if let first = table.insert(token) {
            throw .duplicateToken(
                source: source, token: String(decoding: table[first], as: UTF8.self),
                firstID: first, secondID: count)
        }
    }
}

extension Vocabulary: Equatable {
    /// Whether both have the same tokens in the same order.
    public static func == (left: Vocabulary, right: Vocabulary) -> Bool {
        left.count == right.count
            && (0..<left.count).allSatisfy { left.table[$0] == right.table[$0] }
    }
}
