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

    /// Files of other rows, with what is asked of them.
    static let tables: [(text: String, request: ExampleRequest)] = [
        (
            #"{"query": "Q\u00e9", "pos": ["P1", "P2"], "neg": ["N1"], "pos_scores": [1, 2], "neg_scores": [3]}"#
                + "\n"
                + #"{"query": "R", "pos": ["P3"], "neg": ["N2"], "pos_scores": [1.5], "neg_scores": [-3]}"#,
            ExampleRequest(columns: 2...64, labels: .vectors, allowsMissingTexts: true)
        ),
        (
            #"{"query": "Q", "positive_passages": [{"title": "T", "text": "P"}], "negative_passages": [{"text": "N"}, {"text": "M"}]}"#
                + "\n"
                + #"{"query": "R", "positive_passages": [{"text": "P"}], "negative_passages": []}"#,
            ExampleRequest(columns: 2...3, allowsMissingTexts: true)
        ),
        (
            "anchor\tpositive\tnegative_1\tnegative_2\nA.\tB.\tC.\tD.\nE.\tF.\tG.\t\nH.\tI.\t\t\n",
            ExampleRequest(columns: 2...8, allowsMissingTexts: true)
        ),
        (#"["A", "B"]"# + "\n" + #"["C \ud83d\ude00", "D"]"#, ExampleRequest(columns: 2...2)),
        (
            #"{"set": ["A", "B", "C"]}"# + "\n" + #"{"set": ["D", "E"]}"#,
            ExampleRequest(columns: 2...2)
        ),
        (
            "text,label\n\"a, \"\"b\"\"\",3\nc,1\nd,3\n",
            ExampleRequest(columns: 1...1, labels: .classes)
        ),
        (
            "query\tpositive\tnegative\tscore_pos\tscore_neg\nA.\tB.\tC.\t1\t-2.5\nD.\tE.\tF.\t3\t4\n",
            ExampleRequest(columns: 3...3, labels: .vectors)
        ),
        ("A line.\nAnother, é.\r\n\nThe last", ExampleRequest(columns: 1...1)),
        (
            "sentence1\tsentence2\tmargin\nA.\tB.\t2\n",
            ExampleRequest(columns: 2...2, labels: .rawScores)
        ),
    ]

    /// What is read is what the table gives again: texts that are none but in the last columns, labels for each row,
    /// and the same digest as the rows in memory.
    @Test func damagedTables() async {
        await #expect(processExitsWith: .success) {
            let seeds = FileFuzzTests.tables.map { Array($0.text.utf8) }
            Fuzz.run(
                seeds, expects: { ($0 as? ExampleFileError)?.description.hasPrefix("f") == true }
            ) { bytes, index in
                var options = ExampleFileOptions()
                options.maxRejectedShare = 1
                let (table, report) = try ExampleFile.read(
                    contents: bytes, name: "f", options: options,
                    as: FileFuzzTests.tables[index].request)
                try #require(table.count > 0 && table.count == report.examples)
                #expect(table.labels.count ?? table.count == table.count)
                var columns = table.columnNames.map { (name: $0, texts: [String?]()) }
                for row in 0..<table.count {
                    let texts = table.texts(row)
                    let present = texts.prefix { $0 != nil }
                    #expect(present.allSatisfy { $0.map { !TextContent.isBlank($0) } ?? false })
                    #expect(texts.dropFirst(present.count).allSatisfy { $0 == nil })
                    for column in columns.indices { columns[column].texts.append(texts[column]) }
                }
                let same = ExampleTable(name: "f", columns: columns, labels: table.labels)
                #expect(same.digest == table.digest)
            }
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
