import Support
import Testing

@testable import SentenceEmbedding

@Suite struct NoDuplicatesTests {
    /// The definition, with a look at every row that is left for every batch.
    private func reference(_ texts: [[UInt64]], _ order: [UInt32], batchSize: Int) -> RowBatches {
        var left = order.map { Int($0) }
        var batches = RowBatches()
        while !left.isEmpty {
            var batch: [Int] = []
            var seen: Set<UInt64> = []
            for row in left where batch.count < batchSize && seen.isDisjoint(with: texts[row]) {
                batch.append(row)
                seen.formUnion(texts[row])
            }
            left.removeAll(where: Set(batch).contains)
            batches.append(batch)
        }
        return batches
    }

    private func table(_ texts: [[UInt64]]) -> SamplerInput {
        SamplerInput(count: texts.count, textHashes: { texts[$0] })
    }

    /// From nothing but different texts to nothing but the same, some of them twice in a row.
    @Test(arguments: [1, 2, 5, 20, 100, 100_000], [1, 4, 16])
    func equalsItsDefinition(distinctTexts: Int, batchSize: Int) {
        var generator = SplitMix64(seed: 5, epoch: distinctTexts)
        for columns in 0...3 {
            let texts = (0..<150).map { _ in
                (0..<columns).map { _ in
                    // Small numbers more often.
                    UInt64(generator.below(generator.below(distinctTexts) + 1))
                }
            }
            let sampler = NoDuplicatesBatchSampler(batchSize: batchSize, seed: 1)
            let order = shuffledRows(count: texts.count, seed: 1, epoch: 2)
            let batches = sampler.batches(of: table(texts), epoch: 2)
            #expect(batches == reference(texts, order, batchSize: batchSize))
            #expect(batches.flatMap { $0 }.sorted() == Array(texts.indices))
        }
    }

    @Test func batchesHaveNoTextTwice() {
        let texts = (0..<500).map { row in [UInt64(row % 60), UInt64(1000 + row / 7)] }
        let sampler = NoDuplicatesBatchSampler(batchSize: 32, seed: 3)
        let batches = sampler.batches(of: table(texts), epoch: 0)
        for batch in batches {
            let all = batch.flatMap { texts[$0] }
            #expect(Set(all).count == all.count)
            #expect((1...32).contains(batch.count))
        }
        #expect(batches == sampler.batches(of: table(texts), epoch: 0))
        #expect(batches != sampler.batches(of: table(texts), epoch: 1))
    }

    /// A row is looked at again only when the text that it waits for is free, not once for every batch.
    @Test func looksAtEveryRowAFewTimes() {
        // Every row has a text of its own and one of those that 10,000 rows share, as a label or a common
        // question.
        let count = 1_000_000
        var looks = 0
        let table = SamplerInput(
            count: count,
            textHashes: { row in
                looks += 1
                return [UInt64(count + row), UInt64(row % 100)]
            })
        let batches = NoDuplicatesBatchSampler(batchSize: 64, seed: 0).batches(of: table, epoch: 0)
        #expect(batches.reduce(0) { $0 + $1.count } == count)
        #expect(looks < 3 * count, "\(looks)")
    }

    @Test func rowsNeedTexts() {
        let sampler = NoDuplicatesBatchSampler(batchSize: 2, seed: 0)
        #expect(sampler.problem(with: SamplerInput(count: 3)) != nil)
        #expect(sampler.problem(with: table([[1], [2]])) == nil)
        #expect(sampler.batches(of: table([]), epoch: 0) == [])
    }
}
