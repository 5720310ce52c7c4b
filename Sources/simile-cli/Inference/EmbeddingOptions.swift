import ArgumentParser
import Simile

/// What is put in front of every sentence, and how long its embedding is.
struct EmbeddingOptions: ParsableArguments {
    @OptionGroup var prompts: PromptOptions
    @Option(
        help:
            "Keep the first so many numbers of each embedding, as models trained with matryoshka_dims allow."
    )
    var truncateDim: Int?

    func apply(to model: SentenceTransformer) throws {
        try prompts.apply(to: model)
        if let truncateDim { try model.truncateEmbeddings(to: truncateDim) }
    }
}
