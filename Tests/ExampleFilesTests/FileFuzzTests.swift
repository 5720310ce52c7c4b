import Foundation
import Fuzzing
import Testing

@testable import ExampleFiles

/// Damaged input of every format gives examples or an error, never a crash or a hang.
@Suite struct FileFuzzTests {
    static let seeds = [
        "main-news\th\t2015\t0001\t5.000\tA \"b.\tC.\nmain-news\th\t2015\t0002\t1.0\tD.\tE.\tx\n",
        FileFormatTests.sick,
        "neutral\tA man.\tA woman.\nentailment\tC.\tD.\n-\tE.\tF.\n",
        "score,sentence1,sentence2\r\n0.5,\"a, \"\"b\"\"\",\"two\r\nlines\"\r\n1,x,y\r\n",
        #"{"sentence1": "A\u00e9\ud83d\ude00", "sentence2": "B\n", "label": 1, "z": [{}, "]"]}"#
            + "\n" + #"{"sentence2": "B", "sentence1": "C", "label": -1, "score": 0.5}"# + "\n",
    ]

    @Test func damagedFiles() async {
        await #expect(processExitsWith: .success) {
            let seeds = FileFuzzTests.seeds.map { Array($0.utf8) }
            var generator = Mutator(seed: 3)
            Fuzz.run(
                seeds, expects: { ($0 as? ExampleFileError)?.description.hasPrefix("f") == true }
            ) { bytes, index in
                try FileFuzzTests.read(bytes, isScored: [0, 1, 3].contains(index), &generator)
            }
        }
    }

    /// Most seeds have scores, labels or both; one in ten files is read as what it is not.
    private static func read(
        _ bytes: [UInt8], isScored: Bool, _ generator: inout Mutator
    ) throws {
        var options = ExampleFileOptions()
        options.maxRejectedShare = 1
        options.scoreRange = ScoreRange(parsing: "0...5")
        options.labelOrder = .paper
        let isTyped = generator.below(10) == 0
        options.format = ExampleFormat.allCases[isTyped ? generator.below(6) : 0]
        if (generator.below(10) == 0) != isScored {
            let (table, _) = try ExampleFile.read(
                contents: bytes, name: "f", options: options, as: .scoredPairs)
            let found: [Pair<Float>] = pairs(table)
            #expect(found.allSatisfy { (0...1).contains($0.label) && !$0.first.isEmpty })
        } else {
            let (table, _) = try ExampleFile.read(
                contents: bytes, name: "f", options: options, as: .labelledPairs)
            let found: [Pair<Int32>] = pairs(table)
            #expect(found.allSatisfy { (0..<3).contains($0.label) && !$0.second.isEmpty })
        }
    }

    @Test func damagedGzip() async {
        await #expect(processExitsWith: .success) {
            let folder = TemporaryFolder()
            let url = folder("f.tsv.gz")
            writeGzip(FileFuzzTests.seeds[2], to: url.path)
            Fuzz.run(
                [Array(try Data(contentsOf: url))],
                expects: { ($0 as? ExampleFileError)?.description.hasPrefix(url.path) == true }
            ) { bytes, _ in
                try Data(bytes).write(to: url)
                _ = try ExampleFile.read(url.path, as: .labelledPairs)
            }
        }
    }

    /// Three files of lines that belong together.
    @Test func damagedParallelFiles() async {
        await #expect(processExitsWith: .success) {
            let folder = TemporaryFolder()
            let paths = ["s1", "s2", "labels"].map { folder($0).path }
            let seeds = ["A man.\nB.\nC.\n", "D.\nE\u{E9}.\nF.", "neutral\n-\r\nentailment\n"].map {
                Array($0.utf8)
            }
            for (path, proper) in zip(paths, seeds) {
                try Data(proper).write(to: URL(filePath: path))
            }
            Fuzz.run(
                seeds,
                expects: {
                    ($0 as? ExampleFileError)?.description.hasPrefix(folder.url.path) == true
                }
            ) { bytes, index in
                let url = URL(filePath: paths[index])
                try Data(bytes).write(to: url)
                defer { try? Data(seeds[index]).write(to: url) }
                let (table, _) = try ExampleFile.read(parallel: paths, as: .labelledPairs)
                let found: [Pair<Int32>] = pairs(table)
                #expect(found.allSatisfy { (0..<3).contains($0.label) && !$0.second.isEmpty })
            }
        }
    }
}
