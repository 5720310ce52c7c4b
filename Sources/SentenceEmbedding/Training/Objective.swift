import ExampleFiles
import Losses
import NeuralNetwork
import Settings
import Tensors

/// What a run minimises on some data.
public protocol Objective: AnyObject {
    /// The training data.
    var data: ExampleTable { get }
    /// The loss with its parameters.
    var module: LossModule { get }
    /// Says what a step on some rows computes, without the model, so that it can be said ahead.
    func prepare(_ rows: [Int]) -> PreparedStep
}

/// A step's work: the sentences to embed and the loss of their embeddings.
///
/// Whoever takes the step embeds the sentences, in one packed batch or in several, asks the loss on a small tape of its
/// own, and goes back through the encoder from the embeddings' gradients.
public struct PreparedStep {
    /// The rows of the data.
    public let rows: [Int]
    /// Where the sentences stand in the data, in the order of their embeddings.
    public let texts: [TextPlace]
    /// The loss of the embeddings [texts, dimension], a scalar.
    public let loss: (_ embeddings: Tensor) -> Tensor
}

/// Where a text stands in a table.
public struct TextPlace: Hashable, Sendable {
    /// The row.
    public let row: Int
    /// The column.
    public let column: Int
}

/// A loss of the embeddings of a table's texts.
public final class EmbeddingObjective: Objective {
    /// The training data.
    public let data: ExampleTable
    /// The loss with its parameters.
    public let module: LossModule

    /// Joins a loss that was made for such data with the data.
    ///
    /// - Throws: `LossError.unusable` when the data are not what the loss needs.
    public init(_ module: LossModule, data: ExampleTable) throws(LossError) {
        let type: any Loss.Type = Swift.type(of: module.loss)
        try Self.check(type, data)
        self.module = module
        self.data = data
    }

    /// Makes a loss for a model and some data; its parameters begin with numbers drawn from `seed`.
    ///
    /// - Throws: `LossError` when the data are not what the loss needs, or a setting is out of range.
    public convenience init<L: Loss>(
        _ type: L.Type, _ configuration: L.Configuration = .init(), data: ExampleTable,
        model: SentenceTransformer, seed: UInt64 = 42
    ) throws(LossError) {
        try Self.check(type, data)
        try self.init(
            LossModule(
                type, configuration, context: LossContext(model, data), source: .random(seed: seed)),
            data: data)
    }

    /// Makes the loss of a name, as recipes do; `settings` is the text of a JSON object.
    ///
    /// - Throws: `LossError` when there is none, the data are not what it needs, or a setting is wrong.
    public convenience init(
        named name: String, settings: String = "{}", data: ExampleTable,
        model: SentenceTransformer, seed: UInt64 = 42
    ) throws(LossError) {
        let type = try Losses.named(name)
        try Self.check(type, data)
        try self.init(
            LossModule(
                named: name, settings: settings, context: LossContext(model, data),
                source: .random(seed: seed)),
            data: data)
    }

    private static func check<L: Loss>(_ type: L.Type, _ data: ExampleTable) throws(LossError) {
        guard L.Label.values(of: data.labels, rows: [0][..<0]) != nil else {
            throw .unusable(
                loss: L.name, needs: "\(L.Label.description)",
                found: "\(data.name) has \(data.labels.description)")
        }
        if let problem = L.problem(with: data.labels) {
            throw L.unusable(needs: problem.needs, found: "\(data.name) has \(problem.found)")
        }
    }

    /// The columns' sentences end to end: all rows of the first, then of the second, and so on.
    public func prepare(_ rows: [Int]) -> PreparedStep {
        var texts: [TextPlace] = []
        var ends = [0]
        let mayMiss = type(of: module.loss).allowsMissingTexts
        for column in data.columnNames.indices {
            for row in rows where !mayMiss || data.text(row, column) != nil {
                texts.append(TextPlace(row: row, column: column))
            }
            ends.append(texts.count)
        }
        func prepared<L: Loss>(_ loss: L) -> PreparedStep {
            let labels = L.Label.values(of: data.labels, rows: rows) ?? []
            return PreparedStep(rows: rows, texts: texts) { [ends] embeddings in
                loss(
                    zip(ends, ends.dropFirst()).map { embeddings.slice($0..<$1) }, labels: labels)
            }
        }
        return prepared(module.loss)
    }
}

extension LossContext {
    /// The surroundings of a loss on some data for a model.
    public init(_ model: SentenceTransformer, _ data: ExampleTable) {
        var width = 1
        if case .vectors(_, _, let numbers) = data.labels { width = numbers }
        self.init(
            dimension: model.embeddingDimension, columns: data.columnNames.count,
            classNames: data.classNames, labelWidth: width, hasLabels: data.labels.count != nil,
            labels: data.labels)
    }
}
