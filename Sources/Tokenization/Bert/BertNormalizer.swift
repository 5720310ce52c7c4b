/// Receives a normalised text scalar by scalar.
protocol NormalizedTextSink {
    /// Whether nothing that may still come can change the result.
    var isFull: Bool { get }
    mutating func appendWord(_ scalar: UInt32)
    mutating func appendSpace(_ scalar: UInt32)
    /// Punctuation.
    mutating func appendSymbol(_ scalar: UInt32)
    /// A Chinese character that stands between spaces.
    mutating func appendIdeograph(_ scalar: UInt32)
}

/// Cleans a text, splits off Chinese characters, removes accents and lowercases, in one pass.
///
/// Works on valid UTF-8 and in pieces: a text may be given in several calls, cut between scalars,
/// with `finish` after the last.
struct BertNormalizer {
    private let actions: ScalarActions
    /// Marks in the order of the text that wait for the end of their run.
    private var marks: [UInt32] = []

    init(_ actions: ScalarActions) { self.actions = actions }

    /// Normalises `text[range]`; stops early when the sink is full.
    @inline(__always)
    mutating func normalize(
        _ text: Span<UInt8>, _ range: Range<Int>, into sink: inout some NormalizedTextSink
    ) {
        var position = range.lowerBound
        while position < range.upperBound, !sink.isFull {
            let scalar = UTF8Scalar.decode(text, at: &position)
            let action = actions[scalar]
            let output = action.value == 0 ? scalar : action.value
            switch action.kind {
            case .word where marks.isEmpty: sink.appendWord(output)
            case .space where marks.isEmpty: sink.appendSpace(output)
            default: perform(action, on: scalar, into: &sink)
            }
        }
    }

    /// Ends the text: what comes next does not touch what was before.
    mutating func finish(into sink: inout some NormalizedTextSink) {
        if !marks.isEmpty { flushMarks(into: &sink) }
    }

    private mutating func perform(
        _ action: ScalarActions.Action, on scalar: UInt32, into sink: inout some NormalizedTextSink
    ) {
        let output = action.value == 0 ? scalar : action.value
        switch action.kind {
        case .removed: return
        case .ordered: marks.append(output); return
        case .sequence:
            for part in actions.sequences[Int(action.value)] {
                perform(part, on: part.value, into: &sink)
            }
            return
        default: finish(into: &sink)
        }
        switch action.kind {
        case .word: sink.appendWord(output)
        case .space: sink.appendSpace(output)
        case .symbol: sink.appendSymbol(output)
        case .ideograph: sink.appendIdeograph(output)
        case .hangul: decomposeHangul(scalar, into: &sink)
        case .removed, .removedStarter, .ordered, .sequence: break
        }
    }

    /// Splits a syllable arithmetically: 19 initials, 21 vowels, 27 finals or none.
    private func decomposeHangul(_ syllable: UInt32, into sink: inout some NormalizedTextSink) {
        let index = syllable - 0xAC00
        sink.appendWord(0x1100 + index / (21 * 28))
        sink.appendWord(0x1161 + index / 28 % 21)
        if index % 28 != 0 { sink.appendWord(0x11A7 + index % 28) }
    }

    /// Puts the waiting marks into canonical order: a stable counting sort by combining class.
    private mutating func flushMarks(into sink: inout some NormalizedTextSink) {
        if marks.count == 1 {
            sink.appendWord(marks[0])
        } else {
            let classes = marks.map { UnicodeFacts.combiningClass(of: $0) }
            var next = [Int](repeating: 0, count: 257)
            for order in classes { next[Int(order) + 1] += 1 }
            for order in 1...256 { next[order] += next[order - 1] }
            var sorted = marks
            for (mark, order) in zip(marks, classes) {
                sorted[next[Int(order)]] = mark
                next[Int(order)] += 1
            }
            for mark in sorted { sink.appendWord(mark) }
        }
        marks.removeAll(keepingCapacity: true)
    }
}

/// Valid UTF-8 to scalars and back.
enum UTF8Scalar {
    /// The scalar at `position`, which moves behind it.
    @inline(__always)
    static func decode(_ text: Span<UInt8>, at position: inout Int) -> UInt32 {
        let first = UInt32(text[position])
        position += 1
        if first < 0x80 { return first }
        if first < 0xE0 { return (first & 0x1F) << 6 | continuation(text, at: &position) }
        if first < 0xF0 {
            let upper = (first & 0x0F) << 6 | continuation(text, at: &position)
            return upper << 6 | continuation(text, at: &position)
        }
        var scalar = (first & 0x07) << 6 | continuation(text, at: &position)
        scalar = scalar << 6 | continuation(text, at: &position)
        return scalar << 6 | continuation(text, at: &position)
    }

    @inline(__always)
    private static func continuation(_ text: Span<UInt8>, at position: inout Int) -> UInt32 {
        defer { position += 1 }
        return UInt32(text[position] & 0x3F)
    }

    @inline(__always)
    static func append(_ scalar: UInt32, to bytes: inout [UInt8]) {
        if scalar < 0x80 {
            bytes.append(UInt8(scalar))
            return
        }
        if scalar < 0x800 {
            bytes.append(UInt8(0xC0 | scalar >> 6))
        } else {
            if scalar < 0x10000 {
                bytes.append(UInt8(0xE0 | scalar >> 12))
            } else {
                bytes.append(UInt8(0xF0 | scalar >> 18))
                bytes.append(UInt8(0x80 | scalar >> 12 & 0x3F))
            }
            bytes.append(UInt8(0x80 | scalar >> 6 & 0x3F))
        }
        bytes.append(UInt8(0x80 | scalar & 0x3F))
    }
}
