import Testing

@testable import ExampleFiles

/// Which names of columns mean what, and whether a row is one of names.
@Suite struct ColumnNameTests {
    private static let pairs = ExampleRequest(columns: 2...2)
    private static let ranking = ExampleRequest(columns: 2...64, allowsMissingTexts: true)
    private static let oneOrMore = ExampleRequest(columns: 1...Int.max)

    // MARK: Names of negatives

    @Test(arguments: [
        "negative_id", "negative_title", "negative_ids", "negative_score", "negativex", "negated",
        "neg_", "neg_x",
    ])
    func namesThatOnlyBeginLikeNegatives(name: String) throws {
        let (table, report) = try read(
            "anchor\tpositive\tnegative\t\(name)\nA.\tB.\tC.\tx\n", Self.ranking)
        #expect(rows(table) == [["A.", "B.", "C."]])
        #expect(report.unusedColumns == ["'\(name)'"])
    }

    @Test(arguments: [
        "negative", "negatives", "negative_3", "negative1", "negative 2", "neg", "neg_1",
        "hard_negative", "hard_negative_1",
    ])
    func namesOfNegatives(name: String) throws {
        let (table, _) = try read("anchor\tpositive\t\(name)\nA.\tB.\tC.\n", Self.ranking)
        #expect(rows(table) == [["A.", "B.", "C."]])
    }

    @Test func schemesGoOnWithDigitsOrLetters() throws {
        let (pairs, report) = try read("s1\ts2\tsd\tscore\nA.\tB.\t0.1\t3\n", Self.ranking)
        #expect(rows(pairs) == [["A.", "B."]])
        #expect(report.unusedColumns == ["'sd'"])
        let (letters, _) = try read(
            "text_a\ttext_d\ttext_b\ttext_c\ttext_1\nA.\tD.\tB.\tC.\tx\n", Self.ranking)
        #expect(rows(letters) == [["A.", "B.", "C.", "D."]])
        let (digits, _) = try read(
            "sentence1\tsentence10\tsentence2\tsentence3\nA.\tD.\tB.\tC.\n", Self.ranking)
        #expect(rows(digits) == [["A.", "B.", "C.", "D."]])
    }

    @Test func teachersScoresByNumber() throws {
        let request = ExampleRequest(columns: 2...64, labels: .vectors)
        let (table, report) = try read(
            "query\tpositive\tnegative_2\tnegative_1\tscore_neg_1\tscore_pos\tscore_neg_2\n"
                + "Q\tP\tN2\tN1\t1\t9\t2\n", request)
        #expect(rows(table) == [["Q", "P", "N1", "N2"]])
        #expect([Float].values(of: table.labels, rows: 0..<1) == [[9, 1, 2]])
        #expect(
            report.columns == [
                "'query'", "'positive'", "'negative_1'", "'negative_2'", "'score_pos'",
                "'score_neg_1'", "'score_neg_2'",
            ])
        let (long, _) = try read(
            "query\tpositive\tnegative\tpositive_score\tnegative_score\nQ\tP\tN\t9\t1\n", request)
        #expect(rows(long) == [["Q", "P", "N"]])
        #expect([Float].values(of: long.labels, rows: 0..<1) == [[9, 1]])
    }

    // MARK: Headers

    @Test func headersOfOneText() throws {
        for text in ["text\nA, b.\nC.\n", "id\ttext\n1\tA, b.\n2\tC.\n"] {
            let (table, report) = try read(text, Self.oneOrMore)
            #expect(rows(table) == [["A, b."], ["C."]])
            #expect(report.warnings.isEmpty)
        }
        let (pairs, _) = try read("sentence1\tsentence2\nA.\tB.\n", Self.oneOrMore)
        #expect(rows(pairs) == [["A.", "B."]])
        let (lines, _) = try read("One, two.\nThree.\n", Self.oneOrMore, name: "f.txt")
        #expect(rows(lines) == [["One, two."], ["Three."]])
    }

    @Test func shortNamesOfLists() throws {
        let (table, report) = try read("query\tpos\tneg\nQ\tP\tN\n", Self.ranking)
        #expect(rows(table) == [["Q", "P", "N"]])
        #expect(report.warnings.isEmpty)
        let (json, _) = try read(#"{"query": "Q", "pos": "P"}"#, Self.pairs)
        #expect(rows(json) == [["Q", "P"]])
    }

    @Test func aFirstRowThatMayNameTheColumnsIsSaid() throws {
        let text = "english\tfrench\nA cat.\tUn chat.\n"
        let (table, report) = try read(text, Self.pairs)
        #expect(table.count == 2)
        #expect(report.warnings == [.mayHaveHeader(row: ["english", "french"])])
        #expect(
            report.description.hasSuffix(
                "Warning: line 1 ('english', 'french') was taken for an example; if it names the "
                    + "columns, state header true, else header false."))
        for header in [true, false] {
            let (stated, other) = try read(text, Self.pairs) {
                $0.header = header
                $0.columns = [.number(1), .number(2)]
            }
            #expect(stated.count == (header ? 1 : 2))
            #expect(other.warnings.isEmpty)
        }
        // Labels tell.
        let (_, labelled) = try labelled("neutral\tA.\tB.\n")
        #expect(labelled.warnings.isEmpty)
    }

    @Test func keysHaveNoSeparator() {
        #expect(
            message(#"{"a": "A.", "b": "B."}"#, Self.pairs)
                == "f.tsv: cannot tell which column is the first sentence; found 'a', 'b'; state the "
                + "columns by name or number from 1: first and second")
    }
}
