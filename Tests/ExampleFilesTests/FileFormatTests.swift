import Foundation
import Testing

@testable import ExampleFiles

/// What the readers make of well-formed files.
@Suite struct FileFormatTests {
    @Test func stsBenchmarkKeepsQuotesAndExtraFields() throws {
        let (pairs, report) = try scored(
            """
            main-news\theadlines\t2015\t0001\t5.000\tThe "old mill burns.\tThe old mill burns.
            main-forums\tdeft\t2012test\t0002\t0.500\tIt rains.\tHe sings.\tnote\tlicence

            """)
        #expect(pairs.map(\.first) == ["The \"old mill burns.", "It rains."])
        #expect(pairs.map(\.second) == ["The old mill burns.", "He sings."])
        #expect(pairs.map(\.label) == [1, 0.1])
        #expect(pairs.map(\.line) == [1, 2])
        #expect(
            report.description
                == "f.tsv: 2 pairs, as the STS benchmark's own format, using column 6, column 7, "
                + "column 5; scores 0...5 (the range of this format); seen: 0.5...5.")
    }

    static let stsBenchmark =
        "main-news\th\t2015\t0001\t5.000\tA \"b.\tC.\nmain-news\th\t2015\t0002\t1.0\tD.\tE.\tx\n"

    static let sick =
        "pair_ID\tsentence_A\tsentence_B\tentailment_label\trelatedness_score\t"
        + "SemEval_set\r\n1\tA dog runs\tA dog is running\tENTAILMENT\t5\tTRAIN\r\n"
        + "2\tA dog runs\tNo dog runs\tCONTRADICTION\t3\tTEST\r\n"

    @Test func sickAsScoresAndAsLabels() throws {
        let (pairs, report) = try scored(Self.sick)
        #expect(pairs.map(\.label) == [1, 0.5])
        #expect(report.format == "TSV with named columns (SICK)")
        #expect(
            report.warnings.map { $0.description { key, _ in "--\(key)" } } == [
                "the column 'SemEval_set' tells training from test rows, and all were read; "
                    + "choose with --filters."
            ])
        let (classes, other) = try labelled(Self.sick) {
            $0.filters = [RowFilter(parsing: "SemEval_set=TEST")].compactMap { $0 }
        }
        #expect(classes.map(\.label) == [0])
        #expect(other.filtered == 1)
        #expect(other.warnings.isEmpty)
    }

    @Test(arguments: [
        "neutral\tHe reads.\tHe reads a map.\nEntailment\tShe ran.\tShe moved.\n",
        "He reads.\tHe reads a map.\tneutral\nShe ran.\tShe moved.\tentailment",
        "sentence1\tsentence2\tgold_label\r\nHe reads.\tHe reads a map.\tneutral\r\nShe ran.\tShe moved.\tENTAILMENT\r\n",
        "id,premise,hypothesis,label\n1,He reads.,He reads a map.,neutral\n2,She ran.,\"She moved.\",entailment\n",
        "label;s1;s2\nneutral;He reads.;He reads a map.\nentailment;She ran.;She moved.\n",
        #"{"sentence1": "He reads.", "sentence2": "He reads a map.", "gold_label": "neutral", "x": [1, {"}": "]"}]}"#
            + "\n"
            + #"{"gold_label":"entailment","sentence2":"She m\u006fved.","sentence1":"She ran."}"#,
    ])
    func usualLabelledFiles(text: String) throws {
        let (pairs, report) = try labelled("\u{FEFF}" + text)
        #expect(pairs.map(\.first) == ["He reads.", "She ran."])
        #expect(pairs.map(\.second) == ["He reads a map.", "She moved."])
        #expect(pairs.map(\.label) == [2, 1])
        #expect(report.interpretation == "class ids contradiction 0, entailment 1, neutral 2")
    }

    @Test func pairsWithoutMajorityAreSkippedAndCounted() throws {
        let (pairs, report) = try labelled(
            "gold_label\tsentence1\tsentence2\n-\tA.\tB.\nneutral\tC.\tD.\n-\tE.\tF.\n")
        #expect(pairs.map(\.first) == ["C."])
        #expect(report.unlabelled == 2)
        #expect(report.description.contains("2 rows without a label were skipped."))
    }

    @Test func numericLabelsFollowTheStatedOrder() throws {
        let text =
            #"{"premise": "A.", "hypothesis": "B.", "label": 0}"# + "\n"
            + #"{"premise": "C.", "hypothesis": "D.", "label": 2}"# + "\n"
            + #"{"premise": "E.", "hypothesis": "F.", "label": -1}"#
        #expect(try labelled(text) { $0.labelOrder = .paper }.dataset.map(\.label) == [0, 2])
        let (pairs, report) = try labelled(text) { $0.labelOrder = .hub }
        #expect(pairs.map(\.label) == [1, 0])
        #expect(report.unlabelled == 1)
        #expect(
            report.interpretation.hasSuffix(
                "numbers in the file mean 0=entailment,1=neutral,2=contradiction"))
    }

    @Test func ownClasses() throws {
        let (pairs, _) = try labelled(
            "s1,s2,label\nA.,B.,same\nC.,D.,other\nE.,F.,Same\nG.,H.,part\n"
        ) {
            $0.labels = LabelSet(names: ["other", "part", "same", "whole"]) ?? .inference
        }
        #expect(pairs.map(\.label) == [2, 0, 2, 1])
    }

    @Test func quotedCSV() throws {
        let (pairs, _) = try scored(
            "score,sentence1,sentence2\r\n0.5,\"a, \"\"b\"\"\",\"two\r\nlines\"\r\n1,plain \"x\" y,z\r\n"
        ) { $0.scoreRange = .unit }
        #expect(pairs.map(\.first) == ["a, \"b\"", "plain \"x\" y"])
        #expect(pairs.map(\.second) == ["two\r\nlines", "z"])
        #expect(pairs.map(\.line) == [2, 4])
    }

    @Test func columnsByNameAndNumber() throws {
        let text = "x\tone\ttwo\tval\nq\tA.\tB.\t4\n"
        let (pairs, report) = try scored(text) {
            ($0.first, $0.second, $0.score) = (.name("Two"), .number(2), .name("val"))
            $0.scoreRange = ScoreRange(parsing: "0-8")
        }
        #expect(pairs.map(\.first) == ["B."])
        #expect(pairs.map(\.second) == ["A."])
        #expect(pairs.map(\.label) == [0.5])
        #expect(report.columns == ["'two'", "'one'", "'val'"])
    }

    @Test func gzipAndParallelFiles() throws {
        try withTemporaryDirectory { directory in
            let header = "split\tgenre\tdataset\tyear\tsid\tscore\tsentence1\tsentence2\n"
            writeGzip(
                header + "train\tg\td\ty\t1\t2.5\tA \"b.\tC.\ntest\tg\td\ty\t1\t5\tD.\tE.\n",
                to: directory + "sts.tsv.gz")
            var options = ExampleFileOptions()
            options.filters = [RowFilter(column: .name("split"), values: ["train"])]
            let (table, _) = try ExampleFile.read(
                directory + "sts.tsv.gz", options: options, as: .scoredPairs)
            let scored: [Pair<Float>] = pairs(table)
            #expect(scored.map(\.label) == [0.5])
            #expect(scored.map(\.first) == ["A \"b."])

            for (name, text) in [
                ("s1", "A.\nB\tb.\n"), ("s2", "C.\nD.\n"), ("labels", "neutral\nentailment\n"),
            ] { try Data(text.utf8).write(to: URL(fileURLWithPath: directory + name)) }
            let parallel = try ExampleFile.read(
                parallel: ["s1", "s2", "labels"].map { directory + $0 }, as: .labelledPairs)
            let labelled: [Pair<Int32>] = pairs(parallel.table)
            #expect(labelled.map(\.first) == ["A.", "B\tb."])
            #expect(labelled.map(\.label) == [2, 1])
            let names = ["s1", "s2", "labels"].map { directory + $0 }.joined(separator: ",")
            let (named, _) = try ExampleFile.read(names, as: .labelledPairs)
            #expect(named.digest == parallel.table.digest)

            try Data("C.\n".utf8).write(to: URL(fileURLWithPath: directory + "s2"))
            #expect(
                message { () throws(ExampleFileError) in
                    _ = try ExampleFile.read(
                        parallel: ["s1", "s2", "labels"].map { directory + $0 },
                        as: .labelledPairs)
                } == "\(directory)s2: ends after 1 lines while \(directory)s1 goes on; "
                    + "line n of each file must belong to the same row")
        }
    }

    @Test func digestDependsOnTextsLabelsAndOrder() {
        func digest(_ pairs: [(String, String, Float)]) -> UInt64 {
            ExampleTable(
                name: "x",
                columns: [("first", pairs.map(\.0)), ("second", pairs.map(\.1))],
                labels: .scores(pairs.map(\.2))
            ).digest
        }
        let base = digest([("a", "b", 0.5), ("c", "d", 1)])
        #expect(base == digest([("a", "b", 0.5), ("c", "d", 1)]))
        #expect(base != digest([("c", "d", 1), ("a", "b", 0.5)]))
        #expect(base != digest([("a", "b", 0.25), ("c", "d", 1)]))
        #expect(digest([("ab", "c", 1)]) != digest([("a", "bc", 1)]))
    }

    @Test func optionsSurviveCoding() throws {
        var options = ExampleFileOptions()
        options.first = .number(3)
        options.score = .name("val")
        options.columns = [.number(1), .name("b")]
        options.scores = [.name("s")]
        options.labels = LabelSet(names: ["x", "y"])
        options.scoreRange = ScoreRange(parsing: "-1...1")
        options.labelOrder = .hub
        options.filters = [RowFilter(column: .name("split"), values: ["a", "b"])]
        let data = try JSONEncoder().encode(options)
        #expect(try JSONDecoder().decode(ExampleFileOptions.self, from: data) == options)
        let short = Data(#"{"score_range": "0..5", "label": 2}"#.utf8)
        let decoded = try JSONDecoder().decode(ExampleFileOptions.self, from: short)
        #expect(decoded.scoreRange == .stsBenchmark)
        #expect(decoded.label == .number(2))
        #expect(decoded.skippedLabels == ["-", "-1"])
    }

    @Test(arguments: ["1...1", "5...0", "nan...1", "0...inf", "five", "", "1-", "0...1...2"])
    func badRangesAreRefused(text: String) {
        #expect(ScoreRange(parsing: text) == nil)
    }

    @Test func labelOrders() {
        #expect(LabelOrder(parsing: "PAPER") == .paper)
        #expect(LabelOrder(parsing: "0=entailment, 1=neutral,2=contradiction") == .hub)
        #expect(LabelOrder(parsing: "entailment,neutral,contradiction") == .hub)
        #expect(LabelOrder(parsing: "0=a,0=b") == nil)
        #expect(LabelOrder(parsing: "x=a,1=b") == nil)
        #expect(LabelOrder(parsing: "only") == nil)
        #expect(LabelSet(names: ["a"]) == nil)
        #expect(LabelSet(names: ["a", "A"]) == nil)
    }
}
