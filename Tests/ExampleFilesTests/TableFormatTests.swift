import Foundation
import Testing

@testable import ExampleFiles

/// Files of other rows than scored and labelled pairs.
@Suite struct TableFormatTests {
    private static let unlabelled = ExampleRequest(columns: 2...2)
    private static let ranking = ExampleRequest(columns: 2...64, allowsMissingTexts: true)
    private static let triplets = ExampleRequest(columns: 3...3)

    // MARK: Pairs without labels

    @Test(arguments: [
        "anchor\tpositive\nA a.\tB b.\nC c.\tD d.\n",
        "query\tanswer\nA a.\tB b.\nC c.\tD d.\n",
        "question,answer\nA a.,B b.\nC c.,D d.\n",
        "query,passage\r\nA a.,\"B b.\"\r\nC c.,D d.\r\n",
        "id\tsentence1\tsentence2\n1\tA a.\tB b.\n2\tC c.\tD d.\n",
        "A a.\tB b.\nC c.\tD d.\n",
        #"{"question": "A a.", "answer": "B b."}"# + "\n"
            + #"{"answer": "D d.", "question": "C c."}"#,
        #"["A a.", "B b."]"# + "\n" + #"["C c.", "D d."]"#,
        #"{"set": ["A a.", "B b."]}"# + "\n" + #"{"set": ["C c.", "D d."]}"#,
    ])
    func pairsWithoutLabels(text: String) throws {
        for request in [Self.unlabelled, Self.ranking] {
            let (table, report) = try read(text, request)
            #expect(rows(table) == [["A a.", "B b."], ["C c.", "D d."]])
            #expect(table.columnNames == ["anchor", "positive"])
            #expect(table.labels.count == nil)
            #expect(report.interpretation == "no labels")
        }
    }

