import Foundation
import NeuralNetwork
import Serialization
import SwiftProtobuf
import Tensors
import Testing
import Tokenization

@testable import ONNX
@testable import SentenceEmbedding

/// What a model looks like as ONNX; what it computes is tested with onnxruntime.
@Suite struct BertGraphTests {
    private let folder = TemporaryFolder()

    private func model(seed: UInt64 = 1) throws -> SentenceTransformer {
        let vocabulary = try Vocabulary(tokens: ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "a", "dog"])
        var configuration = BertConfiguration(
            vocabularySize: 6, hiddenSize: 8, layerCount: 2, headCount: 2, intermediateSize: 12)
        configuration.maxPositionEmbeddings = 5
        return try SentenceTransformer(
            configuration, tokenizer: BertTokenizer(vocabulary: vocabulary), modules: [.normalize],
            source: .random(seed: seed))
    }

    private func export(
        _ model: SentenceTransformer, _ precision: ONNXPrecision
    ) throws -> ProtoGraph {
        let url = folder("model.onnx")
        try model.writeONNX(to: url, precision: precision)
        return try ProtoModel(serializedBytes: Data(contentsOf: url)).graph
    }

    private func floats(_ tensor: ProtoTensor?) throws -> [Float] {
        try #require(tensor).rawData.withUnsafeBytes { Array($0.bindMemory(to: Float.self)) }
    }

    private func values(_ model: SentenceTransformer, _ name: String) throws -> [Float] {
        for parameter in model.parameters {
            for part in parameter.parts where part.name == name {
                return parameter.withValues(of: part) { span in span.indices.map { span[$0] } }
            }
        }
        throw SerializationError.noArray(path: "the model", array: name)
    }

    @Test func inputsAndOutputs() throws {
        let graph = try export(model(), .float)
        #expect(graph.input.map(\.name) == ["input_ids", "attention_mask", "token_type_ids"])
        for input in graph.input {
            #expect(input.type.tensorType.elemType == .int64)
            #expect(
                input.type.tensorType.shape.dim.map(\.value)
                    == [.dimParam("batch"), .dimParam("sequence")])
        }
        #expect(graph.output.map(\.name) == ["last_hidden_state", "sentence_embedding"])
        #expect(
            graph.output.map { $0.type.tensorType.shape.dim.map(\.value) } == [
                [.dimParam("batch"), .dimParam("sequence"), .dimValue(8)],
                [.dimParam("batch"), .dimValue(8)],
            ])
    }

    @Test func everyWeightIsThereUnderItsName() throws {
        let model = try model()
        let tensors = Dictionary(
            uniqueKeysWithValues: try export(model, .float).initializer.map { ($0.name, $0) })
        for parameter in model.parameters {
            for part in parameter.parts where !part.name.hasPrefix("pooler.") {
                let values = try values(model, part.name)
                if let tensor = tensors[part.name] {
                    #expect(try floats(tensor) == values)
                    #expect(tensor.dims == part.shape.array.map(Int64.init))
                } else {
                    let tensor = tensors[part.name + "_transposed"]
                    let (rows, columns) = (part.shape[0], part.shape[1])
                    #expect(tensor?.dims == [Int64(columns), Int64(rows)], "\(part.name)")
                    let transposed = (0..<values.count).map { i in
                        values[i % rows * columns + i / rows]
                    }
                    #expect(try floats(tensor) == transposed, "\(part.name)")
                }
            }
        }
        #expect(tensors["embeddings.word_embeddings.weight"] != nil)
        #expect(tensors["encoder.layer.1.attention.self.key.bias"] != nil)
        #expect(tensors.keys.allSatisfy { !$0.hasPrefix("pooler") })
    }

    @Test func int8WeightsAreWithinHalfAStep() throws {
        let model = try model()
        let graph = try export(model, .int8)
        let tensors = Dictionary(
            uniqueKeysWithValues: graph.initializer.map { ($0.name, $0) })
        let name = "encoder.layer.0.intermediate.dense.weight"
        let matrix = try #require(tensors[name + "_transposed_int8"])
        #expect(matrix.dims == [8, 12])
        let scales = try floats(tensors[name + "_scale"])
        #expect(scales.count == 12)
        let exact = try values(model, name)
        for (i, byte) in matrix.rawData.enumerated() {
            let (column, row) = (i / 12, i % 12)
            let whole = Int8(bitPattern: byte)
            #expect(abs(Int(whole)) <= 63)
            #expect(
                abs(Float(whole) * scales[row] - exact[row * 8 + column])
                    <= scales[row] * 0.5001)
        }
        #expect(tensors["embeddings.word_embeddings.weight_int8"]?.dims == [6, 8])
        #expect(tensors["embeddings.word_embeddings.weight_scale"]?.dims == [6, 1])
        // Twelve products with weights; those of attention stay as they are.
        #expect(graph.node.count { $0.opType == "MatMulInteger" } == 12)
        // What they are multiplied by has a scale for each token, found when the model runs.
        #expect(graph.node.count { $0.opType == "DynamicQuantizeLinear" } == 0)
        let largest = graph.node.filter { $0.opType == "ReduceMax" }
        #expect(largest.count == 8)
        for node in largest {
            #expect(node.attribute.first { $0.name == "axes" }?.ints == [-1])
        }
    }

    @Test func int8OfANumberThatIsNoneIsRefused() throws {
        let model = try model()
        let word = try #require(model.parameters.first { $0.name.contains("word_embeddings") })
        word.setValues(of: word.parts[0]) { $0[3] = .nan }
        let url = folder("model.onnx")
        let error = #expect(throws: NonFiniteError.self) {
            try model.writeONNX(to: url, precision: .int8)
        }
        #expect(error?.array == "embeddings.word_embeddings.weight")
        #expect(error?.count == 1)
        #expect(!FileManager.default.fileExists(atPath: url.path))
    }

    @Test func equalModelsMakeEqualBytes() throws {
        try model().writeONNX(to: folder("a.onnx"))
        try model().writeONNX(to: folder("b.onnx"))
        try model(seed: 2).writeONNX(to: folder("c.onnx"))
        let bytes = try ["a", "b", "c"].map { try Data(contentsOf: folder("\($0).onnx")) }
        #expect(bytes[0] == bytes[1])
        #expect(bytes[0] != bytes[2])
    }
}
