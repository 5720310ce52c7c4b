import Foundation

/// Damages files in the ways that disks, networks and ill will do, the same ways for a seed.
struct Mutator {
    /// How many damaged files a test tries: some, or as many as `SIMILE_FUZZ` says.
    static let rounds =
        ProcessInfo.processInfo.environment["SIMILE_FUZZ"].flatMap { Int($0) } ?? 2_000

    private var state: UInt64

    init(seed: UInt64) { state = seed }

    /// A number in 0..<bound.
    mutating func below(_ bound: Int) -> Int {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return Int(state >> 33) % bound
    }

    /// A copy with one to four changes: bits, bytes, numbers, pieces moved, the end cut off.
    mutating func damaged(_ whole: [UInt8]) -> [UInt8] {
        var bytes = whole
        for _ in 0...below(4) where !bytes.isEmpty {
            let place = below(bytes.count)
            let piece = place..<min(bytes.count, place + 1 + below(24))
            switch below(8) {
            case 0: bytes[place] ^= 1 << UInt8(below(8))
            case 1: bytes[place] = UInt8(below(256))
            case 2: write(extremeNumber(), to: &bytes, at: place)
            case 3: bytes.insert(UInt8(below(256)), at: place)
            case 4: bytes.removeSubrange(piece)
            case 5: bytes.insert(contentsOf: bytes[piece], at: below(bytes.count))
            case 6: for i in piece { bytes[i] = bytes[below(bytes.count)] }
            default: if below(4) == 0 { bytes.removeSubrange(place...) }
            }
        }
        return bytes
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

/// What this process has needed at most so far, in bytes.
enum Peak: String {
    /// Memory asked for, used or not; in steps of 64 MB at worst.
    case asked = "VmPeak:"
    /// Memory used.
    case used = "VmHWM:"

    var bytes: Int {
        let status = (try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)) ?? ""
        let line = status.split(separator: "\n").first { $0.hasPrefix(rawValue) }
        let kilobytes = line?.split(whereSeparator: \.isWhitespace)[1]
        return (kilobytes.flatMap { Int($0) } ?? 0) << 10
    }
}
