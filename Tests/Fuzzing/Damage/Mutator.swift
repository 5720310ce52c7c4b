/// Damages files in the ways that disks, networks and ill will do, the same ways for a seed.
public struct Mutator {
    private var state: UInt64

    /// Creates a generator of damage.
    public init(seed: UInt64) { state = seed }

    /// A number in 0..<bound.
    public mutating func below(_ bound: Int) -> Int {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return Int(state >> 33) % bound
    }

    /// A copy with one to four changes: bits, bytes, numbers, words, pieces moved, the end cut off.
    public mutating func damaged(_ whole: [UInt8]) -> [UInt8] {
        var bytes = whole
        for _ in 0...below(4) where !bytes.isEmpty {
            let place = below(bytes.count)
            let piece = place..<min(bytes.count, place + 1 + below(24))
            switch below(11) {
            case 0: bytes[place] ^= 1 << UInt8(below(8))
            case 1: bytes[place] = UInt8(below(256))
            case 2: write(extremeNumber(), to: &bytes, at: place)
            case 3: bytes.insert(UInt8(below(256)), at: place)
            case 4: bytes.removeSubrange(piece)
            case 5: bytes.insert(contentsOf: bytes[piece], at: below(bytes.count))
            case 6: for i in piece { bytes[i] = bytes[below(bytes.count)] }
            case 7: if below(4) == 0 { bytes.removeSubrange(place...) }
            case 8: bytes.insert(contentsOf: Self.words[below(Self.words.count)].utf8, at: place)
            case 9: replaceNumber(in: &bytes, from: place)
            default: repeatPiece(piece, of: &bytes)
            }
        }
        return bytes
    }

    /// What means something in JSON, TSV and CSV files and vocabularies, or nearly does.
    private static let words = [
        "null", "true", "false", "\"", "\"\"", "[]", "{}", "[", "{", "}", "]", ",", ":", "-", "e",
        "\\u0000", "\\ud800", "\\", "\t", "\n", "\r\n", "\0", "..", "/", "\u{FEFF}", "\u{301}",
        "\u{4E2D}", "\u{1F600}", "##", "[UNK]", "NaN", "Infinity",
    ]

    private static let decimals = [
        "-1", "0", "1", "2", "1.5", "1e9", "1e400", "-1e400", "65536", "2147483648", "4294967296",
        "16777216", "9223372036854775807", "9223372036854775808", "18446744073709551616", "1e-400",
    ]

    /// Puts another number for the first one written in digits.
    private mutating func replaceNumber(in bytes: inout [UInt8], from place: Int) {
        let digits = UInt8(ascii: "0")...UInt8(ascii: "9")
        guard let start = bytes[place...].firstIndex(where: digits.contains) else { return }
        let end = bytes[start...].firstIndex { !digits.contains($0) } ?? bytes.count
        let number = Self.decimals[below(Self.decimals.count)]
        bytes.replaceSubrange(start..<end, with: Array(number.utf8))
    }

    /// Rarely, as it makes the file large: a piece a thousand times over, such as an open bracket.
    private mutating func repeatPiece(_ piece: Range<Int>, of bytes: inout [UInt8]) {
        guard below(8) == 0 else { return }
        let short = bytes[piece].prefix(1 + below(4))
        bytes.insert(
            contentsOf: repeatElement(short, count: 1000).joined(), at: piece.lowerBound)
    }

    /// A number that sizes and offsets are not expected to be, of 1 to 8 bytes.
    private mutating func extremeNumber() -> ArraySlice<UInt8> {
        let numbers: [UInt64] = [
            0, 1, 0x7F, 0x80, 0xFF, 0x7FFF, 0xFFFF, 0x7FFF_FFFF, 0x8000_0000, 0xFFFF_FFFF,
            0x7FFF_FFFF_FFFF_FFFF, 0x8000_0000_0000_0000, 0xFFFF_FFFF_FFFF_FFFF,
            0xFFFF_FFFF_FFFF_FFF0, 1 << 62, 1 << 40,
        ]
        let number = numbers[below(numbers.count)]
        return (0..<8).map { UInt8(truncatingIfNeeded: number >> (8 * $0)) }.prefix(1 << below(4))
    }

    private func write(_ number: ArraySlice<UInt8>, to bytes: inout [UInt8], at place: Int) {
        for (i, byte) in number.enumerated() where place + i < bytes.count {
            bytes[place + i] = byte
        }
    }
}
