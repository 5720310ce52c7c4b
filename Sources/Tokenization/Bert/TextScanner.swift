/// Receives normalised text in segments, between which there may be added tokens.
protocol SegmentSink: NormalizedTextSink {
    /// Ends a segment: words and marks do not reach beyond it.
    mutating func endSegment()
    /// Takes an added token that stands between two segments.
    mutating func appendAddedToken(_ id: Int32)
}

/// Cuts a text at its added tokens and normalises what lies between them.
struct TextScanner {
    let actions: ScalarActions
    let addedTokens: AddedTokenMatcher

    /// How many bytes are searched for added tokens before they are normalised.
    private static let window = 4096

    func scan(_ text: Span<UInt8>, into sink: inout some SegmentSink) {
        var normalizer = BertNormalizer(actions)
        var done = 0
        var searched = 0
        while done < text.count, !sink.isFull {
            let end = Self.windowEnd(text, from: done)
            if !addedTokens.isEmpty,
                let match = addedTokens.next(in: text, from: &searched, upTo: end)
            {
                normalizer.normalize(text, done..<match.range.lowerBound, into: &sink)
                normalizer.finish(into: &sink)
                sink.endSegment()
                sink.appendAddedToken(match.id)
                done = match.range.upperBound
            } else {
                normalizer.normalize(text, done..<end, into: &sink)
                done = end
            }
        }
        normalizer.finish(into: &sink)
        sink.endSegment()
    }

    /// Where the window from `start` ends, which is between two scalars.
    private static func windowEnd(_ text: Span<UInt8>, from start: Int) -> Int {
        guard text.count - start > window else { return text.count }
        var end = start + window
        while text[end] & 0xC0 == 0x80 { end -= 1 }
        return end
    }
}

extension WordSplitter: SegmentSink where Receiver == TokenCollector {
    mutating func endSegment() { endWord() }
    mutating func appendAddedToken(_ id: Int32) { receiver.append(id) }
}

/// Seeks the added tokens that are to be found in normalised text, segment by segment.
struct NormalizedTokenFinder: SegmentSink {
    var splitter: WordSplitter<TokenCollector>
    let scanner: TextScanner
    private var segment = NormalizedTextCollector()

    init(splitter: WordSplitter<TokenCollector>, scanner: TextScanner) {
        self.splitter = splitter
        self.scanner = scanner
    }

    var isFull: Bool { splitter.isFull }
    mutating func appendWord(_ scalar: UInt32) { segment.appendWord(scalar) }
    mutating func appendSpace(_ scalar: UInt32) { segment.appendSpace(scalar) }
    mutating func appendSymbol(_ scalar: UInt32) { segment.appendSymbol(scalar) }
    mutating func appendIdeograph(_ scalar: UInt32) { segment.appendIdeograph(scalar) }

    mutating func endSegment() {
        let bytes = segment.bytes
        segment.bytes = []
        scanner.scan(bytes.span, into: &splitter)
    }

    mutating func appendAddedToken(_ id: Int32) { splitter.appendAddedToken(id) }
}
