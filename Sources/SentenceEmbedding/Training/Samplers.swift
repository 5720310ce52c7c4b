import Losses
import Settings

/// Batch samplers by their names in recipes.
public enum Samplers: String, Sendable, CaseIterable {
    /// `ShuffledBatchSampler`
    case shuffled
    /// `LengthGroupedBatchSampler`
    case lengthGrouped = "length_grouped"
    /// `NoDuplicatesBatchSampler`
    case noDuplicates = "no_duplicates"
    /// `GroupByLabelBatchSampler`
    case groupByLabel = "group_by_label"

    /// Makes the sampler.
    public func sampler(batchSize: Int, seed: UInt64) -> any BatchSampler {
        switch self {
        case .shuffled: ShuffledBatchSampler(batchSize: batchSize, seed: seed)
        case .lengthGrouped: LengthGroupedBatchSampler(batchSize: batchSize, seed: seed)
        case .noDuplicates: NoDuplicatesBatchSampler(batchSize: batchSize, seed: seed)
        case .groupByLabel: GroupByLabelBatchSampler(batchSize: batchSize, seed: seed)
        }
    }
}

/// Orders of several tasks by their names in recipes.
public enum TaskOrders: String, Sendable, CaseIterable {
    /// `Proportional`
    case proportional
    /// `RoundRobin`
    case roundRobin = "round_robin"

    /// Makes the order.
    public func order(seed: UInt64) -> any TaskOrder {
        switch self {
        case .proportional: Proportional(seed: seed)
        case .roundRobin: RoundRobin()
        }
    }
}

extension TrainingConfiguration {
    /// The sampler that suits a loss, unless texts are grouped by length.
    func sampler(for loss: any Loss.Type) -> Samplers {
        if groupByLength { return .lengthGrouped }
        return switch loss.batches {
        case .any: .shuffled
        case .withoutDuplicates: .noDuplicates
        case .withPairsOfClasses: .groupByLabel
        }
    }
}
