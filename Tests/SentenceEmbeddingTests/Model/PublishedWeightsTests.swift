import Foundation
import HDF5
import NeuralNetwork
import Serialization
import Testing

@testable import SentenceEmbedding

/// A model's folder with the weights in the other forms that Hugging Face publishes.
@Suite struct PublishedWeightsTests {
    private let folder: TemporaryFolder
    private let model: SentenceTransformer
    private var place: URL { folder("model") }

    init() throws {
        folder = TemporaryFolder()
        model = try TinyModel.make()
        try model.write(to: folder("model"))
        try folder.removeManifest(of: "model")
        try FileManager.default.removeItem(at: folder("model/model.safetensors"))
    }

    private func open() throws -> SentenceTransformer { try SentenceTransformer(folder: place) }

    private func expectError(_ parts: String...) {
        let error = #expect(throws: ParameterError.self) { try open() }
        for part in parts {
            #expect(error?.description.contains(part) == true, "\(error?.description ?? "")")
        }
    }

    // MARK: - PyTorch

    @Test func torchWithPrefixOldNamesAndHeads() throws {
        let arrays = model.arrays.map { array in
            var array = array
            array.name =
                "bert."
                + array.name
                .replacing("LayerNorm.weight", with: "LayerNorm.gamma")
                .replacing("LayerNorm.bias", with: "LayerNorm.beta")
            return array
        }
        let ids = PublishedArray(
            name: "bert.embeddings.position_ids", shape: [1, 2], values: [0, 1])
        let head = PublishedArray(name: "cls.predictions.bias", shape: [1], values: [9])
        try torchFile([ids] + arrays + [head]).write(to: folder("model/pytorch_model.bin"))
        #expect(try open().parameters.bits == model.parameters.bits)
    }

    @Test func incompleteTorchIsRefused() throws {
        let url = folder("model/pytorch_model.bin")
        var arrays = model.arrays
        arrays.removeAll { $0.name == "encoder.layer.1.output.dense.bias" }
        arrays[2].shape.reverse()
        try torchFile(arrays).write(to: url)
        expectError(
            "pytorch_model.bin: the weights do not fit the configuration",
            "1 missing: encoder.layer.1.output.dense.bias",
            "1 of another shape: embeddings.token_type_embeddings.weight is [32, 2]",
            "Check that config.json and the weights belong to the same model")
        try torchFile(
            [PublishedArray(name: "encoder.layer.2.x", shape: [1], values: [1])] + model.arrays
        )
        .write(to: url)
        expectError("1 unexpected: encoder.layer.2.x")
        try torchFile(model.arrays).dropLast(1).write(to: url)
        let cut = #expect(throws: SerializationError.self) { try open() }
        #expect(cut?.description.contains("pytorch_model.bin: cut short") == true)
    }

    @Test func torchShards() throws {
        let arrays = model.arrays
        let shards = [
            "pytorch_model-1.bin": arrays.prefix(7), "pytorch_model-2.bin": arrays.dropFirst(7),
        ]
        var map: [String: String] = [:]
        for (file, arrays) in shards {
            try torchFile(Array(arrays)).write(to: folder("model/" + file))
            for array in arrays { map[array.name] = file }
        }
        try JSONEncoder().encode(["weight_map": map])
            .write(to: folder("model/pytorch_model.bin.index.json"))
        #expect(try open().parameters.bits == model.parameters.bits)
    }

    // MARK: - Keras

    private func writeKeras(_ arrays: [PublishedArray], _ layout: KerasLayout = .matrices) throws {
        try writeKerasFile(
            arrays, to: folder("model/tf_model.h5"), headCount: model.bert.configuration.headCount,
            layout: layout)
    }

    @Test(arguments: KerasLayout.allCases)
    func kerasGivesTheSameBits(_ layout: KerasLayout) throws {
        try writeKeras(model.arrays, layout)
        #expect(try open().parameters.bits == model.parameters.bits)
        let weights = try KerasWeights(folder("model/tf_model.h5"))
        #expect(
            weights.names.prefix(2) == [
                "bert.embeddings.word_embeddings.weight",
                "bert.embeddings.position_embeddings.weight",
            ])
        #expect(weights.names.last == "cls.predictions.bias")
        #expect(weights.shape(of: "bert.encoder.layer.1.intermediate.dense.weight") == [64, 32])
        #expect(weights.shape(of: "bert.none") == nil)
    }

    @Test func incompleteKerasIsRefused() throws {
        var arrays = model.arrays
        arrays.removeAll { $0.name == "embeddings.LayerNorm.weight" }
        try writeKeras(arrays)
        expectError(
            "tf_model.h5: the weights do not fit the configuration",
            "1 missing: embeddings.LayerNorm.weight",
            "Check that config.json and the weights belong to the same model")
    }

    /// The parts of a long list of names; a name or a shape that no weight has.
    @Test func kerasLists() throws {
        func write(_ weights: [(name: String, shape: [Int])]) throws -> URL {
            let url = folder("lists.h5")
            let file = try HDF5File(creating: url.path, replacing: true)
            try file.root.attributes.set("layer_names0", to: ["a"])
            try file.root.attributes.set("layer_names1", to: ["b"])
            for layer in ["a", "b"] {
                let group = try file.root.createGroup(layer)
                let names = weights.filter { $0.name.hasPrefix(layer) }.map(\.name)
                try group.attributes.set("weight_names", to: names)
                for (name, shape) in weights where names.contains(name) {
                    let values = [Float](repeating: 1, count: shape.reduce(1, *))
                    let levels = name.split(separator: "/").map(String.init)
                    if levels.count == 2 {
                        if try !group.contains(levels[0]) { _ = try group.createGroup(levels[0]) }
                        try group.group(named: levels[0]).write(values, shape: shape, as: levels[1])
                    } else {
                        try group.write(values, shape: shape, as: name)
                    }
                }
            }
            try file.close()
            return url
        }
        func message(_ weights: [(name: String, shape: [Int])]) throws -> String {
            let url = try write(weights)
            let error = #expect(throws: SerializationError.self) { try KerasWeights(url) }
            return error?.description ?? ""
        }
        #expect(
            try KerasWeights(write([("a1/x:0", [1]), ("b1/y:0", [2])])).names == ["x", "y"])
        #expect(
            try message([("a1/x:0", [1]), ("b1/x:0", [2])]).contains(
                "lists.h5: /a/a1/x:0 and /b/b1/x:0 are both x"))
        #expect(
            try message([("a1/kernel:0", [2])]).contains(
                "/a/a1/kernel:0 [2] is not a weight as Keras names them"))
        #expect(try message([("a:0", [2])]).contains("/a/a:0 [2] is not a weight"))
    }

    @Test func otherFilesAreNotKeras() throws {
        let file = try HDF5File(creating: folder("model/tf_model.h5").path)
        try file.root.attributes.set("format", to: 1)
        try file.close()
        let error = #expect(throws: HDF5Error.self) { try open() }
        #expect(error?.description.contains("layer_names") == true, "\(error?.description ?? "")")
    }
}
