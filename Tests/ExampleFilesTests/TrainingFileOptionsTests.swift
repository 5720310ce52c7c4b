import Testing

@testable import ExampleFiles

/// What a held-out file takes from the training file, and what it does not.
@Suite struct TrainingFileOptionsTests {
    /// The options of an inference file whose three columns are stated by number, changed.
    private func byNumber(
        _ change: (inout ExampleFileOptions) -> Void = { _ in }
    ) throws -> TrainingFileOptions {
        var options = ExampleFileOptions()
        (options.label, options.first, options.second) = (.number(1), .number(2), .number(3))
        let (_, report) = try ExampleFile.read(
            contents: Array("neutral\tA b.\tC d.\nentailment\tE f.\tG h.\n".utf8),
            name: "train.tsv", options: options, as: .labelledPairs)
        #expect(report.columnCount == 3)
        change(&options)
        return TrainingFileOptions(options, report)
    }

    private func read(
        _ text: String, _ training: TrainingFileOptions,
        _ change: (inout ExampleFileOptions) -> Void = { _ in }
    ) throws(ExampleFileError) -> (dataset: [Pair<Float>], report: ReadReport) {
        var options = ExampleFileOptions()
        change(&options)
        let (table, report) = try ExampleFile.read(
            contents: Array(text.utf8), name: "f.tsv", options: options, as: .scoredPairs,
            training: training)
        return (pairs(table), report)
    }

    @Test func recognisedFormatsTakeNothing() throws {
        let sts =
            "main-captions\tMSRvid\t2012test\t0001\t5.000\tA plane.\tAn air plane.\n"
            + "main-captions\tMSRvid\t2012test\t0004\t3.800\tA man.\tA flute.\n"
        let (pairs, report) = try read(sts, byNumber())
        #expect(pairs.map(\.first) == ["A plane.", "A man."])
        #expect(pairs.map(\.second) == ["An air plane.", "A flute."])
        #expect(report.columns == ["column 6", "column 7", "column 5"])
        #expect(report.shared.isEmpty)

        let other = try byNumber { $0.scoreRange = .unit }
        let (sick, sickReport) = try read(FileFormatTests.sick, other)
        #expect(sick.map(\.label) == [1, 0.5])
        #expect(sickReport.shared.isEmpty)
    }

    @Test func namesInAHeaderAreNotOverridden() throws {
        let options = try byNumber { $0.scoreRange = .stsBenchmark }
        let (pairs, report) = try read(
            "id\ttitle\tsentence1\tsentence2\tscore\n1\tX y.\tA b.\tC d.\t5\n2\tX y.\tE.\tF.\t0\n",
            options)
        #expect(pairs.map(\.first) == ["A b.", "E."])
        #expect(report.shared == [.scoreRange])
        #expect(
            report.description.contains(
                " As the training file, where not stated: scoreRange."))
    }

    @Test func namesOfTheTrainingFileHoldWhereTheyAre() throws {
        let names = try byNumber {
            ($0.first, $0.second, $0.score) = (.name("question"), .name("answer"), .name("human"))
            $0.scoreRange = .stsBenchmark
        }
        let (pairs, report) = try read(
            "question\tanswer\tscore\thuman\nA b.\tC d.\t1\t5\nE.\tF.\t2\t0\n", names)
        #expect(pairs.map(\.label) == [1, 0])
        #expect(report.columns == ["'question'", "'answer'", "'human'"])
        // Where they are not, the header says what is where.
        let (others, _) = try read("sentence1\tsentence2\tscore\nA b.\tC d.\t5\n", names)
        #expect(others.map(\.label) == [1])
    }

    @Test func filesOfTheSameLayoutTakeIt() throws {
        var options = try byNumber {
            ($0.score, $0.label, $0.scoreRange) = (.number(1), nil, .stsBenchmark)
        }
        let (pairs, report) = try read("5\tA b.\tC d.\n0\tE.\tF.\n", options)
        #expect(pairs.map(\.label) == [1, 0])
        #expect(report.shared == [.scoreRange])
        // Two columns of numbers: the training file's score decides.
        options = TrainingFileOptions(options: options.options, columnCount: 4)
        let (four, fourReport) = try read("5\tA b.\tC d.\t2012\n0\tE.\tF.\t2013\n", options)
        #expect(four.map(\.first) == ["A b.", "E."])
        #expect(fourReport.shared == [.score, .scoreRange])
    }

    @Test func numbersOfColumnsHoldForAsManyOnly() throws {
        let options = try byNumber { ($0.score, $0.scoreRange) = (.number(1), .stsBenchmark) }
        let found = message { () throws(ExampleFileError) in
            _ = try read("5\tA b.\tC d.\tX y.\n0\tE f.\tG h.\tX z.\n", options)
        }
        #expect(
            found
                == "f.tsv: more than two columns could be the sentences: column 2 ('A b.'), column 3 "
                + "('C d.') and column 4 ('X y.'); state the columns by name or number from 1: first "
                + "and second (the options of the training file do not fit: f.tsv: it has 4 columns, and "
                + "the training file, whose columns are stated by number, 3)")
    }

    @Test func aFileWithOptionsOfItsOwnTakesNothing() throws {
        let options = try byNumber { $0.scoreRange = .unit }
        let (pairs, report) = try read("0\tA b.\tC d.\t50\n1\tE.\tF.\t100\n", options) {
            $0.score = .number(4)
            $0.scoreRange = ScoreRange(0, 100)
        }
        #expect(pairs.map(\.label) == [0.5, 1])
        #expect(report.shared.isEmpty)
        #expect(
            message { () throws(ExampleFileError) in
                _ = try read("0\tA b.\tC d.\t50\n1\tE.\tF.\t100\n", options) {
                    $0.score = .number(4)
                }
            }.hasPrefix("f.tsv: the range of the scores in column 4 is not stated"))
    }

    @Test func statedColumnsOfARecognisedFileAreObeyedAndSaid() throws {
        let sts = "main-captions\tMSRvid\t2012test\t0001\t5.000\tA plane.\tAn air plane.\n"
        let (pairs, report) = try read(sts, byNumber()) {
            ($0.first, $0.second) = (.number(7), .number(6))
        }
        #expect(pairs.map(\.first) == ["An air plane."])
        #expect(report.warnings.count == 1)
        #expect(
            report.description.contains(
                "has its sentences and its score or label in column 6, column 7 and column 5; other "
                    + "columns are stated and were used."))
    }

    @Test func quotingIsTakenWhereTheFileLeavesItOpen() throws {
        let options = try byNumber { ($0.quoting, $0.scoreRange) = (true, .stsBenchmark) }
        let (pairs, report) = try read(
            "sentence1\tsentence2\tscore\n\"A \"\"b\"\".\"\tC.\t5\nD.\tE.\t1\n", options)
        #expect(pairs.map(\.first) == ["A \"b\".", "D."])
        #expect(report.shared == [.quoting, .scoreRange])
    }

    @Test func sourcesKeepTheirOptions() throws {
        var options = ExampleFileOptions()
        #expect(options.stated.isEmpty)
        options.first = .number(2)
        options.maxRejectedShare = 0
        #expect(options.stated == [.first, .maxRejectedShare])
        var other = ExampleFileOptions()
        (other.second, other.first) = (.name("b"), .name("a"))
        let both = options.overlaid(with: other)
        #expect(both.first == .name("a"))
        #expect(both.second == .name("b"))
        #expect(both.maxRejectedShare == 0)
    }
}
