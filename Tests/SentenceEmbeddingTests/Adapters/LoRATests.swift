import NeuralNetwork
import Serialization
import Tensors
import TestSupport
import Testing

@testable import SentenceEmbedding

/// Low-rank adapters in a model.
@Suite struct LoRATests {
    private let sentences = TinyModel.sentences(6, seed: 4)

    private func configuration(
        _ targets: [String] = ["query", "value"],
        _ change: (inout LoRAConfiguration) -> Void = { _ in }
    ) -> LoRAConfiguration {
        var configuration = LoRAConfiguration()
        configuration.rank = 3
        configuration.alpha = 6
        configuration.targetModules = targets
        change(&configuration)
        return configuration
    }

    /// A model whose adapters change something.
    private func adapted(
        _ configuration: LoRAConfiguration, dropout: Float = 0
    ) throws -> SentenceTransformer {
        let model = try TinyModel.make(dropout: dropout)
        try model.addAdapters(configuration, base: "base", seed: 7)
        for adapter in model.adapters?.list ?? [] {
            for parameter in [adapter.a, adapter.b] { fill(parameter, scale: 0.3) }
        }
        return model
    }

    /// Numbers that differ, and are the same every time.
    private func fill(_ parameter: Parameter, scale: Float) {
        for part in parameter.parts {
            parameter.setValues(of: part) { values in
                for i in values.indices { values[i] = scale * Float((i * 37 + 11) % 23 - 11) / 11 }
            }
        }
    }

