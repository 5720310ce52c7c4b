/// Spells words with the tokens of a vocabulary, always taking the longest token that fits.
struct WordPiece: Sendable {
    /// The tokens that may begin a word, under their ids.
    private let initial: TokenTable
    /// The tokens that may continue a word, without their prefix.
    private let continuing: TokenTable
    private let continuingIDs: [Int32]
    let unkID: Int32

    /// Takes the first `count` tokens of the vocabulary.
    init(_ vocabulary: Vocabulary, count: Int, prefix: String, unkID: Int32) {
        let prefix = Array(prefix.utf8)
        let all = vocabulary.table
        var initial = TokenTable(capacity: count == all.count ? 0 : count)
        var continuing = TokenTable(capacity: count / 4)
        var continuingIDs: [Int32] = []
        for id in 0..<count {
            let token = all[id]
            if count < all.count { initial.append(token.span) }
            if token.starts(with: prefix), token.count > prefix.count {
                let suffix = token.dropFirst(prefix.count)
                continuing.append(suffix.span)
                continuingIDs.append(Int32(id))
            }
        }
        self.initial = count == all.count ? all : initial
        self.continuing = continuing
        self.continuingIDs = continuingIDs
        self.unkID = unkID
    }

    /// Appends the ids of a word, or `unkID` if some part of it fits no token, with those of the parts before it in front
    /// if `keepsParts`.
    ///
    /// `hashes` is scratch space that the caller keeps from word to word.
    func append(
        _ word: Span<UInt8>, to ids: inout [Int32], hashes: inout [UInt64], keepsParts: Bool
    ) {
        let whole = TokenHash(word).finished
        if let id = initial.index(of: word, start: 0, length: word.count, hash: whole) {
            ids.append(Int32(id))
            return
        }
        let firstOfWord = ids.count
        var start = 0
        while start < word.count {
            let table = start == 0 ? initial : continuing
            guard let (index, length) = longestMatch(table, word, from: start, hashes: &hashes)
            else {
                if !keepsParts { ids.removeSubrange(firstOfWord...) }
                ids.append(unkID)
                return
            }
            ids.append(start == 0 ? Int32(index) : continuingIDs[index])
            start += length
        }
    }

    /// The longest entry of the table that `word` has at `start`, and its length in bytes.
    private func longestMatch(
        _ table: TokenTable, _ word: Span<UInt8>, from start: Int, hashes: inout [UInt64]
    ) -> (index: Int, length: Int)? {
        var hash = TokenHash()
        hashes.removeAll(keepingCapacity: true)
        for offset in 0..<min(table.longest, word.count - start) {
            hash.feed(word[start + offset])
            hashes.append(hash.finished)
        }
        var length = hashes.count
        while length > 0 {
            let found = table.index(
                of: word, start: start, length: length, hash: hashes[length - 1])
            if let found { return (found, length) }
            length -= 1
        }
        return nil
    }
}

/// Collects the ids of words up to a limit.
struct TokenCollector: WordReceiver {
    let wordPiece: WordPiece
    let limit: Int
    /// Whether the ids of a word that cannot be spelt are collected as far as it can.
    let keepsParts: Bool
    var ids: [Int32]
    private var hashes: [UInt64] = []

    init(_ wordPiece: WordPiece, startingWith ids: [Int32], limit: Int, keepsParts: Bool) {
        self.wordPiece = wordPiece
        self.limit = limit
        self.keepsParts = keepsParts
        self.ids = ids
    }

    @inline(__always)
    var isFull: Bool { ids.count >= limit }

    mutating func receive(_ word: [UInt8]) {
        if isFull { return }
        wordPiece.append(word.span, to: &ids, hashes: &hashes, keepsParts: keepsParts)
    }

    mutating func receiveOverlongWord() { append(wordPiece.unkID) }

    mutating func append(_ id: Int32) {
        if !isFull { ids.append(id) }
    }
}
