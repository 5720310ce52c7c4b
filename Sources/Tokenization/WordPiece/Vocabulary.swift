import Foundation

/// The tokens of a model, numbered from 0.
///
/// No id ever moves, whatever its neighbours are. An empty token keeps its id, which no text leads to; of equal
/// tokens the last gives a text its id. That is how Hugging Face's `BertTokenizer` reads a `vocab.txt`.
public struct Vocabulary: Sendable {
    private(set) var table: TokenTable

    /// The number of tokens; ids are `0..<count`.
    public var count: Int { table.count }

    /// All tokens in the order of their ids.
    public var tokens: [String] { (0..<count).map { String(decoding: table[$0], as: UTF8.self) } }

    /// Numbers the given tokens in their order; throws when there is none but empty ones.
    public init(tokens: some Sequence<String>) throws(TokenizationError) {
        try self.init(tokens: tokens, source: "vocabulary")
    }

    init(tokens: some Sequence<String>, source: String) throws(TokenizationError) {
        table = TokenTable(capacity: tokens.underestimatedCount)
        for token in tokens { table.append(Array(token.utf8).span) }
        guard table.longest > 0 else { throw .emptyVocabulary(source: source) }
    }

    /// Reads a `vocab.txt`: one token a line, the first line having id 0.
    ///
    /// Lines end in LF, CR LF or CR. A blank line is an empty token, but there is none after the end of the last
    /// line. Throws when the file cannot be read, is not UTF-8 or has nothing but blank lines.
    public init(file: URL) throws(TokenizationError) {
        let content = try FileBytes.read(file)
        let name = file.path
        let bytes = content.span
        table = TokenTable(capacity: bytes.count / 8)
        let (lineFeed, carriageReturn) = (UInt8(ascii: "\n"), UInt8(ascii: "\r"))
        var start = content.starts(with: [0xEF, 0xBB, 0xBF]) ? 3 : 0  // a byte order mark
        while start < bytes.count {
            var stop = start
            while stop < bytes.count, bytes[stop] != lineFeed, bytes[stop] != carriageReturn {
                stop += 1
            }
            table.append(bytes.extracting(start..<stop))
            start = stop + 1
            if start < bytes.count, bytes[stop] == carriageReturn, bytes[start] == lineFeed {
                start += 1
            }
        }
        guard table.longest > 0 else { throw .emptyVocabulary(source: name) }
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

    /// Whether texts can lead to this id, which must be in `0..<count`: not to that of an empty token, and not to
    /// one that has a later id too.
    public func isReachable(_ id: Int32) -> Bool {
        let token = table[Int(id)]
        return !token.isEmpty && table.index(of: token.span) == Int(id)
    }

    /// The ids that texts can lead to end before this one.
    public var reachableEnd: Int {
        (0..<count).last { isReachable(Int32($0)) }.map { $0 + 1 } ?? 0
    }

    /// What a person should know who expects one token for each id and one id for each token, in sentences.
    public var notes: [String] {
        var (empty, repeated): ([Int], [String]) = ([], [])
        for id in 0..<count where !isReachable(Int32(id)) {
            let token = self[Int32(id)]
            if token.isEmpty {
                empty.append(id)
            } else if let last = self.id(of: token) {
                repeated.append("'\(token)' (\(id), \(last))")
            }
        }
        func list(_ items: [String]) -> String {
            items.prefix(3).joined(separator: ", ")
                + (items.count > 3 ? " and \(items.count - 3) more" : "")
        }
        var notes: [String] = []
        if !empty.isEmpty {
            notes.append(
                "ids without a token, as from blank lines, keep their places: "
                    + list(empty.map(String.init)))
        }
        if !repeated.isEmpty {
            notes.append("tokens with two ids, of which the last counts: " + list(repeated))
        }
        return notes
    }
}

extension Vocabulary: Equatable {
    /// Whether both have the same tokens in the same order.
    public static func == (left: Vocabulary, right: Vocabulary) -> Bool {
        left.count == right.count
            && (0..<left.count).allSatisfy { left.table[$0] == right.table[$0] }
    }
}
