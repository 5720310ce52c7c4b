import Foundation
import Testing

@testable import ExampleFiles

/// Files that can be read in two ways are refused with the option that decides; those with one
/// reading are read.
@Suite struct AmbiguousFileTests {
    // MARK: Columns

    @Test func numbersAtBothEndsOfTheRange() {
        #expect(
            scoredMessage(
                "A b.\tC d.\t9223372036854775807\nE.\tF.\t-9223372036854775808\nG h.\tI.\t1\n"
            ) { $0.scoreRange = .unit }.contains("is outside 0...1"))
    }

    @Test(arguments: [
        ("0\tA b.\tC d.\t17\n1\tE f.\tG h.\t72\n", "column 1 ('0') and column 4 ('17')"),
        ("A b.\t0\tC d.\t17\nE f.\t1\tG h.\t72\n", "column 2 ('0') and column 4 ('17')"),
        ("A b.\tC d.\t0.5\t2012\nE f.\tG h.\t1\t2013\n", "column 3 ('0.5') and column 4 ('2012')"),
        ("2.5,A b.,C d.,9\n1.5,E f.,G h.,8\n", "column 1 ('2.5') and column 4 ('9')"),
        ("A b.;C d.;1,5;7\nE f.;G h.;2,5;8\n", "column 3 ('1,5') and column 4 ('7')"),
    ])
    func severalColumnsOfNumbers(text: String, candidates: String) {
        #expect(
            scoredMessage(text) { $0.scoreRange = ScoreRange(0, 5000) }
                == "f.tsv: more than one column could be the score: \(candidates); state the column "
                + "by name or number from 1: score")
    }

    @Test(arguments: [
        "0\tA b.\tC d.\tneutral\n1\tE f.\tG h.\tneutral\n2\tI j.\tK l.\tneutral\n",
        "0\tA b.\tC d.\n1\tE f.\tG h.\n2\tI j.\tK l.\n",
        (0..<12).map { "\($0 * $0)\tA b.\tC d.\n" }.joined(),
    ])
    func aColumnThatNumbersTheRows(text: String) {
        #expect(
            scoredMessage(text) { $0.scoreRange = ScoreRange(0, 5000) }
                == "f.tsv: the only column that could be the score, column 1 ('0'), seems to number "
                + "the rows; state the column by name or number from 1: score")
    }

    @Test func aStatedScoreLeavesTheSentences() throws {
        let (pairs, report) = try scored("0\tA b.\tC d.\t17\n1\tE f.\tG h.\t72\n") {
            $0.score = .number(4)
            $0.scoreRange = ScoreRange(0, 100)
        }
        #expect(pairs.map(\.first) == ["A b.", "E f."])
        #expect(pairs.map(\.second) == ["C d.", "G h."])
        #expect(pairs.map(\.label) == [0.17, 0.72])
        #expect(report.columns == ["column 2", "column 3", "column 4"])
    }

    @Test func labelsByNameNeedNoOption() throws {
        let (pairs, _) = try labelled("0\tA b.\tC d.\tneutral\n1\tE f.\tG h.\tentailment\n")
        #expect(pairs.map(\.first) == ["A b.", "E f."])
        #expect(pairs.map(\.label) == [2, 1])
        // The source of a row is one word.
        let (mixed, _) = try labelled("neutral\tA b.\tC d.\tsnli\nentailment\tE f.\tG h.\tmnli\n")
        #expect(mixed.map(\.second) == ["C d.", "G h."])
    }

    @Test func severalColumnsOfLabels() {
        #expect(
            labelledMessage("0\tA b.\tC d.\t1\n1\tE f.\tG h.\t0\n") { $0.labelOrder = .paper }
                == "f.tsv: more than one column could be the label: column 1 ('0') and column 4 "
                + "('1'); state the column by name or number from 1: label")
        #expect(
            labelledMessage("neutral\tA b.\tC d.\tentailment\n")
                .hasPrefix("f.tsv: more than one column could be the label: column 1 ('neutral')"))
        #expect(
            labelledMessage("sentence1,sentence2,label,gold_label\nA.,B.,neutral,neutral\n")
                .hasPrefix(
                    "f.tsv: more than one column could be the label: 'label' and 'gold_label'"))
        #expect(
            scoredMessage("sentence1,sentence2,score,similarity\nA.,B.,1,2\n")
                .hasPrefix("f.tsv: more than one column could be the score: 'score' and 'simila"))
        #expect(
            scoredMessage("sentence1,sentence2,score,Score\nA.,B.,1,2\n")
                .hasPrefix("f.tsv: more than one column could be the score: 'score' and 'Score'"))
    }

    @Test func aScoreGoesBeforeALabel() throws {
        let (pairs, _) = try scored("sentence1,sentence2,label,score\nA.,B.,1,0.25\nC.,D.,0,1\n") {
            $0.scoreRange = .unit
        }
        #expect(pairs.map(\.label) == [0.25, 1])
    }

    @Test(arguments: [
        (
            "1\tA b.\tC d.\tE f.\n2\tG h.\tI j.\tK l.\n",
            "column 2 ('A b.'), column 3 ('C d.') and column 4 ('E f.')"
        ),
        (
            "sentence1\tsentence2\tpremise\thypothesis\tscore\nA\tB\tC\tD\t1\n",
            "'sentence1', 'sentence2', 'premise' and 'hypothesis'"
        ),
        (
            "sentence1\tsentence2\tsentence3\tscore\nA\tB\tC\t1\n",
            "'sentence1', 'sentence2' and 'sentence3'"
        ),
        (
            "sentence1\tsentence1\tsentence2\tscore\nA\tB\tC\t1\n",
            "'sentence1', 'sentence1' and 'sentence2'"
        ),
    ])
    func severalColumnsOfSentences(text: String, candidates: String) {
        #expect(
            scoredMessage(text) { $0.scoreRange = ScoreRange(0, 5) }
                == "f.tsv: more than two columns could be the sentences: \(candidates); state the "
                + "columns by name or number from 1: first and second")
    }

    @Test func aNameOfTwoColumns() {
        #expect(
            scoredMessage("a\tb\tn\tn\nA.\tB.\t1\t2\n") {
                ($0.first, $0.second, $0.score) = (.name("a"), .name("b"), .name("n"))
            }
                == "f.tsv: columns 3 and 4 are all named 'n'; state the number of the one that is "
                + "meant")
    }

    // MARK: Quotes

    private static let mark =
        "; state quoting true if quotes stand round fields and are no part of "
        + "the text, quoting false if they are part of it"

    @Test(arguments: [
        // As pandas and Python's csv write it.
        (
            "s1\ts2\tscore\nA cat.\tB.\t4\n\"She said \"\"x\"\".\"\tC.\t1\n",
            "f.tsv:3: a field begins and ends in quotes and holds doubled ones, as in a quoted file"
        ),
        (
            "s1\ts2\tscore\n\"A cat\nsleeps.\"\tB.\t4\nD.\tC.\t1\n",
            "f.tsv:2: a field in quotes goes on over a separator or a line end, as in a quoted file"
        ),
        (
            "s1\ts2\tscore\nD.\t\"A\tb.\"\t4\nD.\tC.\t1\n",
            "f.tsv:2: a field in quotes goes on over a separator or a line end, as in a quoted file"
        ),
        // Two readings: a citation, or a writer that quotes everything.
        (
            "s1\ts2\tscore\nA.\tB.\t4\n\"Hello\"\tC.\t1\n",
            "f.tsv:3: a field begins and ends in quotes, which may be its own or the file's"
        ),
        (
            "s1\ts2\tscore\nA.\tB.\t\"4\"\nD.\tC.\t\"1\"\n",
            "f.tsv:2: a field begins and ends in quotes, which may be its own or the file's"
        ),
        // As R writes it.
        (
            "\"s1\"\t\"s2\"\t\"score\"\n\"A.\"\t\"B.\"\t4\n",
            "f.tsv:1: the names of the columns are in quotes, as in a quoted file"
        ),
        (
            "s1\ts2\tscore\n\"She \"\"x\"\".\"\tC.\t1\nHe \"y\" z.\tD.\t2\n",
            "f.tsv:2: a field begins and ends in quotes and holds doubled ones, as in a quoted file, "
                + "while line 3 holds a quote as unquoted files do"
        ),
    ])
    func quotesOfTwoReadings(text: String, expected: String) {
        #expect(
            scoredMessage(text) { $0.scoreRange = ScoreRange(0, 5) } == expected + Self.mark)
    }

    @Test func statedQuotingDecides() throws {
        let text = "s1\ts2\tscore\n\"Hello\"\tC \"\"d\"\".\t1\n\"She \"\"x\"\".\"\tC.\t3\n"
        let (kept, _) = try scored(text) {
            $0.scoreRange = ScoreRange(0, 5)
            $0.quoting = false
        }
        #expect(kept.map(\.first) == ["\"Hello\"", "\"She \"\"x\"\".\""])
        let (taken, _) = try scored(text) {
            $0.scoreRange = ScoreRange(0, 5)
            $0.quoting = true
        }
        #expect(taken.map(\.first) == ["Hello", "She \"x\"."])
    }

    @Test func aQuoteThatOnlyTextCanHoldDecides() throws {
        for other in ["He \"y\" z.", "\"Yes\", he said.", "The \"old mill.", "\"The old mill."] {
            let (pairs, report) = try scored(
                "s1\ts2\tscore\n\"Hello\"\tC.\t1\n\(other)\tD.\t4\nE.\tF.\t2\n"
            ) { $0.scoreRange = ScoreRange(0, 5) }
            #expect(pairs.map(\.first) == ["\"Hello\"", other, "E."])
            #expect(report.format == "TSV with named columns, quotes kept as text")
        }
    }

    @Test func quotesInOtherColumnsChangeNothing() throws {
        let (pairs, report) = try scored(
            "s1\ts2\tscore\tnote\nA.\tB.\t1\t\"x\"\nC.\tD.\t4\t\"a \"\"b\"\"\"\n"
        ) { $0.scoreRange = ScoreRange(0, 5) }
        #expect(pairs.map(\.first) == ["A.", "C."])
        #expect(report.format == "TSV with named columns")
    }

    // MARK: Separators

    @Test func commasInASemicolonFile() throws {
        let (pairs, _) = try scored(
            "A, b, c.;D.;4\nE.;F, g.;1\nH.;I.;2\n"
        ) { $0.scoreRange = ScoreRange(0, 5) }
        #expect(pairs.map(\.first) == ["A, b, c.", "E.", "H."])
        let (named, _) = try scored(
            "sentence1;sentence2;score;x,y,z\nA, b, c.;D.;4;1\nE.;F, g.;1;2\n"
        ) { $0.scoreRange = ScoreRange(0, 5) }
        #expect(named.map(\.first) == ["A, b, c.", "E."])
        // The other way round.
        let (commas, _) = try scored("A; b; c.,D.,4\nE.,F.,1\n") {
            $0.scoreRange = ScoreRange(0, 5)
        }
        #expect(commas.map(\.first) == ["A; b; c.", "E."])
    }

    @Test func separatorsOfTwoReadings() throws {
        let text = "A, b, c.;D.;4\nE, f, g.;H.;1\n"
        #expect(
            scoredMessage(text)
                == "f.tsv: line 1 can be split at ',' and ';'; state the character between fields: "
                + "delimiter")
        let (pairs, _) = try scored(text) {
            $0.delimiter = ";"
            $0.scoreRange = ScoreRange(0, 5)
        }
        #expect(pairs.map(\.first) == ["A, b, c.", "E, f, g."])
        #expect(scoredMessage("a|b|1\n").hasSuffix("or the character between fields: delimiter"))
    }

    // MARK: Numbers

    @Test func decimalCommasWhereStated() throws {
        let text = "sentence1;sentence2;score\nA.;B.;4,5\nC.;D.;1\n"
        let (pairs, _) = try scored(text) {
            $0.decimalComma = true
            $0.scoreRange = ScoreRange(0, 5)
        }
        #expect(pairs.map(\.label) == [0.9, 0.2])
        #expect(
            scoredMessage(text) { $0.scoreRange = ScoreRange(0, 5) }.contains(
                "f.tsv:2: score '4,5' has a decimal comma; write a point, or state decimalComma true"
            ))
        #expect(
            scoredMessage("s1;s2;score\nA.;B.;4.5\nC.;D.;1.234,5\n") {
                $0.decimalComma = true
                $0.scoreRange = ScoreRange(0, 5)
            }.contains("f.tsv:2: score '4.5' has a decimal point, where commas are stated"))
    }

    @Test func classesWrittenAsDecimalNumbers() throws {
        let text = "s1,s2,label\nA.,B.,0.0\nC.,D.,2.0\nE.,F.,1\nG.,H.,-1.0\n"
        let (pairs, report) = try labelled(text) { $0.labelOrder = .paper }
        #expect(pairs.map(\.label) == [0, 2, 1])
        #expect(report.unlabelled == 1)
        let (named, _) = try labelled("s1,s2,label\nA.,B.,0.0\nC.,D.,1.0\n") {
            $0.labels = LabelSet(names: ["0", "1"]) ?? .inference
        }
        #expect(named.map(\.label) == [0, 1])
        #expect(labelledMessage(text).hasPrefix("f.tsv:2: label '0.0' is a number, and which"))
        #expect(
            labelledMessage("s1,s2,label\nA.,B.,0.5\n") { $0.labelOrder = .paper }
                .hasPrefix("f.tsv:2: label '0.5' is none of contradiction"))
    }

    @Test func anOrderForNamesIsSaid() throws {
        let (_, report) = try labelled("s1,s2,label\nA.,B.,neutral\n") { $0.labelOrder = .hub }
        #expect(report.warnings == [.unusedLabelOrder])
        #expect(
            report.description.hasSuffix(
                "Warning: the labels are names, so labelOrder was not used."))
    }

    @Test func scoresThatFillLessThanHalfOfTheRange() throws {
        let (_, report) = try scored("s1\ts2\tscore\nA.\tB.\t0.25\nC.\tD.\t1\n") {
            $0.scoreRange = ScoreRange(0, 5)
        }
        #expect(
            report.warnings == [
                .narrowScores(lowest: 0.25, highest: 1, range: ScoreRange.stsBenchmark)
            ])
        #expect(
            report.description.hasSuffix(
                "Warning: the scores seen lie in 0.25...1, less than half of the range 0...5; if that "
                    + "is not their range, state scoreRange 0...1."))
        let (_, half) = try scored("s1\ts2\tscore\nA.\tB.\t2.5\nC.\tD.\t5\n") {
            $0.scoreRange = ScoreRange(0, 5)
        }
        #expect(half.warnings.isEmpty)
    }

    @Test func aStatedRangeInPlaceOfAKnownOneIsSaid() throws {
        let (pairs, report) = try scored(FileFormatTests.sick) {
            $0.scoreRange = .stsBenchmark
        }
        #expect(pairs.map(\.label) == [1, 0.6])
        #expect(
            report.description.hasSuffix(
                "Warning: this format has scores in 1...5, but 0...5 is stated and was used; leave out "
                    + "scoreRange unless that is meant."))
    }

    // MARK: Nothing to read

    @Test(arguments: [
        "\u{A0}", "\u{200B}", "\u{FEFF}", " \u{A0}\u{200B} ", "\u{3000}", "\u{200D}\u{AD}",
        "\u{7F}",
    ])
    func sentencesWithoutATokenAreEmpty(sentence: String) {
        #expect(
            scoredMessage("s1\ts2\tscore\nA.\t\(sentence)\t1\n") { $0.scoreRange = .unit }
                .contains("f.tsv:2: the sentence in 's2' is empty"))
        let json = #"{"s1": "A.", "s2": "\#(sentence)", "score": 1}"# + "\n"
        if sentence != "\u{7F}" {
            #expect(
                scoredMessage(json) { $0.scoreRange = .unit }
                    .contains("f.tsv:1: the sentence in 's2' is empty"))
        }
    }

    @Test func nulWhereverItStands() throws {
        let rows = (0..<20_000).map { "Sentence \($0).\tB.\t0.\($0 % 10)\n" }
        let text = rows.joined() + "A\0b.\tC.\t1\n" + rows[0]
        let expected = "not a text file: line 20001 holds a NUL byte; is it a binary file?"
        #expect(scoredMessage(text) == "f.tsv: \(expected)")
        try withTemporaryDirectory { directory in
            for name in ["f.tsv", "f.tsv.gz"] {
                let path = directory + name
                if name == "f.tsv" {
                    try Data(text.utf8).write(to: URL(filePath: path))
                } else {
                    writeGzip(text, to: path)
                }
                var options = ExampleFileOptions()
                options.scoreRange = .unit
                #expect(
                    message { () throws(ExampleFileError) in
                        _ = try ExampleFile.read(path, options: options, as: .scoredPairs)
                    } == "\(path): \(expected)")
            }
        }
        #expect(
            scoredMessage(#"{"s1": "A\u0000b", "s2": "B.", "score": 1}"#) { $0.scoreRange = .unit }
                .contains("f.tsv:1: the sentence in 's1' holds a NUL character"))
    }
}
