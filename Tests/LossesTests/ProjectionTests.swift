import ExampleFiles
import ModelLayout
import NeuralNetwork
import Tensors
import TestSupport
import Testing

@testable import Losses

/// How the layer to the length of a teacher's embeddings begins.
@Suite struct ProjectionTests {
    private static let count = 30

    /// Vectors of 6 numbers that lie in a plane.
    private static func vector(_ row: Int) -> [Float] {
        let (a, b) = (Float(row % 7) - 3, Float(row % 5) - 2)
        return [a, b, a + b, a - b, 2 * a, -b]
    }

    private static func context(_ columns: Int, width: Int = 6) -> LossContext {
        LossContext(
            dimension: 2, columns: columns, labelWidth: width,
            labels: .vectors(
                { row in (0..<width / 6).flatMap { vector(row + $0) } }, count: count, width: width)
        )
    }

    private static let settings = #"{"projection_dim": 6, "projection_init": "pca"}"#

    private static var components: PrincipalComponents {
        PrincipalComponents(count: 2, ofRows: count, width: 6, row: vector)
    }

    private func value(_ module: LossModule, _ embeddings: [Tensor], _ labels: [[Float]]) -> Float {
        func value<L: Loss>(_ loss: L) -> Float {
            loss(embeddings, labels: labels as? [L.Label] ?? []).item()
        }
        guard let loss = module.loss as? any Loss else { return .nan }
        return value(loss)
    }

    /// A student that has found the teacher's components has nothing to learn.
    @Test(arguments: ["mse", "embed_distill"])
    func principalComponents(_ name: String) throws {
        let module = try LossModule(
            named: name, settings: Self.settings, context: Self.context(1))
        let rows = (0..<8).map(Self.vector)
        let embeddings = Tensor(rows.flatMap(Self.components.project), [8, 2])
        // A vector of zeros has no direction.
        let nonzero = rows.indices.filter { rows[$0].contains { $0 != 0 } }
        #expect(
            abs(value(module, [embeddings.gather(nonzero)], nonzero.map { rows[$0] })) < 1e-5)
        let parameters = Array(module.parameters)
        #expect(parameters.map(\.name) == ["projection.weight", "projection.bias"])
        #expect(parameters[0].shape.array == [6, 2])
        let weight = parameters[0].tensor.values
        for output in 0..<6 {
            for input in 0..<2 {
                #expect(
                    weight[output * 2 + input] == Self.components.components[input * 6 + output])
            }
        }
        #expect(parameters[1].tensor.values == [0, 0, 0, 0, 0, 0])
    }

    /// Of a label for each text, all embeddings count.
    @Test func componentsOfSeveralTexts() throws {
        let module = try LossModule(
            named: "mse", settings: Self.settings, context: Self.context(2, width: 12))
        let rows = [1, 4, 9].map { Self.vector($0) + Self.vector($0 + 1) }
        let components = PrincipalComponents(count: 2, ofRows: 2 * Self.count, width: 6) {
            Self.vector($0 / 2 + $0 % 2)
        }
        let columns = [0, 6].map { first in
            Tensor(rows.flatMap { components.project(Array($0[first..<first + 6])) }, [3, 2])
        }
        #expect(abs(value(module, columns, rows)) < 1e-10)
    }

    /// What has begun already needs no labels.
    @Test func aSavedProjectionIsRead() throws {
        let first = try LossModule(named: "mse", settings: Self.settings, context: Self.context(1))
        struct Saved: WeightReader {
            let source = "a test"
            let arrays: [String: Tensor]
            var names: [String] { Array(arrays.keys) }
            func shape(of name: String) -> [Int]? { arrays[name]?.shape.array }
            func read(_ name: String, into buffer: inout MutableSpan<Float>) {
                for (i, x) in (arrays[name]?.values ?? []).enumerated() { buffer[i] = x }
            }
        }
        let saved = Saved(
            arrays: Dictionary(uniqueKeysWithValues: first.parameters.map { ($0.name, $0.tensor) }))
        let again = try LossModule(
            named: "mse", settings: first.settings,
            context: LossContext(dimension: 2, columns: 1, labelWidth: 6), source: .weights(saved))
        try again.parameters.validate()
        #expect(
            again.parameters.map(\.tensor.values) == first.parameters.map(\.tensor.values))
    }

    @Test func whereThereAreNoComponentsToTake() {
        for (settings, width, message) in [
            (
                #"{"projection_init": "pca"}"#, 2,
                "projection_init is pca; expected random where there is no projection_dim"
            ),
            (
                #"{"projection_init": "pca", "projection_dim": 1}"#, 1,
                "projection_init is pca; expected random, since the teacher's embeddings of 1 numbers have no more components and the model's have 2"
            ),
        ] {
            #expect {
                try LossModule(
                    named: "embed_distill", settings: settings,
                    context: LossContext(dimension: 2, columns: 1, labelWidth: width))
            } throws: {
                "\($0)" == message
            }
        }
    }
}
