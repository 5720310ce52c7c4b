import Testing

@testable import SentenceEmbedding

@Suite struct GroupByLabelTests {
    private func table(_ labels: [Int]) -> SamplerInput {
        SamplerInput(count: labels.count, label: { labels[$0] })
    }

    /// Every batch has two rows of each of its labels, and two labels.
    @Test(arguments: [2, 3, 10, 60], [4, 6, 32])
    func everyBatchHasPairsOfLabels(labelCount: Int, batchSize: Int) throws {
        // From labels of one row to labels of many.
        let labels = (0..<400).map { ($0 * $0 + $0 / 3) % labelCount }
        let sampler = try GroupByLabelBatchSampler(batchSize: batchSize, seed: 4)
        for epoch in 0..<5 {
            let batches = sampler.batches(of: table(labels), epoch: epoch)
            #expect(!batches.isEmpty)
            for batch in batches {
                let counts = Dictionary(grouping: batch) { labels[$0] }.mapValues(\.count)
                #expect(counts.count >= 2 && counts.values.allSatisfy { $0 >= 2 }, "\(counts)")
            }
            #expect(batches.dropLast().allSatisfy { $0.count == batchSize })
            let rows = batches.flatMap { $0 }
            #expect(Set(rows).count == rows.count)
            // Labels take turns until one alone is left, each with whole pairs.
            let pairs = Dictionary(grouping: labels) { $0 }.values.map { $0.count / 2 }
                .sorted(by: >)
            let stream = 2 * pairs.reduce(0) { $0 + min($1, pairs[1]) }
            #expect(rows.count == (stream % batchSize == 2 ? stream - 2 : stream))
        }
        #expect(
            sampler.batches(of: table(labels), epoch: 1)
                == sampler.batches(of: table(labels), epoch: 1))
        #expect(
            sampler.batches(of: table(labels), epoch: 1)
                != sampler.batches(of: table(labels), epoch: 2))
    }

    @Test func tooFewLabelsAreAProblem() throws {
        let sampler = try GroupByLabelBatchSampler(batchSize: 4, seed: 0)
        for labels in [[], [1, 1, 1], [1, 1, 2], [1, 2, 3, 4]] {
            #expect(sampler.problem(with: table(labels)) != nil)
            #expect(sampler.batches(of: table(labels), epoch: 0) == [])
        }
        #expect(sampler.problem(with: SamplerInput(count: 9)) != nil)
        #expect(sampler.problem(with: table([1, 2, 1, 2])) == nil)
        #expect(
            sampler.batches(of: table([1, 2, 1, 2]), epoch: 0).map { $0.sorted() } == [
                [0, 1, 2, 3]
            ])
    }

    @Test(arguments: [0, 1, 2, 3, 5, 33])
    func otherBatchSizesAreErrors(_ size: Int) {
        let expected = "an even number of 4 or more"
        #expect(
            throws: SamplerError.batchSize(
                sampler: "group_by_label", found: size, expected: expected)
        ) { try GroupByLabelBatchSampler(batchSize: size, seed: 0) }
    }
}
