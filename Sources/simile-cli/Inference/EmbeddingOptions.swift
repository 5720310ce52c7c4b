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
            "float32, or bf16: multiply numbers rounded to bfloat16, where the processor can, about twice as fast."
    )
    var dtype = ComputeType.float32

    func apply(to model: SentenceTransformer) throws {
        try prompts.apply(to: model)
        if let truncateDim { try model.truncateEmbeddings(to: truncateDim) }
        if dtype.precision.isAvailable {
            model.precision = dtype.precision
        } else {
            Console.note(
                "--dtype \(dtype.rawValue): this processor does not multiply such numbers (AVX512-BF16), so float32"
            )
        }
    }
}

/// What the numbers are that the model's weights are multiplied with.
enum ComputeType: String, CaseIterable, ExpressibleByArgument {
    case float32
    case bf16

    var precision: GEMM.Precision { self == .bf16 ? .bfloat16 : .float32 }
}
