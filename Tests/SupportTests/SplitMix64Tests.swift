import Support
import Testing

@Suite struct SplitMix64Tests {
    /// The first numbers of the published generator for seed 1234567.
    @Test func generatorIsSplitMix64() {
        let published: [UInt64] = [
            6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423,
        ]
        var generator = SplitMix64(state: 1_234_567)
        #expect((0..<3).map { _ in generator.next() } == published)
    }

    @Test func boundedNumbersAreEvenlySpread() {
        var generator = SplitMix64(seed: 5)
        var counts = [Int](repeating: 0, count: 7)
        for _ in 0..<7000 { counts[generator.below(7)] += 1 }
        #expect(counts.allSatisfy { (850...1150).contains($0) })
    }

    /// Runs of a seed are repeated bit by bit only as long as these stay.
    @Test func streamsArePinned() {
        var generator = SplitMix64(seed: 42, stream: 1, epoch: 3)
        #expect(generator.next() == 15_688_503_387_633_777_534)
        var numbers = Array(0..<10)
        generator.shuffle(&numbers)
        #expect(numbers == [2, 7, 8, 1, 0, 9, 6, 3, 4, 5])
    }
}
