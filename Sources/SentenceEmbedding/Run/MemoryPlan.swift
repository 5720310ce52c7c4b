import Foundation
import Kernels
import NeuralNetwork
import Support
import Tensors

/// About how much memory a run will need, in bytes, known before its first step: of several processes, how much each.
///
/// Rows are counted; what a step takes is that of the batch with the most tokens that is to be expected, by what was measured of
/// BERTs of 3 to 12 layers (within a quarter). What evaluations keep is not in it, nor a decoder and the scores of a whole
/// vocabulary, which some losses on texts without labels have.
///
/// Every process has all rows and weights. Of a step it computes its share, the batch divided by the processes and rounded up;
/// the encoder's outputs and their gradients it has of the whole batch.
public struct MemoryPlan: Sendable, Equatable, CustomStringConvertible {
    /// The places and labels of the rows, and their order in an epoch.
    public let rows: Int
    /// Token ids that are kept for the next epoch; it may be less.
    public internal(set) var tokens: Int
    /// The weights, their gradients, what the optimizer and an average keep of them, and the best model.
    public let weights: Int
    /// Of these the best model's, which is read back at the end beside the last; 0 where it is not.
    let bestModel: Int
    /// The largest step.
    public let step: Int
    /// The program itself.
    public let program = 64 << 20

    /// All of it.
    public var total: Int { rows + tokens + weights + step + program }

    /// The whole, and its parts in brackets.
    public var description: String {
        let parts = [
            ("rows", rows), ("token ids", tokens), ("weights", weights), ("largest step", step),
        ]
        .map { "\($0) \(Self.size($1))" }
        return "about \(Self.size(total)) (\(parts.joined(separator: ", ")))"
    }

    static func size(_ bytes: Int) -> String {
        bytes < 1_000_000_000
            ? "\((bytes + 500_000) / 1_000_000) MB" : String(format: "%.1f GB", Double(bytes) / 1e9)
    }

    /// What this process may use: that of the machine, or less where a control group says so.
    static var available: Int {
        min(
            MemoryLimit.ofControlGroups ?? .max,
            Machine.memory.total)
    }
}

extension MemoryPlan {
    /// Rows that are looked at for the longest, evenly spread.
    private static let sample = 1 << 16

    /// The plan of a run from its beginning, in which models may be evaluated.
    init(_ trainer: Trainer, evaluates: Bool = false) {
        let configuration = trainer.configuration
        let bytesOfAToken = Self.bytesOfAToken(
            trainer.model.bert.configuration,
            gradientCheckpointing: configuration.gradientCheckpointing,
            activations: trainer.activations)
        let processCount = trainer.processes?.size ?? 1
        var (rows, tokens, step) = (0, 0, 0)
        for (number, (task, cache)) in zip(trainer.tasks, trainer.tokens).enumerated() {
            let data = task.objective.data
            let (size, columns) = (task.sampler.batchSize, max(1, data.columnNames.count))
            // Two lists of the rows: their order, and the batches that are made of it.
            rows += data.memoryBytes + data.count * 2 * MemoryLayout<UInt32>.size
            rows += data.count / size * MemoryLayout<Range<Int>>.size
            let some = Array(stride(from: 0, to: data.count, by: max(1, data.count / Self.sample)))
            let lengths = cache.lengths(ofRows: some).map { Int($0) }
            let mean = lengths.reduce(0, +) / max(1, lengths.count)
            tokens += min(
                cache.limit,
                TokenCache.bytes(texts: data.count * columns, tokens: data.count * mean))
            let share = (size + processCount - 1) / processCount
            let atATime = configuration.miniBatchSize.map { ($0 + columns - 1) / columns } ?? share
            let areAlike = task.sampler is LengthGroupedBatchSampler
            let most = Self.mostTokens(in: min(share, atATime), of: lengths, areAlike: areAlike)
            var gathered = 0
            if processCount > 1 {
                let output = trainer.prepare(.init(task: number, rows: [0]), seed: 0).output
                let encoding = trainer.computation(output, seed: 0)
                let count =
                    switch encoding.rows {
                    case .sequences: size * columns
                    case .tokens: Self.mostTokens(in: size, of: lengths, areAlike: areAlike)
                    }
                // The outputs and their gradients.
                gathered =
                    2 * count * encoding.width * encoding.outputCount * MemoryLayout<Float>.size
            }
            step = max(step, most * bytesOfAToken + gathered)
        }
        (self.rows, self.tokens, self.step) = (rows, tokens, step)
        let all =
            trainer.model.allParameters
            + trainer.tasks.flatMap { Array($0.objective.module.parameters) }
        let trained = all.filter { !$0.isFrozen }
        func count(_ parameters: [Parameter]) -> Int {
            parameters.reduce(0) { $0 + $1.shape.count }
        }
        // Weights, gradients, the optimizer's moments, and the average.
        let floats =
            count(all) + count(trained) + trainer.optimizer.bufferElementCount
            + (configuration.emaDecay == nil ? 0 : count(trained))
        // With adapters the best is read into the last.
        let readsBest = evaluates && trainer.model.adapters == nil
        bestModel = readsBest ? trainer.model.parameterCount * MemoryLayout<Float>.size : 0
        weights = floats * MemoryLayout<Float>.size + bestModel
    }

    /// The most tokens that a batch of some rows can be expected to have: of the longest rows where rows of a batch are
    /// alike, else so many that chance does not bring more in a billion batches.
    private static func mostTokens(in rows: Int, of lengths: [Int], areAlike: Bool) -> Int {
        let longest = lengths.sorted(by: >).prefix(rows).reduce(0, +)
        if areAlike || lengths.isEmpty { return longest }
        let mean = Double(lengths.reduce(0, +)) / Double(lengths.count)
        let variance =
            lengths.reduce(0) { $0 + (Double($1) - mean) * (Double($1) - mean) }
            / Double(lengths.count)
        let (count, spread) = (Double(min(rows, lengths.count)), 6 * variance.squareRoot())
        return min(longest, Int(count * mean + count.squareRoot() * spread))
    }

    /// What the encoder keeps of a token for the backward pass, and what that takes besides in one layer.
    private static func bytesOfAToken(
        _ configuration: BertConfiguration, gradientCheckpointing: Bool,
        activations: Tape.ActivationPrecision
    ) -> Int {
        let (hidden, wide) = (configuration.hiddenSize, configuration.intermediateSize)
        // Query, key and value; context; both sums with their norms; the wide layer.
        let layer = 6 * hidden + wide
        let backward = 12 * hidden + 2 * wide
        let layers = configuration.layerCount
        let kept = activations == .bfloat16 ? 2 : 4
        return 4 * backward
            + (gradientCheckpointing ? 4 * layers * hidden + kept * layer : kept * layers * layer)
    }
}
