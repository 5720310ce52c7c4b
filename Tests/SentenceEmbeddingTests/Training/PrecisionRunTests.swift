import Foundation
import Kernels
import TestSupport
import Testing

@testable import SentenceEmbedding

/// Runs and embeddings in less than float32.
@Suite struct PrecisionRunTests {
    private func configuration() -> TrainingConfiguration {
        var configuration = TinyTasks.configuration()
        configuration.bf16 = true
        return configuration
    }

    /// On a processor that does not multiply bfloat16 numbers this is a run in float32.
    @Test func aRunIsResumedToTheBit() throws {
        let folder = TemporaryFolder()
        let whole = try TinyTasks.trainer(configuration: configuration())
        try whole.run()
        try Checkpoint.write(whole, to: folder("whole.h5"))
        let first = try TinyTasks.trainer(configuration: configuration())
        try first.run([OnEvent(stopAfter: 7)])
        try Checkpoint.write(first, to: folder("stopped.h5"))
        let second = try TinyTasks.trainer(from: Checkpoint(folder("stopped.h5")))
        #expect(second.configuration.bf16)
        try second.run()
        try Checkpoint.write(second, to: folder("resumed.h5"))
        #expect(
            try Data(contentsOf: folder("resumed.h5")) == Data(contentsOf: folder("whole.h5")))
        let products = try Checkpoint(folder("whole.h5")).products()
        #expect(
            (products == GEMM.Precision.bfloat16.arithmetic) == GEMM.Precision.bfloat16.isAvailable)
    }

    @Test(.enabled(if: GEMM.Precision.bfloat16.isAvailable, "no AVX512-BF16"))
    func lossesAreNearThoseOfFloat32() throws {
        func losses(_ configuration: TrainingConfiguration) throws -> [Float] {
            let trainer = try TinyTasks.trainer(configuration: configuration)
            var losses: [Float] = []
            try trainer.run([OnEvent(step: { losses.append($0.loss) })])
            return losses
        }
        let (rounded, exact) = (
            try losses(configuration()), try losses(TinyTasks.configuration())
        )
        #expect(rounded != exact)
        for (rounded, exact) in zip(rounded, exact) {
            #expect(abs(rounded - exact) < 0.02 * max(1, exact))
        }
    }

    @Test(arguments: [GEMM.Precision.float32, .bfloat16, .int8].filter(\.isAvailable))
    func packedWeightsGiveAboutTheSameEmbeddings(_ precision: GEMM.Precision) throws {
        let model = try TinyModel.make(normalizes: true)
        let sentences = TinyModel.sentences(40, seed: 3)
        let exact = model.encode(sentences).values
        model.packWeights(precision)
        let packed = model.encode(sentences)
        let width = packed.shape[1]
        for row in 0..<sentences.count {
            let pair = (row * width..<(row + 1) * width).map { packed.values[$0] * exact[$0] }
            #expect(pair.reduce(0, +) > 0.99)
        }
        // An embedding does not depend on the sentences beside it.
        #expect(
            model.encode([sentences[7]]).values
                == Array(packed.values[7 * width..<8 * width]))
        #expect(try SentenceTransformer(copying: model).encode(sentences).values == exact)
        // Nor on how many are computed at a time, and by which thread.
        #expect(model.encode(sentences, tokensPerBatch: 1).values == packed.values)
        model.packWeights(nil)
        #expect(model.encode(sentences).values == exact)
    }
}
