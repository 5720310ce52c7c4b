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
    func prepare(_ rows: [Int], _ context: StepContext) -> PreparedStep
}

/// What an objective may ask when it prepares a step.
public struct StepContext {
    /// The token ids of texts, as the model cuts them and with what the task puts in front of them.
    public let ids: (_ texts: [TextPlace]) -> [[Int32]]
    /// The number of the model's encoder layers.
    public let layerCount: Int
    /// Decides what is random in the step.
    public let seed: UInt64

    /// Describes the surroundings of a step.
    public init(
        ids: @escaping (_ texts: [TextPlace]) -> [[Int32]], layerCount: Int, seed: UInt64
    ) {
        self.ids = ids
        self.layerCount = layerCount
        self.seed = seed
    }
}

/// A step's work: the sequences for the encoder and the loss of what it makes of them.
///
/// Whoever takes the step computes the encoder's outputs, in one packed batch or in several parts, asks the loss on a
/// small tape of its own, and goes back through the encoder from the outputs' gradients.
public struct PreparedStep {
    /// What of the model the loss is a function of.
    public enum Output: Sendable, Equatable {
        /// The sequences' embeddings: [sequences, dimension].
        case embeddings
        /// Their embeddings as the model would give them if it ended after each of some layers, in ascending order;
        /// layer 0 is what the encoder's embeddings give: of each [sequences, dimension].
        case embeddingsAfterLayers([Int])
        /// The last hidden state of every token: [tokens, hidden].
        case hiddenStates
    }

    /// The rows of the data.
    public let rows: [Int]
    /// Where the texts of the sequences stand in the data, one for each.
    public let texts: [TextPlace]
    /// The token ids that the encoder gets, in the order of its outputs.
    public let sequences: [[Int32]]
    /// What the loss is a function of.
    public let output: Output
    /// The loss of the outputs, a scalar.
    public let loss: (_ outputs: [Tensor]) -> Tensor
    /// A share of that loss; all shares add up to it. Nil where it cannot be shared out.
    public let lossOfShare: ((_ outputs: [Tensor], _ share: LossShare) -> Tensor)?

    /// Describes a step; by default the loss is one of embeddings, and is not shared out.
    public init(
        rows: [Int], texts: [TextPlace], sequences: [[Int32]], output: Output = .embeddings,
        lossOfShare: ((_ outputs: [Tensor], _ share: LossShare) -> Tensor)? = nil,
        loss: @escaping (_ outputs: [Tensor]) -> Tensor
    ) {
        self.rows = rows
        self.texts = texts
        self.sequences = sequences
        self.output = output
        self.lossOfShare = lossOfShare
        self.loss = loss
    }
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
    private let loss: any Loss
    /// What is asked of the loss besides its value on whole embeddings.
    public let modifiers: LossModifiers

    /// Joins a loss that was made for such data with the data.
    ///
    /// - Throws: `LossError` when the data are not what the loss needs, or the modifiers do not go with it.
    public init(
        _ module: LossModule, data: ExampleTable, modifiers: LossModifiers = .init()
    ) throws(LossError) {
        guard let loss = module.loss as? any Loss else {
            throw .unusable(
                loss: module.name, needs: "the tokens of texts",
                found: "this objective has their embeddings; take a SequenceObjective")
        }
        try type(of: loss).check(data)
        try modifiers.check(module)
        self.loss = loss
        self.module = module
        self.data = data
        self.modifiers = modifiers
    }

    /// Makes a loss for a model and some data; its parameters begin with numbers drawn from `seed`.
    ///
    /// - Throws: `LossError` when the data are not what the loss needs, or a setting is out of range.
    public convenience init<L: Loss>(
        _ type: L.Type, _ configuration: L.Configuration = .init(), data: ExampleTable,
        model: SentenceTransformer, modifiers: LossModifiers = .init(), seed: UInt64 = 42
    ) throws(LossError) {
        try type.check(data)
        try self.init(
            LossModule(
                type, configuration, context: LossContext(model, data), source: .random(seed: seed)),
            data: data, modifiers: modifiers)
    }

    /// Makes the loss of a name, as recipes do; `settings` is the text of a JSON object.
    ///
    /// - Throws: `LossError` when there is none, the data are not what it needs, or a setting is wrong.
    public convenience init(
        named name: String, settings: String = "{}", data: ExampleTable,
        model: SentenceTransformer, seed: UInt64 = 42
    ) throws(LossError) {
        try Losses.named(name).check(data)
        try self.init(
            LossModule(
                named: name, settings: settings, context: LossContext(model, data),
                source: .random(seed: seed)),
            data: data)
    }

    /// The columns' sentences end to end: all rows of the first, then of the second, and so on.
    public func prepare(_ rows: [Int], _ context: StepContext) -> PreparedStep {
        var texts: [TextPlace] = []
        var ends = [0]
        let mayMiss = type(of: loss).allowsMissingTexts
        for column in data.columnNames.indices {
            for row in rows where !mayMiss || data.text(row, column) != nil {
                texts.append(TextPlace(row: row, column: column))
            }
            ends.append(texts.count)
        }
        let layers = modifiers.layers(of: context.layerCount, seed: context.seed)
        /// The step for a function of the embeddings of each column.
        func step(
            isRowwise: Bool,
            _ inner: @escaping (_ columns: [Tensor], _ rows: Range<Int>) -> Tensor
        ) -> PreparedStep {
            let loss = { [ends, modifiers] (outputs: [Tensor], share: LossShare) in
                modifiers(outputs, layers: layers ?? [], seed: context.seed, share: share) {
                    embeddings in
                    inner(
                        zip(ends, ends.dropFirst()).map { embeddings.slice($0..<$1) },
                        share.rows(of: rows.count))
                }
            }
            return PreparedStep(
                rows: rows, texts: texts, sequences: context.ids(texts),
                output: layers.map { .embeddingsAfterLayers($0) } ?? .embeddings,
                lossOfShare: isRowwise ? loss : nil
            ) { loss($0, .whole) }
        }
        func ofAll<L: Loss>(_ loss: L) -> PreparedStep {
            let labels = L.Label.values(of: data.labels, rows: rows) ?? []
            return step(isRowwise: false) { columns, _ in loss(columns, labels: labels) }
        }
        func ofRows<L: RowwiseLoss>(_ loss: L) -> PreparedStep {
            let labels = L.Label.values(of: data.labels, rows: rows) ?? []
            return step(isRowwise: true) { loss($0, labels: labels, rows: $1) }
        }
        if let loss = loss as? any RowwiseLoss { return ofRows(loss) }
        return ofAll(loss)
    }
}

extension TaskLoss {
    /// Checks that a table has the labels that the loss needs.
    ///
    /// - Throws: `LossError`.
    static func check(_ data: ExampleTable) throws(LossError) {
        guard Label.values(of: data.labels, rows: [0][..<0]) != nil else {
            throw .unusable(
                loss: name, needs: "\(Label.description)",
                found: "\(data.name) has \(data.labels.description)")
        }
        if let problem = problem(with: data.labels) {
            throw unusable(needs: problem.needs, found: "\(data.name) has \(problem.found)")
        }
    }
}

extension LossContext {
    /// The surroundings of a loss on some data for a model.
    public init(_ model: SentenceTransformer, _ data: ExampleTable) {
        var width = 1
        if case .vectors(_, _, let numbers) = data.labels { width = numbers }
        self.init(
            dimension: model.wholeDimension, columns: data.columnNames.count,
            classNames: data.classNames, labelWidth: width, hasLabels: data.labels.count != nil,
            labels: data.labels, encoder: EncoderContext(model))
    }
}
