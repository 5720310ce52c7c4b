import Foundation
import HDF5
import ModelFolders
import ModelLayout
import NeuralNetwork
import Serialization
import Tensors
import Testing

@testable import SentenceEmbedding

@Suite struct DenseTests {
    private static let layers = [
        DenseConfiguration(inputs: 32, outputs: 20),
        DenseConfiguration(inputs: 20, outputs: 6, hasBias: false, activation: .sigmoid),
    ]

    private func model() throws -> SentenceTransformer {
        try TinyModel.make(dense: Self.layers, normalizes: true)
    }

    @Test func theForwardPass() throws {
        let model = try model()
        #expect(model.embeddingDimension == 6)
        let batch = TokenBatch(model.tokenize(["a dog runs .", "the cat"]))
        let pooled = model.pooling(model.bert(batch), batch.layout)
        var weights: [String: Tensor] = [:]
        for parameter in model.parameters { weights[parameter.name] = parameter.tensor }
        let first = try #require(weights["2_Dense.linear.weight"])
        let bias = try #require(weights["2_Dense.linear.bias"])
        let second = try #require(weights["3_Dense.linear.weight"])
        #expect(weights["3_Dense.linear.bias"] == nil)
        let expected =
            ((pooled.matmul(first.transposed()) + bias).tanh()
            .matmul(second.transposed())).sigmoid().normalized()
        let found = model(batch)
        #expect(found.shape == [2, 6])
        #expect(zip(found.values, expected.values).allSatisfy { abs($0 - $1) < 1e-5 })
    }

    @Test(arguments: [
        (DenseConfiguration.Activation.identity, [-1, 2] as [Float]), (.relu, [0, 2]),
        (.tanh, [-0.761594, 0.964028]), (.sigmoid, [0.268941, 0.880797]),
        (.gelu, [-0.158655, 1.954500]),
    ])
    func activations(_ activation: DenseConfiguration.Activation, _ expected: [Float]) {
        let layer = Dense(
            DenseConfiguration(inputs: 1, outputs: 1, hasBias: false, activation: activation),
            in: ParameterStore(source: .weights(One())).root)
        let values = layer(Tensor([-1, 2], [2, 1])).values
        #expect(zip(values, expected).allSatisfy { abs($0 - $1) < 1e-5 }, "\(values)")
    }

    /// A weight of 1.
    private struct One: WeightReader {
        let source = "one"
        let names = ["weight"]
        func shape(of name: String) -> [Int]? { [1, 1] }
        func read(_ name: String, into buffer: inout MutableSpan<Float>) { buffer[0] = 1 }
    }

    @Test func theFolderComesBackWhole() throws {
        let folder = TemporaryFolder()
        let model = try model()
        try model.write(to: folder("model"))
        let again = try SentenceTransformer(path: folder("model").path)
        #expect(again.parameters.bits == model.parameters.bits)
        #expect(again.dense.map(\.configuration) == Self.layers)
        let sentences = TinyModel.sentences(5, seed: 4)
        #expect(again.encode(sentences).values == model.encode(sentences).values)
        let file = try SafetensorsFile(folder("model/2_Dense/model.safetensors"))
        #expect(file.names.sorted() == ["linear.bias", "linear.weight"])
        let encoder = try SafetensorsFile(folder("model/model.safetensors"))
        #expect(encoder.names.allSatisfy { !$0.contains("Dense") })
    }

    @Test func missingAndMisshapenWeightsAreNamed() throws {
        let folder = TemporaryFolder()
        try model().write(to: folder("model"))
        let weights = folder("model/3_Dense/model.safetensors")
        try FileManager.default.removeItem(at: weights)
        let missing = #expect(throws: ModelFolderError.self) {
            try SentenceTransformer(path: folder("model").path)
        }
        #expect(
            missing?.description.contains("3_Dense/model.safetensors: not found; expected") == true)
        try FileManager.default.copyItem(
            at: folder("model/2_Dense/model.safetensors"), to: weights)
        let other = #expect(throws: ParameterError.self) {
            try SentenceTransformer(path: folder("model").path)
        }
        #expect(
            other?.description.contains("3_Dense.linear.weight is [20, 32], expected [6, 20]")
                == true)
        #expect(other?.unexpected == ["3_Dense.linear.bias"])
        #expect(other?.description.contains("3_Dense/model.safetensors") == true)
    }

    /// A run that is stopped and resumed trains the layers too, and ends in the same bits.
    @Test func isTrainedSavedAndResumed() throws {
        let folder = TemporaryFolder()
        var configuration = TrainingConfiguration()
        configuration.batchSize = 8
        configuration.learningRate = 1e-3
        func trainer(_ model: SentenceTransformer) throws -> Trainer {
            try TinyModel.cosineTrainer(model, TinyModel.scored(32), configuration)
        }
        let start = try model().parameters.bits
        let whole = try trainer(model())
        try whole.run()
        let first = try trainer(model())
        try first.run([
            OnEvent(stopAfter: 2),
            Saving { trainer, _ in try Checkpoint.write(trainer, to: folder("stopped.h5")) },
        ])
        let checkpoint = try Checkpoint(folder("stopped.h5"))
        let second = try trainer(checkpoint.model())
        try checkpoint.restore(second)
        try second.run()
        #expect(second.model.parameters.bits == whole.model.parameters.bits)
        for name in ["2_Dense.linear.weight", "2_Dense.linear.bias", "3_Dense.linear.weight"] {
            #expect(whole.model.parameters.bits[name] != start[name], "\(name)")
        }
        #expect(second.model.dense.map(\.configuration) == Self.layers)
    }

    /// The modules of a checkpoint of before there was a list of them.
    @Test(arguments: [true, false])
    func checkpointsWithoutAList(normalizes: Bool) throws {
        let folder = TemporaryFolder()
        let path = folder("old.h5").path
        do {
            let file = try HDF5File(creating: path)
            try file.root.attributes.set("format", to: "simile-checkpoint")
            try file.root.attributes.set("format_version", to: 1)
            let group = try file.root.createGroup("model")
            try group.attributes.set("normalize", to: normalizes)
            try group.attributes.set(
                "dense",
                to:
                    #"[{"in_features":32,"out_features":8,"bias":true,"activation_function":"Tanh"}]"#
            )
            try file.close()
        }
        let checkpoint = try Checkpoint(URL(filePath: path))
        let modules = try checkpoint.modules(checkpoint.file.root.group(named: "model"))
        let dense = SentenceModule.dense(DenseConfiguration(inputs: 32, outputs: 8))
        #expect(modules == (normalizes ? [dense, .normalize] : [dense]))
    }

    @Test func layersMustFit() throws {
        let error = #expect(throws: ConfigurationError.self) {
            try TinyModel.make(dense: [DenseConfiguration(inputs: 31, outputs: 4)])
        }
        #expect(
            error?.description
                == "in_features is 31; expected 32, the width of the module before")
    }
}