    @Test func aScoreThatIsNotWantedIsSaid() throws {
        let text = "sentence1\tsentence2\tscore\tgenre\nA.\tB.\t4\tnews\nC.\tD.\t2\tnews\n"
        let (table, report) = try read(text, Self.unlabelled)
        #expect(rows(table) == [["A.", "B."], ["C.", "D."]])
        #expect(
            report.description
                == "f.tsv: 2 pairs, as TSV with named columns, using 'sentence1' as "
                + "anchor, 'sentence2' as positive; no labels. The scores or labels in 'score' are not "
                + "used. Left out: 'genre'.")
        let (sts, stsReport) = try read(FileFormatTests.stsBenchmark, Self.unlabelled)
        #expect(rows(sts) == [["A \"b.", "C."], ["D.", "E."]])
        #expect(stsReport.columns == ["column 6", "column 7"])
    }

    @Test func scoresThatMayBeAbsent() throws {
        let request = ExampleRequest(columns: 2...2, labels: .optionalScores)
        let (bare, _) = try read("anchor\tpositive\nA.\tB.\n", request)
        #expect(bare.labels.count == nil)
        let (scored, _) = try read("anchor\tpositive\tscore\nA.\tB.\t3\n", request) {
            $0.scoreRange = .stsBenchmark
        }
        #expect(Float.values(of: scored.labels, rows: 0..<1) == [0.6])
    }

    @Test func commasInSentencesMakeNoPairs() {
        #expect(
            message("Hello, you.\nWell, no.\n", Self.unlabelled)
                .hasPrefix(
                    "f.tsv: cannot tell which column is the first sentence; found 'Hello, you.'"))
    }

    // MARK: Triplets and more

    @Test func negativesByName() throws {
        let text =
            "anchor\tpositive\tnegative_1\tnegative_2\nA.\tB.\tC.\tD.\nE.\tF.\tG.\t\nH.\tI.\t\t\n"
        let (table, report) = try read(text, Self.ranking)
        #expect(table.columnNames == ["anchor", "positive", "negative_1", "negative_2"])
        #expect(
            rows(table) == [
                ["A.", "B.", "C.", "D."], ["E.", "F.", "G.", nil], ["H.", "I.", nil, nil],
            ])
        #expect(report.roles == table.columnNames)
        let strict = ExampleRequest(columns: 2...64)
        #expect(message(text, strict).contains("f.tsv:3: the sentence in 'negative_2' is empty"))
        #expect(
            message("anchor\tpositive\tnegative_1\tnegative_2\nA.\tB.\t\tD.\n", Self.ranking)
                .contains("'negative_1' is empty, and 'negative_2' is not"))
    }

    @Test(arguments: [
        "anchor,positive,negative\nA.,B.,C.\n", "sentence1,sentence2,sentence3\nA.,B.,C.\n",
        "query\tpositive\tnegative\nA.\tB.\tC.\n", "A.\tB.\tC.\n", #"["A.", "B.", "C."]"#,
        #"{"anchor": "A.", "positive": "B.", "negative": "C."}"#,
        #"{"query": "A.", "pos": ["B."], "neg": ["C."]}"#,
    ])
    func triplets(text: String) throws {
        let (table, _) = try read(text, Self.triplets)
        #expect(rows(table) == [["A.", "B.", "C."]])
        #expect(table.columnNames == ["anchor", "positive", "negative"])
    }

    @Test func columnsInAnyOrder() throws {
        let (table, report) = try read("9\tA a.\tB b.\tC c.\n8\tD d.\tE e.\tF f.\n", Self.ranking) {
            $0.columns = [.number(4), .number(2), .number(3)]
        }
        #expect(rows(table) == [["C c.", "A a.", "B b."], ["F f.", "D d.", "E e."]])
        #expect(
            report.description.contains(
                "using column 4 as anchor, column 2 as positive, column 3 as negative;"))
        #expect(
            message("A a.\tB b.\tC c.\n", Self.ranking)
                == "f.tsv: nothing says which columns are the texts, and in which order: column 1 "
                + "('A a.'), column 2 ('B b.') and column 3 ('C c.'); state the column by name or number "
                + "from 1: columns")
    }

    @Test func tooFewAndTooManyTexts() {
        #expect(
            message("anchor\tpositive\nA.\tB.\n", Self.triplets)
                == "f.tsv: rows of 3 texts are wanted, and those found are 'anchor' and 'positive'; state "
                + "the others with columns, or train for an objective that needs no more than these"
        )
        #expect(
            message("anchor\tpositive\tnegative\nA.\tB.\tC.\n", Self.unlabelled)
                .hasPrefix(
                    "f.tsv: more than two columns could be the sentences: 'anchor', 'positive'"))
        #expect(
            message("a\tb\tc\nA.\tB.\tC.\n", Self.unlabelled) {
                $0.columns = [.name("a"), .name("b"), .name("c")]
            } == "f.tsv: 3 columns are stated for texts, and rows of 2 texts are wanted")
        #expect(
            message("sentence1\tsentence2\tscore\nA.\tB.\t1\n", .labelledPairs)
                .hasSuffix("; there are scores in 'score', for an objective that takes scores"))
    }

    // MARK: Lists

    private static let flag = """
        {"query": "Q1", "pos": ["P1", "P2"], "neg": ["N1", "N2", "N3"], "prompt": "Find"}
        {"query": "Q2", "pos": ["P3"], "neg": ["N4"], "prompt": "Find"}
        {"query": "Q3", "pos": ["P4"], "neg": [], "prompt": "Find"}

        """

    @Test func eachPositiveIsARowWithTheNegatives() throws {
        let (table, report) = try read(Self.flag, Self.ranking)
        #expect(
            rows(table) == [
                ["Q1", "P1", "N1", "N2", "N3"], ["Q1", "P2", "N1", "N2", "N3"],
                ["Q2", "P3", "N4", nil, nil], ["Q3", "P4", nil, nil, nil],
            ])
        #expect((0..<4).map(table.line) == [1, 1, 2, 3])
        #expect(
            report.description
                == "f.tsv: 4 rows of 5 texts from 3 rows, as JSON lines with named columns, using "
                + "'query' as anchor, 'pos' as positive, 'neg' as negatives; no labels. Left out: "
                + "'prompt'.")
        #expect(table.text(2, 2) == "N4")
        #expect(table.text(2, 3) == nil)
    }

    @Test func listsWhereRowsMayLackNone() throws {
        #expect(
            message(Self.flag, Self.triplets)
                == """
                f.tsv: 1 of 3 lines cannot be used
                  f.tsv:3: 'neg' has 0 texts, and 1 are needed
                Mend them, or leave them out with maxRejectedShare 0.334
                """)
        let (table, report) = try read(Self.flag, Self.triplets) { $0.maxRejectedShare = 0.4 }
        #expect(rows(table) == [["Q1", "P1", "N1"], ["Q1", "P2", "N1"], ["Q2", "P3", "N4"]])
        #expect(report.cutRows == 1)
        #expect(
            report.description.contains(
                "Of 1 rows with more negatives than are wanted, the first are used."))
        let (two, _) = try read(Self.flag, Self.unlabelled)
        #expect(rows(two) == [["Q1", "P1"], ["Q1", "P2"], ["Q2", "P3"], ["Q3", "P4"]])
    }

    @Test func passagesWithTitles() throws {
        let text = """
            {"query_id": "7", "query": "Q", "positive_passages": [{"docid": "1", "title": "T", "text": "P"}], \
            "negative_passages": [{"docid": "2", "title": "", "text": "N \\"1\\""}, {"text": "N\\u00e9"}]}
            """
        let (table, report) = try read(text, Self.ranking)
        #expect(rows(table) == [["Q", "T P", "N \"1\"", "Né"]])
        #expect(report.unusedColumns == ["'query_id'"])
    }

    @Test func teacherScoresOfLists() throws {
        let text = """
            {"query": "Q1", "pos": ["P1", "P2"], "neg": ["N1", "N2"], "pos_scores": [9.5, 8], "neg_scores": [1, -2]}
            """
        let (table, report) = try read(text, ExampleRequest(columns: 2...64, labels: .vectors))
        #expect([Float].values(of: table.labels, rows: 0..<2) == [[9.5, 1, -2], [8, 1, -2]])
        #expect(report.interpretation == "3 scores a row as they are; seen: -2...9.5")
        let (triplets, _) = try read(text, ExampleRequest(columns: 3...3, labels: .vectors))
        #expect([Float].values(of: triplets.labels, rows: 0..<2) == [[9.5, 1], [8, 1]])
        let (pairs, _) = try read(text, ExampleRequest(columns: 2...2, labels: .vectors))
        #expect([Float].values(of: pairs.labels, rows: 0..<2) == [[9.5], [8]])
    }

    @Test func setsOfTextsThatMeanTheSame() throws {
        let text = #"{"set": ["A", "B", "C"]}"# + "\n" + #"{"set": ["D", "E"]}"#
        let (table, _) = try read(text, Self.ranking)
        #expect(rows(table) == [["A", "B"], ["A", "C"], ["D", "E"]])
        let (single, _) = try read(text, ExampleRequest(columns: 1...1))
        #expect(rows(single) == [["A"], ["B"], ["C"], ["D"], ["E"]])
    }

    @Test func damagedLists() {
        let row = #"{"query": "Q", "pos": ["P"], "neg": ["N"]}"# + "\n"
        for (line, reason) in [
            (
                #"{"query": "Q", "pos": [], "neg": ["N"]}"#,
                "'pos' has 0 texts; 1 or more are needed"
            ),
            (#"{"query": "Q", "pos": "P", "neg": ["N"]}"#, "'pos' is missing, null, or no list of"),
            (
                #"{"query": "Q", "pos": ["P"], "neg": [null]}"#,
                "element 1 of 'neg' is missing, null"
            ),
            (
                #"{"query": "Q", "pos": ["P"], "neg": [" "]}"#,
                "the sentence in element 1 of 'neg' is empty"
            ),
            (#"{"query": " ", "pos": ["P"], "neg": []}"#, "the sentence in 'query' is empty"),
            (#"{"query": "Q", "pos": ["P"], "pos": ["P"]}"#, "the key 'pos' is there twice"),
        ] { #expect(message(row + line, Self.ranking).contains("f.tsv:2: \(reason)"), "\(line)") }
    }

    // MARK: Single texts

    @Test func linesOfText() throws {
        let request = ExampleRequest(columns: 1...1)
        let text = "One, two.\nA \"b\" c\tand a tab.\r\n\nThree.\n"
        let (table, report) = try read(text, request, name: "f.txt")
        #expect(rows(table) == [["One, two."], ["A \"b\" c\tand a tab."], ["Three."]])
        #expect((0..<3).map(table.line) == [1, 2, 4])
        #expect(table.columnNames == ["text"])
        #expect(
            report.description
                == "f.txt: 3 texts, as one text a line, using the line as text; no labels."
        )
        #expect(
            message("A.\tB.\nC.\tD.\n", request, name: "f.txt")
                == "f.txt: its lines may be texts, or rows of 2 fields with tabs between them; state format "
                + "txt for texts, or columns for the column that holds them")
        let (stated, _) = try read("A.\tB.\nC.\tD.\n", request, name: "f.txt") { $0.format = .text }
        #expect(rows(stated) == [["A.\tB."], ["C.\tD."]])
    }

    @Test(arguments: [
        "text\nA, b.\nC.\n", "sentence\nA, b.\nC.\n", "id,text\n1,\"A, b.\"\n2,C.\n",
        #"{"text": "A, b."}"# + "\n" + #"{"text": "C."}"#, "A, b.\nC.\n",
        #"{"id": 7, "text": "A, b."}"# + "\n" + #"{"id": 8, "text": "C."}"#,
        "text\tlabel\nA, b.\tx\nC.\ty\n",
    ])
    func singleTexts(text: String) throws {
        let (table, _) = try read(text, ExampleRequest(columns: 1...1))
        #expect(rows(table) == [["A, b."], ["C."]])
    }

    @Test func textsOfTwoReadings() {
        let request = ExampleRequest(columns: 1...1)
        #expect(
            message("text\tsentence\nA.\tB.\n", request)
                == "f.tsv: more than one column could be the text: 'text' and 'sentence'; state the column "
                + "by name or number from 1: columns")
        #expect(
            message("sentence1\tsentence2\nA.\tB.\n", request)
                .hasPrefix(
                    "f.tsv: cannot tell which column is the text; found 'sentence1', 'sentence2'"))
    }

    // MARK: Classes and teachers

    @Test func classesOfTexts() throws {
        let request = ExampleRequest(columns: 1...1, labels: .classes)
        let (table, report) = try read(
            "text\tlabel\nA.\tsport\nB.\tart\nC.\tSport\nD.\t-\n", request)
        #expect(table.classNames == ["sport", "art"])
        #expect(Int32.values(of: table.labels, rows: 0..<3) == [0, 1, 0])
        #expect(report.unlabelled == 1)
        #expect(report.interpretation == "2 classes found, ids sport 0, art 1")
        let (numbers, _) = try read("10\tA.\n9\tB.\n10\tC.\n", request)
        #expect(numbers.classNames == ["9", "10"])
        #expect(Int32.values(of: numbers.labels, rows: 0..<3) == [1, 0, 1])
        // A held-out file has the classes of the training file.
        let training = TrainingFileOptions(ExampleFileOptions(), report)
        let (dev, _) = try ExampleFile.read(
            contents: Array("text\tlabel\nA.\tart\n".utf8), name: "d.tsv", as: request,
            training: training)
        #expect(dev.classNames == ["sport", "art"])
        #expect(Int32.values(of: dev.labels, rows: 0..<1) == [1])
        #expect(
            message { () throws(ExampleFileError) in
                _ = try ExampleFile.read(
                    contents: Array("text\tlabel\nA.\tnews\n".utf8), name: "d.tsv", as: request,
                    training: training)
            }.hasPrefix("d.tsv:2: label 'news' is none of sport, art"))
    }

    @Test func teachersNumbers() throws {
        let raw = ExampleRequest(columns: 2...2, labels: .rawScores)
        let (scores, _) = try read("sentence1\tsentence2\tscore\nA.\tB.\t-7.5\nC.\tD.\t9\n", raw)
        #expect(Float.values(of: scores.labels, rows: 0..<2) == [-7.5, 9])
        let margins = "query\tpositive\tnegative\tmargin\nA.\tB.\tC.\t2.5\n"
        for labels in [LabelKind.rawScores, .vectors] {
            let (table, _) = try read(margins, ExampleRequest(columns: 3...3, labels: labels))
            #expect([Float].values(of: table.labels, rows: 0..<1) == [[2.5]])
        }
        let vectors = ExampleRequest(columns: 3...3, labels: .vectors)
        let (two, report) = try read(
            "query\tpositive\tnegative\tscore_pos\tscore_neg\nA.\tB.\tC.\t2\t1\n", vectors)
        #expect([Float].values(of: two.labels, rows: 0..<1) == [[2, 1]])
        #expect(
            report.columns == ["'query'", "'positive'", "'negative'", "'score_pos'", "'score_neg'"])
        let (stated, _) = try read("A.\tB.\tC.\t1\t2\nD.\tE.\tF.\t3\t4\n", vectors) {
            $0.columns = [.number(1), .number(2), .number(3)]
            $0.scores = [.number(5), .number(4)]
        }
        #expect([Float].values(of: stated.labels, rows: 0..<2) == [[2, 1], [4, 3]])
        #expect(
            message(
                #"{"query": "A", "positive": "B", "negative": "C", "score": [1, "x"]}"#, vectors
            )
            .contains("f.tsv:1: score 'x' is not a finite number"))
    }
}
