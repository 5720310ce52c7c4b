import ExampleFiles
import JSON
import Losses
import NeuralNetwork
import Settings
import Tensors
import TestSupport
import Testing

/// Losses at fewer dimensions and after fewer layers against sentence-transformers'.
@Suite("Golden nested losses") struct NestedGoldenTests {
    @Test func casesCanBeRead() throws {
        #expect(throws: Never.self) { try NestedCase.read() }
    }

    @Test(arguments: NestedCase.all) func agreesWithSentenceTransformers(_ golden: NestedCase)
        throws
    {
        let type = try #require(Losses.all.first { "\($0)" == golden.inner })
        try compare(type, golden)
    }

    private func compare<L: Loss>(_: L.Type, _ golden: NestedCase) throws {
        let label = golden.label
        let isVector = label?.elements?.first?.elements != nil
        let vectors = isVector ? label?.elements?.map(\.numbers) ?? [] : []
        let labels: LabelColumn =
            label == nil
            ? .none
            : isVector
                ? .vectors({ vectors[$0] }, count: vectors.count, width: vectors[0].count)
                : .scores(label?.numbers ?? [])
        let columns = golden.columns.count
        let rows = golden.columns[0][0].shape[0]
        let module = try LossModule(
            L.self,
            context: LossContext(
                dimension: golden.columns[0][0].shape[1], columns: columns,
                labelWidth: isVector ? vectors[0].count : 1, hasLabels: label != nil))
        let values = try #require(L.Label.values(of: labels, rows: 0..<rows))
        let loss = try #require(module.loss as? L)
        let modifiers = golden.modifiers
        try modifiers.check(module)

        let tape = Tape()
        // The rows of all columns under each other, after each layer.
        let layers = golden.columns[0].indices.map { layer in
            golden.columns.map { tape.watch($0[layer].tensor) }
        }
        let value = modifiers(
            layers.map { Tensor.concatenated($0) },
            layers: modifiers.layers(of: layers.count - 1, seed: 1) ?? [], seed: 1
        ) { x in
            loss((0..<columns).map { x.slice($0 * rows..<($0 + 1) * rows) }, labels: values)
        }
        #expect(abs(Double(value.item()) - golden.value) <= 1e-5 * max(1, abs(golden.value)))
        let gradients = tape.backward(from: value)
        let largest = golden.gradients.joined().joined().map(abs).max() ?? 0
        for column in 0..<columns {
            for layer in layers.indices {
                let expected = golden.gradients[column][layer]
                let found =
                    gradients[layers[layer][column]]?.values
                    ?? Array(repeating: 0, count: expected.count)
                let worst = zip(found, expected).map { abs($0 - $1) }.max() ?? 0
                #expect(
                    found.count == expected.count && worst <= 1e-4 * largest + 1e-7,
                    "column \(column + 1) after layer \(layer) is off by \(worst)")
            }
        }
    }
}

/// A case of `losses2.json` that wraps another loss.
struct NestedCase: CustomTestStringConvertible, Sendable {
    let loss: String
    let inner: String
    let options: String
    let modifiers: LossModifiers
    /// The embeddings of each column after each layer.
    let columns: [[Matrix]]
    let label: JSONValue?
    let value: Double
    let gradients: [[[Float]]]

    var testDescription: String { "\(loss) \(options)" }

    static let all: [NestedCase] = (try? read()) ?? []

    static func read() throws -> [NestedCase] {
        guard let contents = try GoldenFolder.contents(of: "losses2.json") else { return [] }
        let json = try JSONValue(parsing: contents)
        let inputs = try #require(json["inputs"]?.members)
        let matrices = Dictionary(uniqueKeysWithValues: inputs.map { ($0.key, Matrix($0.value)) })
        return try #require(json["cases"]?.elements).compactMap { item in
            let loss = try #require(item["loss"]?.string)
            guard GoldenCase.wrappers.contains(loss) else { return nil }
            let options = try #require(item["options"])
            var inner = try #require(options["loss_inner"]?.string)
            if inner.hasPrefix("Cached") { inner.removeFirst(6) }
            var members = options.members ?? []
            members.removeAll {
                $0.key == "loss_inner" || $0.value == .null
            }
            if loss != "MatryoshkaLoss" { members.append(.init("adaptive_layer", true)) }
            func matrix(_ name: JSONValue) throws -> Matrix {
                try #require(name.string.flatMap { matrices[$0] })
            }
            let names = try #require(item["inputs"]?.elements)
            let gradients = try #require(item["grad"]?.elements)
            return NestedCase(
                loss: loss, inner: inner, options: options.line,
                modifiers: try LossModifiers(json: JSONValue.object(members).line),
                columns: try names.map { try ($0.elements ?? [$0]).map(matrix) },
                label: item["label"].flatMap { $0 == .null ? nil : $0 },
                value: try #require(item["value"]?.double),
                gradients: zip(gradients, names).map { gradient, name in
                    name.elements == nil
                        ? [gradient.numbers] : (gradient.elements ?? []).map(\.numbers)
                })
        }
    }

}
