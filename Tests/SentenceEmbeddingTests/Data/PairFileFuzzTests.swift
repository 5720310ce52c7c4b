import Testing

@testable import SentenceEmbedding

/// Damaged input of every format gives pairs or an error, never a crash or a hang.
@Suite struct PairFileFuzzTests {
    static let seeds = [
        "main-news\th\t2015\t0001\t5.000\tA \"b.\tC.\nmain-news\th\t2015\t0002\t1.0\tD.\tE.\tx\n",
        PairFileFormatTests.sick,
        "neutral\tA man.\tA woman.\nentailment\tC.\tD.\n-\tE.\tF.\n",
        "score,sentence1,sentence2\r\n0.5,\"a, \"\"b\"\"\",\"two\r\nlines\"\r\n1,x,y\r\n",
        #"{"sentence1": "A\u00e9\ud83d\ude00", "sentence2": "B\n", "label": 1, "z": [{}, "]"]}"#
            + "\n" + #"{"sentence2": "B", "sentence1": "C", "label": -1, "score": 0.5}"# + "\n",
    ]

    @Test func mutatedInputsNeverTrap() {
        var generator = SplitMix64(seed: 2026)
        let special =
            Array("\"\\\t\n\r,;{}[]:-0e\0".utf8) + [0xff, 0xc3, 0xef, 0xbb, 0xbf, 0x1f, 0x8b]
        var read = 0
        for round in 0..<20_000 {
            var bytes = Array(Self.seeds[round % Self.seeds.count].utf8)
            for _ in 0...generator.below(4) where !bytes.isEmpty {
                let place = generator.below(bytes.count)
                switch generator.below(5) {
                case 0: bytes[place] = special[generator.below(special.count)]
                case 1: bytes.insert(special[generator.below(special.count)], at: place)
                case 2: bytes.remove(at: place)
                case 3: bytes.removeSubrange(place..<min(bytes.count, place + generator.below(20)))
                default: bytes += bytes[place..<min(bytes.count, place + generator.below(30))]
                }
            }
            var options = PairFileOptions()
            options.maxRejectedShare = 1
            options.scoreRange = ScoreRange(parsing: "0...5")
            options.labelOrder = .paper
            options.format = PairFormat.allCases[generator.below(10) < 7 ? 0 : generator.below(5)]
            do throws(PairFileError) {
                if round % 2 == 0 {
                    let (pairs, _) = try PairFile.readScored(
                        contents: bytes, name: "f", options: options)
                    #expect(pairs.allSatisfy { (0...1).contains($0.label) && !$0.first.isEmpty })
                } else {
                    let (pairs, _) = try PairFile.readLabelled(
                        contents: bytes, name: "f", options: options)
                    #expect(pairs.allSatisfy { (0..<3).contains($0.label) && !$0.second.isEmpty })
                }
                read += 1
            } catch {
                #expect(error.description.hasPrefix("f"))
            }
        }
        // Mutations that all fail alike would test nothing.
        #expect((4000..<19_000).contains(read))
    }
}
