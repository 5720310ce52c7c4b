import ExampleFiles
import NeuralNetwork
import Settings
import Support
import Tensors
import TestSupport
import Testing

@testable import Losses

/// A loss with small random inputs of whatever kinds it takes.
struct LossCase: CustomTestStringConvertible, Sendable {
    let name: String
    let columnCount: Int
    var testDescription: String { "\(name) of \(columnCount)" }
    var type: any Loss.Type {
        get throws { try #require(Losses.all.first { $0.name == name }) }
    }

    /// Each loss with the fewest columns that it takes, and with one more where it takes more.
    static let all: [LossCase] = Losses.all.flatMap { type in
        let fewest = type.columns.lowerBound
        return (fewest...min(fewest + 1, type.columns.upperBound)).map {
            LossCase(name: type.name, columnCount: $0)
        }
    }

    private static let rows = 6
    private static let dimension = 5

    /// Random embeddings, always the same.
    var columns: [Tensor] {
        var random = SplitMix64(state: 21)
        return (0..<columnCount).map { _ in
            let values = (0..<Self.rows * Self.dimension).map { _ in
                Float.random(in: -1..<1, using: &random)
            }
            return Tensor(values, [Self.rows, Self.dimension])
        }
    }

    /// The loss with those of some settings that it has, its parameters and labels of the kind that it asks for.
    func make<L: Loss>(
        _ type: L.Type, _ settings: [(key: String, value: String)]
    ) throws -> (loss: L, parameters: ParameterStore, labels: [L.Label]) {
        let keys = L.Configuration.keys
        let members = settings.filter { keys.contains($0.key) }.map {
            #""\#($0.key)": \#($0.value)"#
        }
        let configuration = try L.Configuration(json: "{\(members.joined(separator: ", "))}")
        var refusals: [LossError] = []
        for (labels, width) in candidates where L.problem(with: labels) == nil {
            guard let values = L.Label.values(of: labels, rows: 0..<Self.rows) else { continue }
            let store = ParameterStore(source: .random(seed: 4))
            do throws(LossError) {
                let context = LossContext(
                    dimension: Self.dimension, columns: columnCount, classNames: names(labels),
                    labelWidth: width, labels: labels)
                return (try L(configuration, context, in: store.root), store, values)
            } catch { refusals.append(error) }
        }
        throw try #require(refusals.last, "\(L.name) takes none of the labels")
    }

    /// Labels of every kind, vectors of every width that columns suggest; the widest first.
    private var candidates: [(labels: LabelColumn, width: Int)] {
        let widths = [
            Self.dimension * columnCount, Self.dimension, columnCount - 1, columnCount - 2,
        ]
        let vectors = widths.filter { $0 > 0 }.map { width in
            let label = LabelColumn.vectors(
                { row in
                    var random = SplitMix64(state: UInt64(row))
                    return (0..<width).map { _ in Float.random(in: -1..<1, using: &random) }
                }, count: Self.rows, width: width)
            return (labels: label, width: width)
        }
        return vectors + [
            (.scores([0, 1, 1, 0, 1, 0]), 1),
            (.classes([0, 1, 1, 2, 0, 2], names: ["a", "b", "c"]), 1),
            (.none, 1),
        ]
    }

    private func names(_ labels: LabelColumn) -> [String] {
        if case .classes(_, let names) = labels { names } else { [] }
    }
}
