import Foundation
import NeuralNetwork
import Serialization
import Testing

@testable import ModelFolders

/// `modules.json` and the folders of dense layers.
@Suite struct DenseFolderTests {
    private let folder = TemporaryFolder()

    private func write(_ dense: String, types: String = "sentence_transformers.models") throws {
        let files = [
            "config.json": #"{"model_type":"bert","hidden_size":24,"num_attention_heads":3}"#,
            "modules.json": """
            [{"idx":0,"name":"0","path":"","type":"sentence_transformers.models.Transformer"},
             {"idx":1,"name":"1","path":"1_Pooling","type":"sentence_transformers.models.Pooling"},
             {"idx":2,"name":"2","path":"mine","type":"\(types).Dense"}]
            """,
            "1_Pooling/config.json": #"{"pooling_mode_mean_tokens":true}"#,
            "mine/config.json": dense,
        ]
        for (name, text) in files {
            let url = folder(name)
            try FileManager.default.createDirectory(
                at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
            try Data(text.utf8).write(to: url)
        }
    }

    private func problem(_ dense: String) throws -> String {
        try write(dense)
        let error = #expect(throws: ModelFolderError.self) { try ModelFolder(reading: folder.url) }
        return error?.description ?? ""
    }

    @Test(arguments: [
        ("torch.nn.modules.activation.Tanh", DenseConfiguration.Activation.tanh),
        ("torch.nn.modules.linear.Identity", .identity), ("torch.nn.ReLU", .relu),
        ("torch.nn.modules.activation.GELU", .gelu),
        ("torch.nn.modules.activation.Sigmoid", .sigmoid),
    ])
    func activations(_ name: String, _ activation: DenseConfiguration.Activation) throws {
        try write(
            #"{"in_features":24,"out_features":8,"bias":false,"activation_function":"\#(name)"}"#,
            types: "sentence_transformers.base.modules.dense")
        let model = try ModelFolder(reading: folder.url)
        #expect(model.densePaths == ["mine"])
        #expect(
            model.modules == [
                .dense(
                    DenseConfiguration(
                        inputs: 24, outputs: 8, hasBias: false, activation: activation))
            ])
    }

    /// What the constructor in Python takes when a key is absent.
    @Test func absentKeys() throws {
        try write(#"{"in_features":24,"out_features":8}"#)
        #expect(
            try ModelFolder(reading: folder.url).modules == [
                .dense(
                    DenseConfiguration(inputs: 24, outputs: 8, hasBias: true, activation: .tanh))
            ])
    }

    @Test func whatIsNotSupportedIsNamed() throws {
        let sizes = #""in_features":24,"out_features":8"#
        #expect(
            try problem(
                #"{\#(sizes),"activation_function":"torch.nn.modules.activation.Mish"}"#
            ).contains(
                "mine/config.json: activation_function is torch.nn.modules.activation.Mish, which is not supported; supported: torch.nn.modules.activation.Tanh"
            ))
        #expect(
            try problem(#"{\#(sizes),"activation_function":"mine.Tanh"}"#).contains(
                "activation_function is mine.Tanh"))
        #expect(
            try problem(#"{\#(sizes),"use_residual":true}"#).contains(
                "use_residual is true, which is not supported"))
        #expect(
            try problem(#"{\#(sizes),"module_input_name":"token_embeddings"}"#).contains(
                "module_input_name is token_embeddings, which is not supported; supported: sentence_embedding"
            ))
    }

    @Test func sizesMustFit() throws {
        #expect(
            try problem(#"{"in_features":25,"out_features":8}"#).contains(
                "in_features is 25, expected 24, the width of the module before"))
        #expect(
            try problem(#"{"in_features":24,"out_features":0}"#).contains(
                "out_features is 0, expected 1...65536"))
        #expect(
            try problem(#"{"in_features":24,"out_features":9000000000000000000}"#).contains(
                "out_features is 9000000000000000000, expected 1...65536"))
        #expect(
            try problem(#"{"in_features":24}"#).contains(
                "mine/config.json: out_features is missing, expected a number"))
        #expect(
            try problem(#"{"in_features":"x","out_features":8}"#).contains(
                "in_features is 'x', expected a whole number"))
    }

    @Test func aMissingFileIsNamed() throws {
        try write("{}")
        try FileManager.default.removeItem(at: folder("mine/config.json"))
        let error = #expect(throws: ModelFolderError.self) { try ModelFolder(reading: folder.url) }
        #expect(
            error?.description.hasSuffix(
                "mine/config.json: not found; expected the dense layer that modules.json names")
                == true)
    }

    @Test func writtenAndReadAgain() throws {
        let described = ModelFolder(
            configuration: BertConfiguration(
                vocabularySize: 9, hiddenSize: 24, layerCount: 1, headCount: 3, intermediateSize: 8),
            poolingModes: [.cls, .mean],
            modules: [
                .dense(DenseConfiguration(inputs: 48, outputs: 12)), .dropout(0.25), .normalize,
                .dense(
                    DenseConfiguration(
                        inputs: 12, outputs: 5, hasBias: false, activation: .identity)),
                .normalize,
            ], maxSequenceLength: 64)
        try described.write(to: folder.url)
        #expect(try ModelFolder(reading: folder.url) == described)
        for name in ["2_Dense", "3_Dropout", "4_Normalize", "5_Dense", "6_Normalize"] {
            #expect(folder.entries.contains(name))
        }
        #expect(described.densePaths == ["2_Dense", "5_Dense"])
    }
}
