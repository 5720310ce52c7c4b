import Testing

@testable import SentenceEmbedding

@Suite struct BatchSamplerTests {
    static let samplers: [any BatchSampler] = [
        ShuffledBatchSampler(batchSize: 16, seed: 7),
        LengthGroupedBatchSampler(batchSize: 16, seed: 7, windowBatches: 4),
    ]

    @Test(arguments: [0, 1, 15, 16, 17, 333])
    func everyIndexOnceInTheFewestBatches(count: Int) {
        for sampler in Self.samplers {
            let batches = sampler.batches(
                of: SamplerInput(count: count, lengths: { $0 % 40 }), epoch: 3)
            #expect(batches.count == (count + 15) / 16)
            #expect(batches.allSatisfy { (1...16).contains($0.count) })
            #expect(batches.flatMap { $0 }.sorted() == Array(0..<count))
        }
    }

    @Test func seedsRepeatAndEpochsDiffer() {
        func order(_ seed: UInt64, _ epoch: Int) -> RowBatches {
            ShuffledBatchSampler(batchSize: 8, seed: seed)
                .batches(of: SamplerInput(count: 100), epoch: epoch)
        }
        #expect(order(1, 0) == order(1, 0))
        #expect(order(1, 0) != order(1, 1))
        #expect(order(1, 0) != order(2, 0))
        #expect(order(1, 2) != order(2, 1))
        #expect(order(1, 0).last?.count == 4)
        func grouped(_ epoch: Int) -> RowBatches {
            LengthGroupedBatchSampler(batchSize: 8, seed: 1)
                .batches(of: SamplerInput(count: 100, lengths: { $0 }), epoch: epoch)
        }
        #expect(grouped(0) == grouped(0))
        #expect(grouped(0) != grouped(1))
    }

    @Test func groupingMakesBatchesEvenAndPutsTheLargestFirst() {
        let lengths = { (index: Int) in (index * 37) % 101 }
        let sampler = LengthGroupedBatchSampler(batchSize: 10, seed: 3)
        let batches = sampler.batches(of: SamplerInput(count: 500, lengths: lengths), epoch: 0)
        func spread(_ batches: RowBatches) -> Int {
            batches.reduce(0) { sum, batch in
                let sizes = batch.map(lengths)
                return sum + (sizes.max() ?? 0) - (sizes.min() ?? 0)
            }
        }
        let shuffled = ShuffledBatchSampler(batchSize: 10, seed: 3)
            .batches(of: SamplerInput(count: 500), epoch: 0)
        #expect(spread(batches) * 10 < spread(shuffled))
        let sizes = batches.map { $0.reduce(0) { $0 + lengths($1) } }
        #expect(sizes.first == sizes.max())
        // Neither ascending nor descending: the batches are shuffled.
        #expect(sizes.dropFirst().sorted() != Array(sizes.dropFirst()))
    }

    @Test func hugeSizesDoNotOverflow() {
        let huge = LengthGroupedBatchSampler(batchSize: .max, seed: 0, windowBatches: .max)
        #expect(huge.batches(of: SamplerInput(count: 9, lengths: { $0 }), epoch: 0).count == 1)
    }

    /// The order of a run must not change between versions or platforms.
    @Test func orderIsPinned() {
        let batches = ShuffledBatchSampler(batchSize: 10, seed: 42)
            .batches(of: SamplerInput(count: 10), epoch: 0)
        #expect(batches == [[5, 2, 3, 4, 1, 0, 6, 7, 8, 9]])
    }
}
