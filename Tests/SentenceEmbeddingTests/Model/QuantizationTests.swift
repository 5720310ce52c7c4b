import Tensors
import Testing

@testable import SentenceEmbedding

/// The expected numbers are those of sentence-transformers' `quantize_embeddings`.
@Suite struct QuantizationTests {
    /// Nine columns, so that bits fill one byte and begin another; the sixth column never varies.
    private let embeddings = Tensor(
        [
            -1, 0.5, 0, 2, 1e-3, 7, -0.25, 3, 0.1,
            1, 0.25, 0, -2, 2e-3, 7, 0.75, -3, -0.1,
            0.3, -0.75, 0, 0.6, -5e-3, 7, 0.1, 0.5, 0.05,
            -0.999, 0.1, 0, 1.999, 0, 7, 0.2, 1.5, -0.05,
        ], [4, 9])

    private func quantized(
        _ precision: EmbeddingPrecision, _ calibration: Tensor? = nil
    ) throws -> QuantizedEmbeddings {
        let ranges = EmbeddingRanges(calibration ?? embeddings)
        return try EmbeddingQuantizer(precision, ranges: ranges)(embeddings)
    }

    @Test func bytesWithTheirOwnRanges() throws {
        let signed: [Int8] = [
            -128, 126, -128, 126, 90, -128, -128, 127, 127,
            126, 76, -128, -128, 126, -128, 126, -128, -128,
            37, -128, -128, 37, -128, -128, -39, 20, 63,
            -128, 45, -128, 126, 54, -128, -14, 63, -65,
        ]
        #expect(try quantized(.int8) == .int8(signed))
        #expect(try quantized(.uint8) == .uint8(signed.map { UInt8(Int($0) + 128) }))
    }

    /// What lies outside the calibration's ranges gets the first or the last step.
    @Test func bytesWithCalibration() throws {
        let signed: [Int8] = [
            -128, 126, -128, 126, -128, -128, -128, 127, 127,
            126, -128, -128, -128, 127, -128, 126, -128, -128,
            37, -128, -128, 37, -128, -128, -39, 20, 63,
            -128, -128, -128, 126, -128, -128, -14, 63, -65,
        ]
        let calibration = embeddings.slice(0..<2)
        #expect(try quantized(.int8, calibration) == .int8(signed))
        #expect(
            try quantized(.uint8, calibration) == .uint8(signed.map { UInt8(Int($0) + 128) }))
    }

    @Test func bits() throws {
        #expect(try quantized(.ubinary) == .uint8([93, 128, 206, 0, 151, 128, 87, 0]))
        #expect(try quantized(.binary) == .int8([-35, 0, 78, -128, 23, 0, -41, -128]))
        #expect(
            EmbeddingQuantizer(.binary)(embeddings) == .int8([-35, 0, 78, -128, 23, 0, -41, -128]))
        #expect(EmbeddingPrecision.binary.width(dimension: 9) == 2)
        #expect(EmbeddingPrecision.ubinary.width(dimension: 8) == 1)
        #expect(EmbeddingPrecision.int8.width(dimension: 9) == 9)
    }

    @Test func floatsStay() throws {
        #expect(EmbeddingQuantizer(.float32)(embeddings) == .float32(embeddings.values))
    }

    @Test func rangesGrowBlockByBlock() {
        var ranges = EmbeddingRanges(dimension: 9)
        for row in 0..<4 { ranges.include(embeddings.slice(row..<row + 1)) }
        #expect(ranges == EmbeddingRanges(embeddings))
        #expect(ranges.minima == [-1, -0.75, 0, -2, -5e-3, 7, -0.25, -3, -0.1])
        #expect(ranges.maxima == [1, 0.5, 0, 2, 2e-3, 7, 0.75, 3, 0.1])
        #expect(ranges.count == 4)
    }

    @Test(arguments: [(0, "there are none"), (1, "there is only 1")])
    func rangesNeedTwo(_ count: Int, _ words: String) {
        let few = EmbeddingRanges(embeddings.slice(0..<count))
        let error = #expect(throws: QuantizationError.self) {
            try EmbeddingQuantizer(.int8, ranges: few)
        }
        #expect(
            error?.description
                == "int8 needs the range of each number over many embeddings, and \(words): calibrate with the embeddings of typical sentences"
        )
    }

    /// No bytes for what is not a number, but no trap either.
    @Test func notANumber() throws {
        let ranges = EmbeddingRanges(Tensor([0, 0, 1, 1], [2, 2]))
        let odd = Tensor([.nan, .infinity], [1, 2])
        #expect(try EmbeddingQuantizer(.uint8, ranges: ranges)(odd) == .uint8([0, 255]))
    }
}
