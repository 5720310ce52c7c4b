import Testing

@testable import ExampleFiles

/// JSON records that differ from each other, and records of nothing.
@Suite struct JSONRecordTests {
    private static let ranking = ExampleRequest(columns: 2...64, allowsMissingTexts: true)
    private static let single = ExampleRequest(columns: 1...1)

    private static func many(_ record: String, then last: String) -> String {
        String(repeating: record + "\n", count: 300) + last + "\n"
    }

    // MARK: Keys that come later

    @Test func keysThatTheFirstRecordLacks() throws {
        let (table, report) = try read(
            #"{"anchor": "A", "positive": "B"}"# + "\n"
                + #"{"anchor": "C", "positive": "D", "negative": "E", "source": "x"}"#, Self.ranking
        )
        #expect(rows(table) == [["A", "B", nil], ["C", "D", "E"]])
        #expect(report.unusedColumns == ["'source'"])
        // A damaged record says nothing.
        let (other, damaged) = try read(
            #"{"anchor": "A", "positive": "B"}"# + "\n" + #"{"negative": "C", "x": }"#, Self.ranking
        ) { $0.maxRejectedShare = 0.5 }
        #expect(rows(other) == [["A", "B"]])
        #expect(damaged.unusedColumns.isEmpty)
    }

    @Test(arguments: [
        (#"{"anchor": "A", "positive": "B"}"#, "negative"),
        (#"{"anchor": "A", "positive": "B", "negative_1": "C"}"#, "negative_2"),
        (#"{"query": "A", "pos": ["B"]}"#, "neg"),
        (#"{"sentence1": "A", "sentence2": "B"}"#, "Sentence3"),
    ])
    func aTextThatTheFirstRecordsLack(record: String, key: String) {
        let last = String(record.dropLast()) + #", "\#(key)": "N"}"#
        #expect(
            message(Self.many(record, then: last), Self.ranking)
                == "f.tsv:301: the key '\(key)' seems to be wanted, but none of the first records has "
                + "it, and they say what the columns are; put a record that has it first, or state the "
                + "others with columns")
    }

    @Test func otherKeysThatTheFirstRecordsLackAreCounted() throws {
        let record = #"{"anchor": "A", "positive": "B"}"#
        let text = Self.many(
            record,
            then:
                #"{"anchor": "A", "positive": "B", "note": 1, "negative_id": 2, "negative": null}"#)
        let (table, report) = try read(text, Self.ranking)
        #expect(table.count == 301)
        #expect(report.lateKeys == ["note", "negative_id"])
        #expect(report.lateRows == 1)
        #expect(
            report.description.contains(
                " Left out of 1 rows, though not of the first: 'note' and 'negative_id'."))
        // Where the columns are stated, or no more texts are wanted, no key is missed.
        let negative = Self.many(record, then: String(record.dropLast()) + #", "negative": "N"}"#)
        let (stated, _) = try read(negative, Self.ranking) {
            $0.columns = [.name("anchor"), .name("positive")]
        }
        #expect(stated.count == 301)
        let (pairs, other) = try read(negative, ExampleRequest(columns: 2...2))
        #expect(pairs.count == 301)
        #expect(other.lateKeys == ["negative"])
    }

    // MARK: Records of nothing

    @Test(arguments: [#"{"text": ""}"#, #"{"text": null}"#, "{}"])
    func emptyRecordsAreNoBlankLines(record: String) throws {
        let text = #"{"text": "A"}"# + "\n\n \n" + record + "\n"
        #expect(
            message(text, Self.single).contains("f.tsv: 1 of 2 lines cannot be used\n  f.tsv:4:"))
        let (table, report) = try read(text, Self.single) { $0.maxRejectedShare = 0.5 }
        #expect(rows(table) == [["A"]])
        #expect((report.rows, report.rejected) == (2, 1))
    }

    @Test func otherEmptyRecords() {
        #expect(
            message(
                #"{"set": ["A", "B"]}"# + "\n" + #"{"set": []}"#, ExampleRequest(columns: 2...2)
            )
            .contains("f.tsv:2: 'set' has 0 texts; 2 or more are needed"))
        #expect(
            message("text\nA\n\n\"\"\nB\n", Self.single, name: "f.csv") { $0.format = .csv }
                .contains(
                    "f.csv: 1 of 3 lines cannot be used\n  f.csv:4: the sentence in 'text' is"))
    }

    // MARK: Lists that hold no texts

    @Test(arguments: ["[17, 42]", "[true, false]", #"["17", "42"]"#])
    func negativesThatAreNoTexts(list: String) {
        #expect(
            message(#"{"query": "Q", "pos": ["P"], "neg": \#(list)}"#, Self.ranking)
                == "f.tsv: 'neg' was taken for sentences but holds only numbers or truth values; check "
                + "the columns: columns, first, second, score, label")
    }

    @Test func aTextAmongNumbersWillDo() throws {
        let (table, _) = try read(
            #"{"query": "Q", "pos": ["P"], "neg": ["17", "forty-two"]}"#, Self.ranking)
        #expect(rows(table) == [["Q", "P", "17", "forty-two"]])
    }

    // MARK: Memory

    @Test func noMoreMemoryIsReservedThanRowsCanNeed() throws {
        let text = "anchor\tpositive\n" + String(repeating: "\n", count: 50_000) + "A\tB\n"
        let contents = FileContents(Array(text.utf8), name: "f.tsv")
        let file = try OpenedFile(
            LineStream(contents), .init(), nil, ExampleRequest(columns: 2...2))
        #expect(file.estimatedRows(1 << 40) == 1 << 36)
    }
}
