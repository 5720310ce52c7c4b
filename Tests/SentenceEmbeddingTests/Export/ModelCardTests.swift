import EvaluationMetrics
import Foundation
import ModelFolders
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
        var training = ModelCard.Training(
            losses: [("CosineSimilarityLoss", 40, ["train.csv"])],
            configuration: TrainingConfiguration())
        training.results = [
            ModelCard.ResultGroup(
                split: "dev", task: "semantic-similarity",
                figures: [Figure("spearman_cosine", 0.5)]),
            ModelCard.ResultGroup(
                split: "dev", task: "text-classification", figures: [Figure("accuracy", 0.25)]),
            ModelCard.ResultGroup(
                split: "test", task: "semantic-similarity",
                figures: [Figure("spearman_cosine", 1e-6), Figure("pearson_dot", .nan)]),
        ]
        training.baseModel = "all-MiniLM-L6-v2"
        training.datasets = ["sentence/stsb"]
        let card = ModelCard(model, training).text
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
        #expect(card.contains("| rows | 40 of `train.csv` |"))
        #expect(card.contains("warm-up over 10.0 % of the steps"))
        #expect(card.contains("| dev_spearman_cosine | 0.5000 |"))
    }

    @Test func howTheRunWasSteered() throws {
        var configuration = TrainingConfiguration()
        configuration.warmupSteps = 7
        configuration.layerDecay = 0.5
        configuration.learningRates = ["embeddings.*": 2]
        configuration.maxGradientValue = 3
        configuration.emaDecay = 0.25
        let training = ModelCard.Training(losses: [], configuration: configuration)
        let card = ModelCard(try TinyModel.make(), training).text
        for row in [
            "warm-up over 7 steps |", "| gradient | numbers up to 3.0, norm at most 1.0 |",
            "| rate of a layer | 0.5 of the one above |", "| rate of `embeddings.*` | 2.0 |",
            "| weights | moving average, decay 0.25 |",
        ] { #expect(card.contains(row), "\(card)") }
    }

    /// File names may hold anything; the metadata stays YAML and the table a table.
    @Test func oddNames() throws {
        var training = ModelCard.Training(
            losses: [("Loss<[Int]>", 1, ["a|`b`.csv"])], configuration: TrainingConfiguration())
        training.results = [
            ModelCard.ResultGroup(
                split: "dev", task: "evaluation", figures: [Figure("odd: name", 1)])
        ]
        training.baseModel = "my \"model\"\n---"
        training.datasets = ["- x", ""]
        let card = ModelCard(try TinyModel.make(), training).text
        let parts = card.components(separatedBy: "---\n")
        #expect(
            parts[1].split(separator: "\n").suffix(2)
                == ["- \"generated_from_trainer\"", "- \"dataset_size:1\""])
        #expect(card.contains("Fine-tuned from `my \"model\"_---`."))
        #expect(card.contains("| rows | 1 of `a__b_.csv` |"))
    }
}
