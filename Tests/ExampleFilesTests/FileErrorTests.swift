import Foundation
import Testing

@testable import ExampleFiles

/// What the readers say about broken files.
@Suite struct FileErrorTests {
    @Test func scoresNeedARange() {
        #expect(
            scoredMessage("s1\ts2\tscore\nA.\tB.\t0.2\nC.\tD.\t4.5\n")
                == "f.tsv: the range of the scores in 'score' is not stated; the scores seen lie "
                + "in 0.2...4.5; state it, e.g. scoreRange 0...5")
        // A known header with scores that look scaled already.
        #expect(
            scoredMessage("genre\tsid\tscore\tsentence1\tsentence2\ng\t1\t0.5\tA.\tB.\n")
                == "f.tsv: the range of the scores in 'score' is not stated; the scores seen lie "
                + "in 0.5...0.5; state it, e.g. scoreRange 0...1")
    }

    @Test func scoresOutsideTheRangeStop() {
        #expect(
            scoredMessage("s1\ts2\tscore\nA.\tB.\t0.2\nC.\tD.\t4.5\nE.\tF.\t5\n") {
                $0.scoreRange = .unit
                $0.maxRejectedShare = 1
            }
                == "f.tsv:3: score 4.5 is outside 0...1, as are 2 of 3 scores, which lie in "
                + "0.2...5; state scoreRange 0...5 if that is the range of this file")
    }

    @Test(arguments: [
        ("nan", "score 'nan' is not a finite number"),
        ("inf", "score 'inf' is not a finite number"),
        ("0x1", "score '0x1' is not a finite number"),
        ("1e999", "score '1e999' is not a finite number"),
        ("0,5", "score '0,5' has a decimal comma; write a point, or state decimalComma true"),
        ("", "the score is empty"),
    ])
    func badScores(score: String, reason: String) {
        #expect(
            scoredMessage("s1\ts2\tscore\nA.\tB.\t1\nA.\tB.\t\(score)\n") { $0.scoreRange = .unit }
                == "f.tsv: 1 of 2 lines cannot be used\n  f.tsv:3: \(reason)\n"
                + "Mend them, or leave them out with maxRejectedShare 0.5")
    }

    @Test func unknownAndNumericLabels() {
        #expect(
            labelledMessage("neutral\tA.\tB.\nentailed\tC.\tD.\nx\tE.\tF.\n")
                == "f.tsv:2: label 'entailed' is none of contradiction, entailment, neutral; "
                + "did you mean 'entailment'? (2 rows have unknown labels)")
        #expect(
            labelledMessage("label,s1,s2\n1,A.,B.\n")
                == "f.tsv:2: label '1' is a number, and which number means what differs between "
                + "sources; state the order, e.g. labelOrder paper "
                + "(0=contradiction,1=entailment,2=neutral) or labelOrder hub "
                + "(0=entailment,1=neutral,2=contradiction)")
        #expect(
            labelledMessage("label,s1,s2\n3,A.,B.\n") { $0.labelOrder = .paper }
                == "f.tsv:2: label '3' is none of 0, 1, 2")
        #expect(
            labelledMessage("label,s1,s2\n1,A.,B.\n") { $0.labelOrder = LabelOrder(parsing: "a,b") }
                == "f.tsv: the label order names 'a', which is none of the labels contradiction, "
                + "entailment, neutral")
    }

    @Test func damagedLinesStopUnlessAShareIsAllowed() throws {
        let text = "neutral\tA.\tB.\nneutral\tC.\nneutral\t \tD.\nneutral\tE.\tF.\tG.\n"
        #expect(
            labelledMessage(text)
                == """
                f.tsv: 3 of 4 lines cannot be used
                  f.tsv:2: column 3 is missing: the line has 2 fields
                  f.tsv:3: the sentence in column 2 is empty
                  f.tsv:4: 4 fields, where line 1 has 3; is there a separator inside a sentence?
                Mend them, or leave them out with maxRejectedShare 0.75
                """)
        let (pairs, report) = try labelled(text) { $0.maxRejectedShare = 0.75 }
        #expect(pairs.count == 1)
        #expect(report.rejected == 3)
        #expect(report.description.contains(" 3 lines were rejected: f.tsv:2: column 3 is missing"))
        #expect(labelledMessage(text) { $0.maxRejectedShare = 0.7 }.contains("more than the share"))
        #expect(labelledMessage(text) { $0.maxRejectedShare = .nan }.contains("must lie in 0...1"))
    }

    @Test func damagedTextAndJSON() {
        let latin = Array("neutral\tCaf".utf8) + [0xe9] + Array("\tB.\n".utf8)
        let text = message { () throws(ExampleFileError) in
            _ = try ExampleFile.read(contents: latin, name: "f.tsv", as: .labelledPairs)
        }
        #expect(
            text.contains(
                "f.tsv:1: the sentence in column 2 is not valid UTF-8; is the file in another "
                    + "encoding, such as Latin-1?"))
        let row = #"{"s1": "A.", "s2": "B.", "label": "neutral"}"# + "\n"
        #expect(
            labelledMessage(row + #"{"s1": "A.", "s2": "B", "label" "neutral"}"#)
                .contains("f.tsv:2: invalid JSON: expected a colon after a key at column 33"))
        #expect(
            labelledMessage(row + #"{"s1": "A.", "s2": null, "label": "neutral"}"#)
                .contains("f.tsv:2: 's2' is missing, null, or not a plain value"))
        #expect(
            labelledMessage(row + #"{"s1": "A.", "s2": "B.", "s1": "C.", "label": "neutral"}"#)
                .contains("f.tsv:2: the key 's1' is there twice"))
        #expect(
            labelledMessage(#"{"s1": "A."#)
                == "f.tsv:1: invalid JSON: the text ends inside a string at column 11")
        #expect(
            labelledMessage(#"[{"s1": "A."}]"#)
                == "f.tsv: not a text file: it is a JSON array; write one object a line "
                + "(JSON lines)")
    }

    @Test func columns() {
        #expect(
            scoredMessage("text\tsentence2\tscore\nA.\tB.\t1\n") { $0.first = .name("txt") }
                == "f.tsv: there is no column 'txt'; found 'text', 'sentence2', 'score'; "
                + "did you mean 'text'?")
        #expect(
            scoredMessage("A.\tB.\tC.\n")
                == "f.tsv: cannot tell which column is the score; found 'A.', 'B.', 'C.'; state "
                + "the columns by name or number from 1: first, second and score")
        #expect(
            scoredMessage("sentence1\tsentence2\tvalue\nA.\tB.\t1\n")
                .hasPrefix("f.tsv: cannot tell which column is the score; found 'sentence1'"))
        #expect(
            scoredMessage("1\tA.\tB.\n") { $0.first = .number(4) }
                == "f.tsv: there is no column number 4: line 1 has 3 columns, numbered from 1")
        #expect(
            scoredMessage("1\tA.\tB.\n") { ($0.first, $0.second) = (.number(3), .number(3)) }
                == "f.tsv: the sentences and the score must be three columns, but they are "
                + "column 3, column 3 and column 1")
        #expect(
            scoredMessage("sentence1\tsentence2\tscore\nA.\tB.\t1\n") { $0.header = false }
                == "f.tsv: line 1 looks like a header ('sentence1', 'sentence2', 'score'), but the "
                + "file is said to have none; leave out header false")
        #expect(
            scoredMessage("sentence1\tsentence2\tscore\n1\tB.\t1\n2\tC.\t0\n") {
                $0.scoreRange = .unit
            }
                == "f.tsv: 'sentence1' was taken for sentences but holds only numbers or truth values; check the "
                + "columns: columns, first, second, score, label")
    }

    @Test func columnsStatedTwice() {
        let expected =
            "f.tsv: the columns of the texts are stated twice; leave out columns, or first and second"
        for text in [FileFormatTests.stsBenchmark, "s1\ts2\tscore\nA.\tB.\t1\n"] {
            #expect(
                scoredMessage(text) {
                    $0.columns = [.number(1)]
                    $0.second = .number(2)
                } == expected)
        }
    }

    @Test func otherClassesThanThoseOfInference() {
        let text = "s1\ts2\tlabel\nA.\tB.\tduplicate\nC.\tD.\tdifferent\n"
        #expect(
            labelledMessage(text)
                == "f.tsv:2: label 'duplicate' is none of contradiction, entailment, neutral (2 rows have "
                + "unknown labels); if the classes are others, state them: labels")
    }

    @Test func headersThatAreNotRecognised() throws {
        let text = "text a\ttext b\tvalue\nA.\tB.\tneutral\n"
        func number(_ options: inout ExampleFileOptions) {
            (options.first, options.second) = (.number(1), .number(2))
            (options.score, options.label) = (.number(3), .number(3))
            options.scoreRange = .unit
        }
        #expect(
            labelledMessage(text, number)
                == "f.tsv:1: label 'value' is none of contradiction, entailment, neutral; "
                + "if line 1 names the columns, state header true; if the classes are others, "
                + "state them: labels")
        #expect(
            scoredMessage(text, number)
                == """
                f.tsv: 2 of 2 lines cannot be used
                  f.tsv:1: score 'value' is not a finite number; if line 1 names the columns, \
                state header true
                  f.tsv:2: score 'neutral' is not a finite number
                Check the format, the columns and the delimiter
                """)
        let (pairs, _) = try labelled(text) {
            number(&$0)
            $0.header = true
        }
        #expect(pairs.map(\.line) == [2])
        #expect(
            labelledMessage(FileFormatTests.stsBenchmark)
                .hasPrefix("f.tsv: more than one column could be the label: column 3"))
    }

    @Test func quotesAndFilters() {
        #expect(
            scoredMessage("score,s1,s2\n1,\"A,B.\n1,C.,D.\n") { $0.scoreRange = .unit }
                == "f.tsv:2: the quote that opens field 2 is never closed; if quotes are ordinary "
                + "characters in this file, state quoting false")
        #expect(
            scoredMessage("score,s1,s2\n1,\"A\"x,B.\n") { $0.scoreRange = .unit }
                .contains("f.tsv:2: field 2 goes on after its closing quote; double quotes"))
        #expect(
            labelledMessage(FileFormatTests.sick) {
                $0.filters = [RowFilter(column: .name("SemEval_set"), values: ["train"])]
            }
                == "f.tsv: none of 2 rows gave a pair, 2 did not pass the filter; values in the "
                + "filter's column: 'TEST', 'TRAIN'")
    }

    @Test(arguments: [
        ("", "f.tsv: the file has no rows"),
        ("\n \n", "f.tsv: the file has no rows"),
        ("s1\ts2\tscore\n", "f.tsv: the file has no rows"),
        (
            "PAR1xyz",
            "f.tsv: not a text file: it is a Parquet file; export it as TSV, CSV or JSON lines"
        ),
        ("a\0b", "f.tsv: not a text file: line 1 holds a NUL byte; is it a binary file?"),
        (
            "1\ta\tb\r2\tc\td\r",
            "f.tsv: not a text file: its lines end with a lone CR; convert them to LF"
        ),
    ])
    func noRowsOrNoText(text: String, expected: String) {
        #expect(scoredMessage(text) == expected)
    }

    /// Options of fields and quotes for what has none: whoever gave them means another file.
    @Test func optionsThatTheFormatDoesNotUse() throws {
        let json = #"{"sentence1": "a", "sentence2": "b"}"# + "\n"
        let pairs = ExampleRequest(columns: 2...2)
        func refusal(
            _ text: String, _ request: ExampleRequest, _ change: (inout ExampleFileOptions) -> Void
        ) -> String {
            message { () throws(ExampleFileError) in _ = try read(text, request, change) }
        }
        #expect(
            refusal(json, pairs) { $0.header = true }
                == "f.tsv: is JSON lines with named columns, so header says nothing about it; leave it out, or state it with the file that it is for"
        )
        #expect(refusal(json, pairs) { $0.quoting = false }.contains("quoting says nothing"))
        #expect(refusal(json, pairs) { $0.delimiter = ";" }.contains("delimiter says nothing"))
        #expect(refusal(json, pairs) { $0.first = ExampleColumn(parsing: "sentence1") } == "")
        #expect(
            refusal("a\nb\n", ExampleRequest(columns: 1...1)) {
                $0.format = .text
                $0.first = ExampleColumn(parsing: "1")
            }.contains("is one text a line, so first says nothing about it"))
        // What is taken from the training file is no statement about this one.
        let training = TrainingFileOptions(options: options { $0.quoting = false }, columnCount: 2)
        _ = try ExampleFile.read(
            contents: Array(json.utf8), name: "f.jsonl", as: pairs, training: training)
        // Parallel files have no columns, in training either.
        let folder = TemporaryFolder()
        let paths = try ["a.txt", "b.txt"].map { try folder.write("x\ny\n", to: $0) }
        let error = #expect(throws: ExampleFileError.self) {
            try ExampleFile.read(
                parallel: paths, options: options { $0.header = false }, as: pairs)
        }
        #expect(error == .uselessOption(path: paths[1], key: .header))
    }

    @Test func filesThatCannotBeRead() throws {
        try withTemporaryDirectory { directory in
            func read(_ path: String) -> String {
                message { () throws(ExampleFileError) in
                    _ = try ExampleFile.read(path, as: .scoredPairs)
                }
            }
            #expect(
                read(directory + "no") == "\(directory)no: cannot be read: there is no such file")
            #expect(read(directory).hasSuffix("it is a directory; name a file in it"))

            let path = directory + "cut.gz"
            let rows = (0..<9000).map { "0.\($0 % 10)\tSentence \($0 * 7919)\tB\($0 * 31)\n" }
            writeGzip(rows.joined(), to: path)
            let whole = try Data(contentsOf: URL(fileURLWithPath: path))
            try whole.prefix(whole.count / 2).write(to: URL(fileURLWithPath: path))
            #expect(read(path).contains("the gzip data are damaged after line "))
            #expect(read(path).hasSuffix("download or compress the file again"))
            var flipped = whole
            flipped[whole.count - 6] ^= 1
            try flipped.write(to: URL(fileURLWithPath: path))
            #expect(read(path).contains("the gzip data are damaged after line "))
        }
    }
}
