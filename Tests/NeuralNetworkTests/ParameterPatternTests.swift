import NeuralNetwork
import Tensors
import Testing

@Suite struct ParameterPatternTests {
    @Test(arguments: [
        ("encoder.layer.1", "encoder.layer.1.output.dense.bias", true),
        ("encoder.layer.1", "encoder.layer.10.output.dense.bias", false),
        ("encoder.layer.1.", "encoder.layer.1.output.dense.bias", true),
        ("encoder.layer.1.output.dense.bias", "encoder.layer.1.output.dense.bias", true),
        ("*.bias", "encoder.layer.1.output.dense.bias", true),
        ("*.bias", "bias", false),
        ("*.bias", "encoder.layer.1.output.dense.weight", false),
        ("*", "pooler.dense.bias", true),
        ("*.LayerNorm", "embeddings.LayerNorm.weight", true),
        ("encoder.layer.*.attention", "encoder.layer.11.attention.self.key.bias", true),
        ("encoder.layer.*.attention", "encoder.layer.11.output.dense.bias", false),
        ("enc*layer*dense*", "encoder.layer.0.output.dense.weight", true),
        ("*a*a", "a", false), ("*a*a", "aba", true), ("a*ab*b", "aabb", true), ("a**b", "ab", true),
        ("a*ba*b", "ab", false), ("", "a", false),
    ])
    func names(_ pattern: String, _ name: String, _ expected: Bool) {
        #expect(ParameterPattern(pattern).matches(name) == expected)
    }

    @Test func storesAreSearched() throws {
        let store = ParameterStore(source: .random(seed: 1))
        let layer = store.root / "encoder" / "layer" / "0"
        let stack = Linear(
            stacking: ["query", "key", "value"], 2, 2, in: layer / "self", weight: .zeros)
        let dense = Linear(2, 2, in: layer / "dense", weight: .zeros)
        func named(_ text: String) throws(ParameterPatternError) -> [String] {
            try store.named(ParameterPattern(text)).map(\.name)
        }
        #expect(try named("*.bias") == [stack.bias.name, dense.bias.name])
        #expect(try named("*.self") == [stack.weight.name, stack.bias.name])
        #expect(
            throws: ParameterPatternError.namesNothing(
                pattern: "encoder.layr.0", suggestion: "encoder.layer.0")
        ) { try named("encoder.layr.0") }
        #expect(throws: ParameterPatternError.self) { try named("*.beta") }
        let split = #expect(throws: ParameterPatternError.self) { try named("*.query") }
        #expect(split?.description.contains("self.key.weight") == true)
    }
}
