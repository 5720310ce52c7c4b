import Foundation
import Serialization
import Testing

@testable import SentenceEmbedding

@Suite struct ModelCardTests {
    @Test func aModelThatWasNotTrained() throws {
        let card = ModelCard(try TinyModel.make(normalizes: true)).text
        #expect(
            card.hasPrefix(
                """
                ---
                library_name: sentence-transformers
                pipeline_tag: sentence-similarity
                tags:
                - "sentence-transformers"
                - "sentence-similarity"
                - "feature-extraction"
                - "dense"
                ---

                # Sentence-embedding model

                A sentence of up to 32 tokens becomes 32 numbers; the cosine
                """))
        #expect(card.contains("| 1 | Pooling | mean |\n| 2 | Normalize | length 1 |\n"))
        #expect(!card.contains("## Training"))
    }

    @Test func theResultOfARun() throws {
        let model = try TinyModel.make(dense: [DenseConfiguration(inputs: 32, outputs: 8)])
        let card = ModelCard(
            model, loss: "CosineSimilarityLoss", pairs: 40, configuration: TrainingConfiguration(),
            results: [
                ("dev_spearman_cosine", 0.5), ("dev_accuracy", 0.25),
                ("test_spearman_cosine", 1e-6), ("test_pearson_dot", .nan),
            ], baseModel: "all-MiniLM-L6-v2", data: "train.csv", datasets: ["sentence/stsb"]
        ).text
        #expect(
            card.contains(
                """
                base_model: "all-MiniLM-L6-v2"
                tags:
                """))
        #expect(
            card.contains(
                """
                - "generated_from_trainer"
                - "dataset_size:40"
                - "loss:CosineSimilarityLoss"
                datasets:
                - "sentence/stsb"
                metrics:
                - "spearman_cosine"
                - "accuracy"
                model-index:
                - name: "SentenceTransformer based on all-MiniLM-L6-v2"
                  results:
                  - task:
                      type: semantic-similarity
                      name: Semantic Similarity
                    dataset:
                      name: "dev"
                      type: "dev"
                    metrics:
                    - type: "spearman_cosine"
                      value: 0.500000
                      name: "Spearman Cosine"
                  - task:
                      type: text-classification
                """))
        #expect(card.contains("value: 0.000001\n"))
        #expect(card.contains("| 2 | Dense | 32 to 8, Tanh |"))
        #expect(card.contains("Fine-tuned from `all-MiniLM-L6-v2`."))
        #expect(card.contains("| pairs | 40 of `train.csv` |"))
        #expect(card.contains("warm-up over 10.0 % of the steps"))
        #expect(card.contains("| dev_spearman_cosine | 0.5000 |"))
    }

    /// File names may hold anything; the metadata stays YAML and the table a table.
    @Test func oddNames() throws {
        let card = ModelCard(
            try TinyModel.make(), loss: "Loss<[Int]>", pairs: 1,
            configuration: TrainingConfiguration(), results: [("odd: name", 1)],
            baseModel: "my \"model\"\n---", data: "a|`b`.csv", datasets: ["- x", ""]
        ).text
        let parts = card.components(separatedBy: "---\n")
        #expect(
            parts[1].split(separator: "\n").suffix(2)
                == ["- \"generated_from_trainer\"", "- \"dataset_size:1\""])
        #expect(card.contains("Fine-tuned from `my \"model\"_---`."))
        #expect(card.contains("| pairs | 1 of `a__b_.csv` |"))
    }
}
