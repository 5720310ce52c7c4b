import ExampleFiles
import Foundation
import Losses
import ModelFolders
import NeuralNetwork
import TestSupport
import Testing

@testable import SentenceEmbedding

/// Embeddings cut to their first numbers.
@Suite struct TruncationTests {
    private let sentences = TinyModel.sentences(5, seed: 7)

    @Test func encodeGivesTheFirstNumbers() throws {
        let model = try TinyModel.make(normalizes: true)
        let whole = model.encode(sentences)
        try model.truncateEmbeddings(to: 8)
        let cut = model.encode(sentences)
        #expect(cut.shape == [5, 8])
        #expect(cut.values == whole.slice(0..<8, axis: 1).values)
        #expect(try SentenceEncoder(copying: model).encode(sentences).values == cut.values)
        try model.truncateEmbeddings(to: nil)
        #expect(model.encode(sentences).values == whole.values)
        for dimension in [0, -1, 33] {
            let error = #expect(throws: ConfigurationError.self) {
                try model.truncateEmbeddings(to: dimension)
            }
            #expect(error?.expected.hasPrefix("1...32") == true)
        }
    }

    @Test func foldersKeepTheLength() throws {
        let folder = TemporaryFolder()
        let model = try TinyModel.make()
        try model.truncateEmbeddings(to: 8)
        let expected = model.encode(sentences).values
        let path = folder.url.appending(path: "model")
        try model.write(to: path)
        let read = try SentenceTransformer(path: path.path)
        #expect(read.embeddingDimension == 8 && read.wholeDimension == 32)
        #expect(read.encode(sentences).values == expected)
        try read.truncateEmbeddings(to: nil)
        try read.write(to: path)
        #expect(try SentenceTransformer(path: path.path).embeddingDimension == 32)
    }

    @Test func checkpointsKeepTheLength() throws {
        let folder = TemporaryFolder()
        let model = try TinyModel.make()
        try model.truncateEmbeddings(to: 8)
        let file = folder.url.appending(path: "model.h5")
        try Checkpoint.write(model, to: file)
        let read = try SentenceTransformer(path: file.path)
        #expect(read.embeddingDimension == 8)
        #expect(read.encode(sentences).values == model.encode(sentences).values)
        let larger = try model.addingTokens(["zebra"])
        #expect(larger.model.embeddingDimension == 8)
    }

    /// A classifier is made for whole embeddings.
    @Test func classifiersTakeWholeEmbeddings() throws {
        let model = try TinyModel.make()
        let objective = try TinyModel.softmax(model, TinyModel.labelled(12))
        let evaluator = try LabelAccuracyEvaluator(TinyModel.labelled(12))
        let losses = ["train": try #require(objective.module.loss as? any Loss)]
        let whole = try evaluator.evaluate(model, losses: losses)
        try model.truncateEmbeddings(to: 8)
        #expect(try evaluator.evaluate(model, losses: losses) == whole)
        #expect(model.embeddingDimension == 8)
    }

    @Test func evaluationsMeasureTheFirstNumbers() throws {
        let model = try TinyModel.make()
        let evaluator = try EmbeddingSimilarityEvaluator(TinyModel.scored(12))
        let whole = try evaluator.evaluate(model)
        try model.truncateEmbeddings(to: 4)
        let expected = try evaluator.evaluate(model)
        try model.truncateEmbeddings(to: nil)
        #expect(try TruncatedEvaluator(evaluator, to: 4).evaluate(model) == expected)
        #expect(expected != whole)
        #expect(model.embeddingDimension == 32, "as before")
    }

    /// Losses see whole embeddings, whatever `encode` gives.
    @Test func trainingComputesWholeEmbeddings() throws {
        func trained(_ dimension: Int?) throws -> [String: [UInt32]] {
            let model = try TinyModel.make()
            try model.truncateEmbeddings(to: dimension)
            let trainer = try TinyModel.cosineTrainer(
                model, TinyModel.scored(16), TrainingConfiguration())
            try trainer.run()
            return model.parameters.bits
        }
        #expect(try trained(8) == (try trained(nil)))
    }

    @Test func modifiersThatDoNotGoWithTheLossAreRefused() throws {
        let model = try TinyModel.make()
        func problem(
            _ name: String, _ data: ExampleTable, _ change: (inout LossModifiers) -> Void
        ) throws -> String {
            var modifiers = LossModifiers()
            change(&modifiers)
            let module = try EmbeddingObjective(named: name, data: data, model: model).module
            let error = #expect(throws: LossError.self) {
                try EmbeddingObjective(module, data: data, modifiers: modifiers)
            }
            return error?.description ?? ""
        }
        let pairs = TinyModel.scored(4)
        #expect(
            try problem("cosine", pairs) { $0.dimensions = [64, 8] }.contains(
                "matryoshka_dims is 64; expected lengths up to that of the model's embeddings, 32"))
        #expect(
            try problem("cosine", pairs) { $0.dimensions = [8, 8] }.contains("each length once"))
        #expect(
            try problem("cosine", pairs) {
                $0.dimensions = [8, 4]
                $0.dimensionWeights = [1]
            }.contains("one for each of the 2 lengths"))
        #expect(
            try problem("cosine", pairs) { $0.adaptiveLayer.temperature = 1 }.contains(
                "adaptive_layer"))
        #expect(
            try problem("softmax", TinyModel.labelled(6)) { $0.dimensions = [8] }.contains(
                "matryoshka_dims cuts them"))
    }
}
