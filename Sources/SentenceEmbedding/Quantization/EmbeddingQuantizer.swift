import Tensors

/// Embeddings as they are stored, row by row.
public enum QuantizedEmbeddings: Sendable, Equatable {
    /// `float32`
    case float32([Float])
    /// `int8` and `binary`
    case int8([Int8])
    /// `uint8` and `ubinary`
    case uint8([UInt8])
}

/// Turns embeddings into fewer bytes, with the definitions of sentence-transformers'
/// `quantize_embeddings`.
public struct EmbeddingQuantizer: Sendable {
    /// What the numbers become.
    public let precision: EmbeddingPrecision
    /// The columns' ranges, for `int8` and `uint8`.
    public let ranges: EmbeddingRanges?

    /// Creates a quantizer that needs no ranges: `float32`, `binary` or `ubinary`.
    public init(_ precision: EmbeddingPrecision) {
        precondition(!precision.needsRanges, "\(precision) needs the columns' ranges")
        self.precision = precision
        ranges = nil
    }

    /// Creates a quantizer for embeddings like those that `ranges` have seen.
    ///
    /// - Throws: `QuantizationError.tooFewEmbeddings` when `int8` or `uint8` would have no range to divide.
    public init(
        _ precision: EmbeddingPrecision, ranges: EmbeddingRanges
    ) throws(QuantizationError) {
        if precision.needsRanges, ranges.count < 2 {
            throw .tooFewEmbeddings(precision: precision, count: ranges.count)
        }
        self.precision = precision
        self.ranges = ranges
    }

    /// Quantizes embeddings, [sentences, dimension]; a value outside its column's range gets the nearest
    /// step.
    public func callAsFunction(_ embeddings: Tensor) -> QuantizedEmbeddings {
        switch precision {
        case .float32: .float32(embeddings.values)
        case .uint8: .uint8(steps(embeddings))
        case .int8: .int8(steps(embeddings).map(Self.signed))
        case .ubinary: .uint8(signs(embeddings))
        case .binary: .int8(signs(embeddings).map(Self.signed))
        }
    }

    /// `floor((x − min) / ((max − min) / 255))`, kept within 0...255.
    private func steps(_ embeddings: Tensor) -> [UInt8] {
        guard let ranges else { return [] }
        let width = ranges.minima.count
        precondition(
            embeddings.shape.rank == 2 && embeddings.shape[1] == width,
            "a quantizer of \(width) columns cannot take embeddings \(embeddings.shape)")
        // A column that never varied has no steps: any size will do.
        let sizes = zip(ranges.minima, ranges.maxima).map { low, high in
            let size = (high - low) / 255
            return size == 0 ? 1 : size
        }
        var result: [UInt8] = []
        result.reserveCapacity(embeddings.count)
        embeddings.withSpan { values in
            for row in 0..<embeddings.shape[0] {
                for column in 0..<width {
                    let value = values[row * width + column]
                    let step = ((value - ranges.minima[column]) / sizes[column]).rounded(.down)
                    result.append(step > 0 ? UInt8(min(step, 255)) : 0)  // 0 for a NaN
                }
            }
        }
        return result
    }

    /// One bit a number, whole bytes a row; the bits left over are 0.
    private func signs(_ embeddings: Tensor) -> [UInt8] {
        let width = embeddings.shape[1]
        let bytes = precision.width(dimension: width)
        var result = [UInt8](repeating: 0, count: embeddings.shape[0] * bytes)
        embeddings.withSpan { values in
            for row in 0..<embeddings.shape[0] {
                for column in 0..<width where values[row * width + column] > 0 {
                    result[row * bytes + column / 8] |= 0x80 >> UInt8(column % 8)
                }
            }
        }
        return result
    }

    /// The byte minus 128.
    private static func signed(_ byte: UInt8) -> Int8 { Int8(bitPattern: byte ^ 0x80) }
}

/// Why embeddings cannot be quantized.
public enum QuantizationError: Error, Equatable, CustomStringConvertible {
    /// One embedding has no range.
    case tooFewEmbeddings(precision: EmbeddingPrecision, count: Int)

    /// What happened and what to do.
    public var description: String {
        switch self {
        case .tooFewEmbeddings(let precision, let count):
            "\(precision) needs the range of each number over many embeddings, and there \(count == 1 ? "is only 1" : "are none"): calibrate with the embeddings of typical sentences"
        }
    }
}
