/// Receives the words of a text one by one.
protocol WordReceiver {
    /// Whether more words would be ignored.
    var isFull: Bool { get }
    /// Takes a word in UTF-8.
    mutating func receive(_ word: [UInt8])
    /// Takes a word of more than the permitted number of scalars, whose bytes were not kept.
    mutating func receiveOverlongWord()
}

/// Splits a normalised text into words at white space and round punctuation.
struct WordSplitter<Receiver: WordReceiver>: NormalizedTextSink {
    var receiver: Receiver
    private let maxScalars: Int
    private var word: [UInt8] = []
    private var scalarCount = 0

    init(_ receiver: Receiver, maxScalarsPerWord: Int) {
        self.receiver = receiver
        maxScalars = maxScalarsPerWord
        word.reserveCapacity(64)
    }

    @inline(__always)
    var isFull: Bool { receiver.isFull }

    @inline(__always)
    mutating func appendWord(_ scalar: UInt32) {
        scalarCount += 1
        if scalarCount <= maxScalars { UTF8Scalar.append(scalar, to: &word) }
    }

    @inline(__always)
    mutating func appendSpace(_ scalar: UInt32) {
        if scalarCount > 0 { endWord() }
    }

    mutating func appendSymbol(_ scalar: UInt32) {
        endWord()
        appendWord(scalar)
        endWord()
    }

    mutating func appendIdeograph(_ scalar: UInt32) { appendSymbol(scalar) }

    /// Hands over the word that is being built, if any.
    mutating func endWord() {
        guard scalarCount > 0 else { return }
        if scalarCount <= maxScalars {
            receiver.receive(word)
        } else {
            receiver.receiveOverlongWord()
        }
        word.removeAll(keepingCapacity: true)
        scalarCount = 0
    }
}

/// Collects a normalised text as UTF-8, with the spaces round Chinese characters.
struct NormalizedTextCollector: NormalizedTextSink {
    var bytes: [UInt8] = []

    var isFull: Bool { false }
    mutating func appendWord(_ scalar: UInt32) { UTF8Scalar.append(scalar, to: &bytes) }
    mutating func appendSpace(_ scalar: UInt32) { UTF8Scalar.append(scalar, to: &bytes) }
    mutating func appendSymbol(_ scalar: UInt32) { UTF8Scalar.append(scalar, to: &bytes) }
    mutating func appendIdeograph(_ scalar: UInt32) {
        bytes.append(UInt8(ascii: " "))
        UTF8Scalar.append(scalar, to: &bytes)
        bytes.append(UInt8(ascii: " "))
    }
}
