import ArgumentParser
import Kernels
import Simile

/// What is put in front of every sentence, how long its embedding is, and in what numbers it is computed.
struct EmbeddingOptions: ParsableArguments {
    @OptionGroup var prompts: PromptOptions
    @Option(
        help:
            "Keep the first so many numbers of each embedding, as models trained with matryoshka_dims allow."
    )
    var truncateDim: Int?
    @Option(
        help:
            "What the weights are multiplied in, where the processor can: float32, bf16 (rounded to bfloat16, twice as fast) or int8 (8 bits with scales, faster still; cosines to float32 about 0.998)."
    )
    var dtype = ComputeType.float32

    func apply(to model: SentenceTransformer) throws {
        try prompts.apply(to: model)
        if let truncateDim { try model.truncateEmbeddings(to: truncateDim) }
        guard dtype != .float32 else { return }
        guard dtype.precision.isAvailable else {
            return Console.note(
                "--dtype \(dtype.rawValue): this processor does not multiply such numbers (\(dtype.instructions)), so float32"
            )
        }
        model.packWeights(dtype.precision)
    }
}

/// What the numbers are that the model's weights are multiplied in.
enum ComputeType: String, CaseIterable, ExpressibleByArgument {
    case float32
    case bf16
    case int8

    var precision: GEMM.Precision {
        switch self {
        case .float32: .float32
        case .bf16: .bfloat16
        case .int8: .int8
        }
    }

    /// What a processor does it with.
    var instructions: String { self == .int8 ? "AVX512-VNNI" : "AVX512-BF16" }
}