    /// A and B of a part of a stack, of a whole one, and of the layer after GELU, by central differences.
    @Test(arguments: [
        ["query", "value"], ["query", "key", "value"], ["dense"],
        ["attention.output.dense", "key"],
    ])
    func gradients(_ targets: [String]) throws {
        let model = try adapted(configuration(targets))
        let batch = TokenBatch(model.tokenize(sentences))
        func loss(on tape: Tape? = nil) -> Tensor { model(batch, on: tape).squared().tanh().sum() }
        let tape = Tape()
        tape.backward(from: loss(on: tape))
        let adapters = try #require(model.adapters)
        #expect(model.parameters.allSatisfy { $0.gradient == nil })
        for parameter in adapters.parameters {
            let gradient = try #require(parameter.gradient, "\(parameter.name)").values
            let length = gradient.reduce(0) { $0 + $1 * $1 }.squareRoot()
            let old = parameter.tensor.values
            func moved(_ step: Float) -> Float {
                parameter.setValues(of: parameter.parts[0]) { values in
                    for i in values.indices { values[i] = old[i] + step * gradient[i] / length }
                }
                return loss().item()
            }
            let slope = (moved(2e-2) - moved(-2e-2)) / 4e-2
            _ = moved(0)
            #expect(
                abs(slope - length) < 0.03 * length + 2e-3,
                "\(parameter.name): \(slope), \(length)")
        }
    }

    /// B begins as zeros, so nothing changes, to the last bit.
    @Test(arguments: [["query", "value"], ["dense", "query", "key", "value"]])
    func theStartIsTheBase(_ targets: [String]) throws {
        let model = try TinyModel.make()
        let before = model.encode(sentences).values
        try model.addAdapters(configuration(targets), base: "base", seed: 7)
        #expect(model.encode(sentences).values == before)
        let a = try #require(model.adapters?.list.first).a
        let bound = 1 / Float(32).squareRoot()
        #expect(a.tensor.values.allSatisfy { abs($0) <= bound })
        #expect(a.tensor.values.contains { abs($0) > 0.8 * bound })
    }

    @Test(arguments: [["query", "value"], ["dense"], ["query", "key", "value", "dense"]])
    func mergedIsUnmerged(_ targets: [String]) throws {
        for stabilized in [false, true] {
            let model = try adapted(
                configuration(targets) { $0.usesRankStabilization = stabilized })
            let unmerged = model.encode(sentences).values
            let base = try TinyModel.make(dropout: 0).encode(sentences).values
            func difference(_ a: [Float], _ b: [Float]) -> Float {
                zip(a, b).map { abs($0 - $1) }.max() ?? .infinity
            }
            #expect(difference(unmerged, base) > 0.01)
            let copy = try SentenceTransformer(copying: model)
            #expect(copy.adapters == nil)
            #expect(difference(copy.encode(sentences).values, unmerged) < 3e-6)
            let encoder = try SentenceEncoder(copying: model)
            #expect(encoder.encode(sentences).values == copy.encode(sentences).values)
            let folder = TemporaryFolder()
            try model.write(to: folder("model"))
            #expect(
                try SentenceTransformer(path: folder("model").path).parameters.bits
                    == copy.parameters.bits)
            try Checkpoint.write(model, to: folder("model.h5"))
            #expect(
                try SentenceTransformer(path: folder("model.h5").path).parameters.bits
                    == copy.parameters.bits)
            model.mergeAdapters()
            #expect(model.parameters.bits == copy.parameters.bits)
            #expect(model.parameters.allSatisfy { !$0.isFrozen })
        }
    }

    /// α / r, and α / √r, times B · A, in numbers.
    @Test func theScale() throws {
        for (stabilized, scale) in [(false, Float(2)), (true, 6 / Float(3).squareRoot())] {
            let model = try adapted(
                configuration(["key"]) { $0.usesRankStabilization = stabilized })
            let adapter = try #require(model.adapters?.list.first)
            #expect(adapter.module == "encoder.layer.0.attention.self.key")
            let product = adapter.b.tensor.matmul(adapter.a.tensor).values
            let before = try TinyModel.make().parameters.bits[adapter.module + ".weight"]
            let after = try SentenceTransformer(copying: model)
                .parameters.bits[adapter.module + ".weight"]
            let change = try zip(#require(after), #require(before)).map {
                Float(bitPattern: $0) - Float(bitPattern: $1)
            }
            #expect(zip(change, product).allSatisfy { abs($0 - scale * $1) < 1e-5 })
        }
    }

    /// Dropout acts on what goes into A, with a mask for each adapter, and only in training.
    @Test func dropout() throws {
        let model = try adapted(configuration { $0.dropout = 0.5 })
        let batch = TokenBatch(model.tokenize(sentences))
        let inference = model(batch).values
        let first = model(batch, on: Tape(seed: 1)).values
        #expect(first != inference)
        #expect(model(batch, on: Tape(seed: 1)).values == first)
        #expect(model(batch, on: Tape(seed: 2)).values != first)
        let checkpointed = model(batch, on: Tape(seed: 1, gradientCheckpointing: true))
        #expect(checkpointed.values != inference)
    }

    @Test func whatIsTrained() throws {
        func trained(_ configuration: LoRAConfiguration) throws -> Set<String> {
            let model = try TinyModel.make()
            try model.addAdapters(configuration, base: "base", seed: 7)
            let names = model.allParameters.filter { !$0.isFrozen }.flatMap { $0.parts.map(\.name) }
            let expected = model.adapters?.trained.flatMap { $0.parts.map(\.name) } ?? []
            #expect(names.sorted() == expected.sorted())
            return Set(names)
        }
        let layers = (0..<2).map { "encoder.layer.\($0)" }
        let own = layers.flatMap { layer in
            ["query", "value"].flatMap { name in
                ["A", "B"].map { "\(layer).attention.self.\(name).lora_\($0).weight" }
            }
        }
        #expect(try trained(configuration()) == Set(own))
        let biases = try TinyModel.make().parameters.flatMap(\.parts).map(\.name)
            .filter { $0.hasSuffix(".bias") }
        #expect(try trained(configuration { $0.bias = .all }) == Set(own + biases))
        let output = try trained(configuration(["output.dense"]) { $0.bias = .adapted })
        #expect(
            output.filter { $0.hasSuffix("bias") }
                == Set(
                    layers.flatMap {
                        ["\($0).attention.output.dense.bias", "\($0).output.dense.bias"]
                    }))
    }

    @Test func whatCannotBe() throws {
        func error(_ configuration: LoRAConfiguration) throws -> AdapterError? {
            let model = try TinyModel.make()
            let found = #expect(throws: AdapterError.self) {
                try model.addAdapters(configuration, base: "base", seed: 7)
            }
            #expect(model.adapters == nil && model.parameters.allSatisfy { !$0.isFrozen })
            return found
        }
        #expect(try error(configuration([])) == .noTargets)
        #expect(
            try error(configuration(["query", "valeu"]))
                == .unknownTarget(name: "valeu", suggestion: "value"))
        #expect(
            try error(configuration(["uery"])) == .unknownTarget(name: "uery", suggestion: "query"))
        #expect(try error(configuration(["c_attn"]))?.description.contains("query, key") == true)
        guard case .biasesOfAPart = try error(configuration { $0.bias = .adapted }) else {
            Issue.record("the biases of query and value alone")
            return
        }
    }
}
