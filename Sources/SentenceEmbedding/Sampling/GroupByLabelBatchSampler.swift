import Support

/// Makes batches of at least two labels and of at least two rows of each, as losses need that find triplets in
/// a batch.
///
/// The rows of each label are shuffled. The labels, in an order that is drawn anew for every round, then give
/// two rows each in turn, until only one label has some left; the batches are cut from this stream. Labels with
/// fewer than two rows, the odd row of a label and what the largest label has too many of are left out, by
/// chance others in each epoch. This is the definition of sentence-transformers' sampler of this name; besides,
/// no label ends a round and begins the next.
public struct GroupByLabelBatchSampler: BatchSampler {
    /// `group_by_label`
    public static let name = "group_by_label"
    /// The number of rows in a batch, even; the last of an epoch may have fewer, but at least four.
    public let batchSize: Int
    /// The seed of the order.
    public let seed: UInt64

    /// Creates a sampler; `batchSize` is even and at least 4.
    ///
    /// - Throws: `SamplerError.batchSize` for any other.
    public init(batchSize: Int, seed: UInt64) throws(SamplerError) {
        guard batchSize >= 4, batchSize.isMultiple(of: 2) else {
            throw .batchSize(
                sampler: Self.name, found: batchSize, expected: "an even number of 4 or more")
        }
        self.batchSize = batchSize
        self.seed = seed
    }

    /// Two labels with two rows each.
    public func problem(with table: SamplerInput) -> String? {
        table.label == nil || groups(of: table).count(where: { $0.count >= 2 }) < 2
            ? "rows labelled with classes, two rows of each of at least two classes" : nil
    }

    /// The batches of an epoch; none when there are no two labels with two rows.
    public func batches(of table: SamplerInput, epoch: Int) -> RowBatches {
        var generator = SplitMix64(seed: seed, stream: 1, epoch: epoch)
        var queues = groups(of: table)
        for label in queues.indices { generator.shuffle(&queues[label]) }
        var labels = queues.indices.filter { queues[$0].count >= 2 }
        var stream: [UInt32] = []
        var last: Int?
        while labels.count >= 2 {
            generator.shuffle(&labels)
            if labels[0] == last { labels.swapAt(0, 1) }
            for label in labels {
                stream += [queues[label].removeLast(), queues[label].removeLast()]
            }
            last = labels.last
            labels.removeAll { queues[$0].count < 2 }
        }
        var batches = RowBatches(stream, of: batchSize)
        batches.remove(below: 4)
        return batches
    }

    /// The rows of each label, in the order of the labels' first rows.
    private func groups(of table: SamplerInput) -> [[UInt32]] {
        guard let label = table.label else { return [] }
        var numbers: [Int: Int] = [:]
        var groups: [[UInt32]] = []
        for row in 0..<table.count {
            let label = label(row)
            if let number = numbers[label] {
                groups[number].append(UInt32(row))
            } else {
                numbers[label] = groups.count
                groups.append([UInt32(row)])
            }
        }
        return groups
    }
}
