import ModelLayout
import Testing

@testable import NeuralNetwork
@testable import Tensors

@Suite struct BertTests {
    static let configuration = {
        var configuration = BertConfiguration(
            vocabularySize: 50, hiddenSize: 24, layerCount: 2, headCount: 3, intermediateSize: 40)
        configuration.maxPositionEmbeddings = 40
        return configuration
    }()

    @Test func parametersHaveHuggingFaceNames() {
        let store = ParameterStore(source: .random(seed: 1))
        _ = Bert(Self.configuration, in: store.root)
        let names = store.flatMap { $0.parts.map(\.name) }
        #expect(names.count == 5 + 2 * 16 + 2)
        #expect(names.contains("embeddings.LayerNorm.weight"))
        #expect(names.contains("encoder.layer.1.attention.self.value.bias"))
        #expect(names.contains("encoder.layer.0.attention.output.LayerNorm.bias"))
        #expect(names.contains("pooler.dense.weight"))
    }

    @Test func initialValuesHaveTheirDistribution() throws {
        let store = ParameterStore(source: .random(seed: 1))
        _ = Bert(Self.configuration, in: store.root)
        let query = try #require(
            store.first { $0.name == "encoder.layer.0.attention.self.query.weight" })
        let values = query.tensor.values.map(Double.init)
        let mean = values.reduce(0, +) / Double(values.count)
        let deviation = (values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(values.count))
            .squareRoot()
        #expect(abs(mean) < 0.002)
        #expect(abs(deviation - 0.02) < 0.002)
        let norm = try #require(store.first { $0.name == "embeddings.LayerNorm.weight" })
        #expect(Set(norm.tensor.values) == [1])
    }

    /// A sentence's vectors do not depend on what is packed beside it.
    @Test func packedEqualsOneByOne() {
        let store = ParameterStore(source: .random(seed: 1))
        let bert = Bert(Self.configuration, in: store.root)
        let sentences: [[Int32]] = [
            [2, 7, 3], [2, 3], [2, 9, 8, 7, 6, 5, 4, 10, 11, 12, 3], [2, 49, 3],
        ]
        let together = bert(TokenBatch(sentences)).values
        let alone = sentences.flatMap { bert(TokenBatch([$0])).values }
        #expect(together.count == alone.count)
        #expect(zip(together, alone).allSatisfy { abs($0 - $1) < 1e-5 })
    }

    @Test func dropoutActsOnlyOnATape() {
        let store = ParameterStore(source: .random(seed: 1))
        let bert = Bert(Self.configuration, in: store.root)
        let batch = TokenBatch([[2, 7, 3]])
        #expect(bert(batch).values == bert(batch).values)
        #expect(bert(batch, on: Tape(seed: 1)).values == bert(batch, on: Tape(seed: 1)).values)
        #expect(bert(batch, on: Tape(seed: 1)).values != bert(batch, on: Tape(seed: 2)).values)
        #expect(bert(batch, on: Tape(seed: 1)).values != bert(batch).values)
    }

    private struct Weights: WeightReader {
        let source = "model.safetensors"
        var shapes: [String: [Int]]
        var names: [String] { shapes.keys.sorted() }
        func shape(of name: String) -> [Int]? { shapes[name] }
        func read(_ name: String, into buffer: inout MutableSpan<Float>) {
            for i in buffer.indices { buffer[i] = 0 }
        }
    }

    /// Weights that do not fit are all named in one error.
    @Test func problemsAreReportedTogether() {
        let full = ParameterStore(source: .random(seed: 1))
        _ = Bert(Self.configuration, in: full.root)
        var weights = Weights(shapes: [:])
        for part in full.flatMap(\.parts) { weights.shapes[part.name] = part.shape.array }

        let exact = ParameterStore(source: .weights(weights))
        _ = Bert(Self.configuration, in: exact.root)
        #expect(throws: Never.self) { try exact.validate() }

        weights.shapes["pooler.dense.weight"] = nil
        weights.shapes["encoder.layer.0.output.dense.bias"] = nil
        weights.shapes["embeddings.word_embeddings.weight"] = [51, 24]
        weights.shapes["adapter.weight"] = [3]
        let store = ParameterStore(source: .weights(weights))
        _ = Bert(Self.configuration, in: store.root)
        #expect(store.initialized == ["pooler.dense.weight"])
        let error = #expect(throws: ParameterError.self) { try store.validate() }
        #expect(
            error?.description
                == "model.safetensors: the weights do not fit the configuration: 1 missing: encoder.layer.0.output.dense.bias; 1 of another shape: embeddings.word_embeddings.weight is [51, 24], expected [50, 24]; 1 unexpected: adapter.weight. Check that config.json and the weights belong to the same model and that the file is complete"
        )
    }

    /// A configuration cannot ask for memory that no weights bear out.
    @Test func nothingIsAllocatedForWeightsThatAreNotThere() {
        var configuration = Self.configuration
        configuration.hiddenSize = 3 << 22
        configuration.intermediateSize = 1 << 24
        let store = ParameterStore(
            source: .weights(Weights(shapes: ["embeddings.word_embeddings.weight": [50, 24]])))
        _ = Bert(configuration, in: store.root)
        let error = #expect(throws: ParameterError.self) { try store.validate() }
        #expect(error?.missing.count == 4 + 2 * 16)
    }

    /// Computing a layer again gives the gradients of keeping it: to the last bit without dropout, and
    /// with dropout those of the function that the forward pass computed.
    @Test(arguments: [Float(0), 0.1])
    func gradientCheckpointing(dropout: Float) throws {
        var configuration = Self.configuration
        configuration.hiddenDropout = dropout
        configuration.attentionDropout = dropout
        let store = ParameterStore(source: .random(seed: 1))
        let bert = Bert(configuration, in: store.root)
        let batch = TokenBatch([[2, 7, 9, 3], [2, 8, 3]])
        func loss(_ checkpointing: Bool) -> (value: Float, gradients: [[Float]?]) {
            let tape = Tape(seed: 5, gradientCheckpointing: checkpointing)
            let value = bert(batch, on: tape).squared().slice(1..<4).tanh().sum()
            store.clearGradients()
            tape.backward(from: value)
            return (value.item(), store.map { $0.gradient?.values })
        }
        let (kept, again) = (loss(false), loss(true))
        if dropout == 0 {
            #expect(kept.value == again.value)
            #expect(kept.gradients == again.gradients)
        } else {
            #expect(kept.value != again.value)
            #expect(loss(true).gradients == again.gradients)
            let bias = try #require(
                Array(store).firstIndex { $0.name == "encoder.layer.0.output.dense.bias" })
            let parameter = Array(store)[bias]
            let analytic = try #require(again.gradients[bias])[3]
            func shifted(_ step: Float) -> Float {
                func move(_ by: Float) {
                    parameter.setValues(of: parameter.parts[0]) { $0[3] += by }
                }
                move(step)
                defer { move(-step) }
                return loss(true).value
            }
            let numeric = (shifted(1e-2) - shifted(-1e-2)) / 2e-2
            #expect(abs(numeric - analytic) < 2e-2 * max(1, abs(analytic)))
        }
    }
}
