/// What normalisation does with each Unicode scalar under one configuration, as a table.
struct ScalarActions: Sendable {
    /// A scalar's fate: what comes out, and what that is to the word splitter.
    struct Action: Sendable {
        /// `Kind` in the bits from 24 up; below them the scalar that comes out, 0 for the same one,
        /// or the number of a sequence.
        let bits: UInt32

        init(_ kind: Kind, _ value: UInt32 = 0) { bits = UInt32(kind.rawValue) << 24 | value }

        @inline(__always)
        var kind: Kind { Kind(rawValue: UInt8(truncatingIfNeeded: bits >> 24)) ?? .word }

        @inline(__always)
        var value: UInt32 { bits & 0xFF_FFFF }
    }

    enum Kind: UInt8, Sendable {
        /// Part of a word.
        case word
        /// Separates words.
        case space
        /// Punctuation: a word of its own.
        case symbol
        /// A Chinese character: a word of its own, with spaces around it in the normalised text.
        case ideograph
        /// Vanishes as if it had not been there.
        case removed
        /// Vanishes, but marks before it are not put in order with marks after it.
        case removedStarter
        /// A mark that stays and may change places with its neighbours.
        case ordered
        /// Becomes several scalars, listed in `sequences`.
        case sequence
        /// A Hangul syllable that becomes its two or three letters.
        case hangul
    }

    /// For each page of 256 scalars, where its actions begin.
    private var pageStart: [Int32] = []
    private var actions: [Action] = []
    private(set) var sequences: [[Action]] = []

    private let cleanText: Bool
    private let tokenizeChinese: Bool
    private let stripAccents: Bool
    private let lowercase: Bool

    init(_ configuration: BertTokenizerConfiguration) {
        cleanText = configuration.cleanText
        tokenizeChinese = configuration.tokenizeChineseCharacters
        stripAccents = configuration.stripsAccents
        lowercase = configuration.lowercase

        let plain = appendPage(.word)
        let chinese = tokenizeChinese ? appendPage(.ideograph) : plain
        let hangul = stripAccents ? appendPage(.hangul) : plain
        let removed = cleanText ? appendPage(.removed) : plain
        pageStart.reserveCapacity(0x1100)
        for page in 0..<0x1100 {
            switch UnicodeFacts.page(page) {
            case .plain: pageStart.append(plain)
            case .chinese: pageStart.append(chinese)
            case .hangul: pageStart.append(hangul)
            case .removed: pageStart.append(removed)
            case .mixed:
                pageStart.append(Int32(actions.count))
                for scalar in UInt32(page << 8)..<UInt32((page + 1) << 8) {
                    actions.append(action(for: scalar))
                }
            }
        }
    }

    @inline(__always)
    subscript(scalar: UInt32) -> Action {
        actions[Int(pageStart[Int(scalar >> 8)]) + Int(scalar & 0xFF)]
    }

    private mutating func appendPage(_ kind: Kind) -> Int32 {
        actions.append(contentsOf: repeatElement(Action(kind), count: 256))
        return Int32(actions.count - 256)
    }

    /// Cleaning, spaces round Chinese characters, accents and letter case, in the reference's order.
    private mutating func action(for scalar: UInt32) -> Action {
        let flags = UnicodeFacts.flags(of: scalar)
        if stripAccents, (0xAC00...0xD7A3).contains(scalar) { return Action(.hangul) }
        if flags.isEmpty { return Action(.word) }
        if cleanText, flags.contains(.removed) { return Action(.removed) }
        if cleanText, flags.contains(.whitespace) { return Action(.space, 0x20) }

        var output = [scalar]
        if stripAccents {
            if flags.contains(.hasDecomposition) {
                output = UnicodeFacts.decomposition(of: scalar)
            }
            let hasStarter = output.contains { !UnicodeFacts.flags(of: $0).contains(.isOrdered) }
            output.removeAll { UnicodeFacts.flags(of: $0).contains(.nonspacingMark) }
            if output.isEmpty { return Action(hasStarter ? .removedStarter : .removed) }
        }
        if lowercase { output = output.flatMap { UnicodeFacts.lowercase(of: $0) } }

        if tokenizeChinese, flags.contains(.chinese), output.count == 1 {
            return Action(.ideograph, output[0])
        }
        if output.count == 1 { return outputAction(output[0]) }
        sequences.append(output.map { outputAction($0) })
        return Action(.sequence, UInt32(sequences.count - 1))
    }

    /// What a scalar of the normalised text is to the word splitter.
    private func outputAction(_ scalar: UInt32) -> Action {
        let flags = UnicodeFacts.flags(of: scalar)
        if flags.contains(.whitespace) { return Action(.space, scalar) }
        if flags.contains(.punctuation) { return Action(.symbol, scalar) }
        if stripAccents, flags.contains(.isOrdered) { return Action(.ordered, scalar) }
        return Action(.word, scalar)
    }
}
