/// How the numbers of a GGUF tensor are stored.
public enum GGUFTensorType: String, CaseIterable, Sendable {
    /// 32-bit floating point.
    case f32
    /// 16-bit floating point.
    case f16
    /// 8-bit whole numbers, with one 16-bit scale for every 32 of them.
    case q8 = "q8_0"

    /// The numbers of a row that are stored together.
    package var blockLength: Int { self == .q8 ? 32 : 1 }

    /// Bytes of that many numbers, a multiple of `blockLength`.
    package func byteCount(_ count: Int) -> Int {
        switch self {
        case .f32: count * 4
        case .f16: count * 2
        case .q8: count / 32 * 34
        }
    }

    /// The number that stands for it in a file.
    var code: UInt32 {
        switch self {
        case .f32: 0
        case .f16: 1
        case .q8: 8
        }
    }

    /// The numbers as they are stored; their count is a multiple of `blockLength`.
    ///
    /// Nil when one of them, or the scale of a block, is too large for 16 bits, infinite or NaN.
    package func encode(_ values: Span<Float>) -> [UInt8]? {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(byteCount(values.count))
        switch self {
        case .f32:
            for i in values.indices { Self.append(values[i].bitPattern, to: &bytes) }
        case .f16:
            for i in values.indices {
                let half = Float16(values[i])
                guard half.isFinite else { return nil }
                Self.append(half.bitPattern, to: &bytes)
            }
        case .q8:
            for start in stride(from: 0, to: values.count, by: 32) {
                guard Self.appendBlock(values.extracting(start..<start + 32), to: &bytes) else {
                    return nil
                }
            }
        }
        return bytes
    }

    /// A scale and 32 whole numbers in -127...127: the largest magnitude of the block becomes 127.
    private static func appendBlock(_ block: Span<Float>, to bytes: inout [UInt8]) -> Bool {
        var largest: Float = 0
        for i in block.indices {
            guard block[i].isFinite else { return false }
            largest = max(largest, abs(block[i]))
        }
        let scale = largest / 127
        let half = Float16(scale)
        guard half.isFinite else { return false }
        append(half.bitPattern, to: &bytes)
        // The scale in full precision, though its reader has the 16-bit one: as llama.cpp does.
        let inverse = scale > 0 ? 1 / scale : 0
        for i in block.indices {
            let rounded = (block[i] * inverse).rounded(.toNearestOrAwayFromZero)
            bytes.append(UInt8(bitPattern: Int8(max(-127, min(127, rounded)))))
        }
        return true
    }

    private static func append<Number: FixedWidthInteger>(
        _ number: Number, to bytes: inout [UInt8]
    ) {
        for i in 0..<Number.bitWidth / 8 {
            bytes.append(UInt8(truncatingIfNeeded: number >> (8 * i)))
        }
    }
}
