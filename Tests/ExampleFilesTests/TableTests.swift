import Foundation
import TestSupport
import Testing

@testable import ExampleFiles

/// What can be done with tables, and how they keep their rows.
@Suite struct TableTests {
    private func table(_ rows: [(String, String)], _ scores: [Float], name: String = "x")
        -> ExampleTable
    {
        ExampleTable(
            name: name, columns: [("first", rows.map(\.0)), ("second", rows.map(\.1))],
            labels: .scores(scores), lines: rows.indices.map { $0 + 1 })
    }

    @Test func columnsMayRepeat() throws {
        let (single, _) = try read("A a.\nB b.\n", ExampleRequest(columns: 1...1), name: "f.txt")
        let twice = single.using([0, 0])
        #expect(rows(twice) == [["A a.", "A a."], ["B b.", "B b."]])
        #expect(twice.digest != single.digest)
        #expect(single.using([0]).digest == single.digest)
    }

    @Test func otherLabels() {
        let base = table([("a", "b"), ("c", "d")], [0, 1])
        let taught = base.labelled(by: .vectors({ [Float($0), 2] }, count: 2, width: 2))
        #expect([Float].values(of: taught.labels, rows: 0..<2) == [[0, 2], [1, 2]])
        #expect(taught.digest != base.digest)
        #expect(taught.digest != base.labelled(by: .none).digest)
        #expect(taught.rows([1]).line(of: 0) == 2)
        #expect([Float].values(of: taught.rows([1]).labels, rows: 0..<1) == [[1, 2]])
    }

    /// Rows whose positions are in a file are read as the others are, in any order, alone and together.
    @Test(arguments: [0, 1, 3, 70_000])
    func positionsBeyondALimitAreInAFile(inMemory limit: Int) throws {
        let count = 140_000
        let text = (0..<count).map { "a \($0)\tb\($0 % 7 == 0 ? "\n" : "")\n" }.joined()
        let folder = TemporaryFolder()
        try Data(("s1\ts2\n" + text).utf8).write(to: folder("pairs.tsv"))
        let table = try ExampleFile.read(
            FileContents(path: folder.path("pairs.tsv"), limit: 0), .init(),
            ExampleRequest(columns: 2...2), nil, rowsInMemory: limit
        ).table
        #expect(table.count == count)
        for row in [0, 1, 2, 3, 65_535, 65_536, 69_999, 70_000, 131_072, count - 1, 5] {
            #expect(table.texts(row) == ["a \(row)", "b"])
            #expect(table.line(of: row) == 2 + row + (row + 6) / 7)
        }
        var rows = 0
        table.forEachRow { row, texts in if texts == ["a \(row)", "b"] { rows += 1 } }
        #expect(rows == count)
        rows = 0
        let some = [139_999, 7, 8, 70_001, 69_998]
        table.rows(some).forEachRow { row, texts in
            if texts == ["a \(some[row])", "b"] { rows += 1 }
        }
        #expect(rows == some.count)
        #expect(folder.entries == ["pairs.tsv"])
    }

    /// The digest of rows from a file is that of the same rows in memory.
    @Test func digestsOfFiles() throws {
        let (pairs, _) = try read("s1\ts2\tscore\na\tb\t0.5\nc\td\t1\n", .scoredPairs) {
            $0.scoreRange = .unit
        }
        #expect(pairs.digest == table([("a", "b"), ("c", "d")], [0.5, 1]).digest)
        let (ragged, _) = try read(
            "anchor\tpositive\tnegative\na\tb\tc\nd\te\t\n",
            ExampleRequest(columns: 2...3, allowsMissingTexts: true))
        let same = ExampleTable(
            name: "x",
            columns: [("anchor", ["a", "d"]), ("positive", ["b", "e"]), ("n", ["c", nil])])
        #expect(ragged.digest == same.digest)
        let (moved, _) = try read(
            "anchor\tpositive\tnegative\na\tb\t\nc\td\te\n",
            ExampleRequest(columns: 2...3, allowsMissingTexts: true))
        #expect(ragged.digest != moved.digest)
    }

    @Test func severalFilesAreOneTable() throws {
        let header = "s1\ts2\tscore\n"
        let parts = ["a\tb\t0.5\n", "c\td\t1\ne\tf\t0\n", "g\th\t0.25\n"]
        func read(_ text: String, _ name: String) throws -> ExampleTable {
            var options = ExampleFileOptions()
            options.scoreRange = .unit
            return try ExampleFile.read(
                contents: Array((header + text).utf8), name: name, options: options,
                as: .scoredPairs
            ).table
        }
        let joined = try ExampleTable(
            joining: parts.enumerated().map { try read($0.element, "f\($0.offset)") })
        let whole = try read(parts.joined(), "all")
        #expect(joined.digest == whole.digest)
        #expect(rows(joined) == rows(whole))
        #expect(Float.values(of: joined.labels, rows: 0..<4) == [0.5, 1, 0, 0.25])
        #expect((0..<4).map(joined.fileName) == ["f0", "f1", "f1", "f2"])
        #expect((0..<4).map(joined.line) == [2, 2, 3, 2])
        #expect(joined.name == "f0, f1, f2")
        #expect(
            try ExampleTable(joining: [joined, whole]).digest
                == ExampleTable(joining: [whole, joined]).digest)
        let chosen = try ExampleTable(joining: [joined.rows([2, 0]), whole.rows([3])])
        #expect(rows(chosen) == [["e", "f"], ["a", "b"], ["g", "h"]])
        #expect(chosen.fileName(of: 0) == "f1")
        #expect(chosen.fileName(of: 2) == "all")
        #expect(Float.values(of: chosen.labels, rows: 0..<3) == [0, 0.5, 0.25])
    }

    @Test func classesOfSeveralFiles() throws {
        let request = ExampleRequest(columns: 1...1, labels: .classes)
        let joined = try ExampleTable(joining: [
            read("text\tlabel\nA.\tx\nB.\ty\n", request).table,
            read("text\tlabel\nC.\tz\nD.\ty\n", request).table,
        ])
        #expect(joined.classNames == ["x", "y", "z"])
        #expect(Int32.values(of: joined.labels, rows: 0..<4) == [0, 1, 2, 1])
        let numbers = try ExampleTable(joining: [
            read("text\tlabel\nA.\t5\n", request).table,
            read("text\tlabel\nC.\t3\n", request).table,
        ])
        #expect(numbers.classNames == ["3", "5"])
        #expect(Int32.values(of: numbers.labels, rows: 0..<2) == [1, 0])
        let (whole, _) = try read("text\tlabel\nA.\t5\nC.\t3\n", request)
        #expect(numbers.digest == whole.digest)
    }

    @Test func aSplitGoesByTexts() {
        let texts = (0..<1000).map { ("text \($0 % 500)", "other \($0 % 500)") }
        let whole = table(texts, texts.map { _ in 0 })
        let (training, heldOut) = whole.split(share: 0.2, seed: 7)
        #expect(training.count + heldOut.count == 1000)
        #expect((140...260).contains(heldOut.count))
        #expect(Leakage(of: heldOut, in: training).rows.found == 0)
        #expect(rows(whole.split(share: 0.2, seed: 7).heldOut) == rows(heldOut))
        #expect(rows(whole.split(share: 0.2, seed: 8).heldOut) != rows(heldOut))
        let reversed = whole.rows(Array((0..<1000).reversed())).split(share: 0.2, seed: 7).heldOut
        #expect(Set(rows(reversed)) == Set(rows(heldOut)))
        #expect(whole.split(share: 0, seed: 1).heldOut.count == 0)
        #expect(whole.split(share: 1, seed: 1).training.count == 0)
    }

    @Test func leakageIsCountedAndNamed() {
        let training = table([("a b", "c d"), ("e f", "g h")], [0, 0], name: "train")
        let heldOut = table(
            [(" a b", "c d "), ("g h", "new"), ("g h", "e f"), ("x", "y")], [0, 0, 0, 0],
            name: "dev")
        let found = Leakage(of: heldOut, in: training)
        #expect(found.texts == (7, 4))
        #expect(found.rows == (4, 1))
        #expect(
            found.description
                == "4 of 7 held-out texts are in the training data (dev:1: ' a b'; dev:1: 'c d '; "
                + "dev:2: 'g h'; dev:3: 'e f'), and 1 of 4 whole rows (dev:1: ' a b / c d ')")
        #expect(!found.isEmpty)
        let none = Leakage(of: table([("x", "y")], [0]), in: training)
        #expect(none.description == "none of 2 held-out texts are in the training data")
    }

    // MARK: Files larger than the memory's share

    /// Reads a file as if it were large.
    private func large(_ path: String, _ request: ExampleRequest) throws -> ExampleTable {
        let contents = try FileContents(path: path, limit: 1000)
        #expect(contents.bytes == nil)
        var options = ExampleFileOptions()
        options.scoreRange = .unit
        return try ExampleFile.read(contents, options, request, nil).table
    }

    private static let lines = (0..<3000).map {
        "text é \($0)\t\"other\" \($0 * 7)\t0.\($0 % 10)\n"
    }

    @Test func largeFilesStayWhereTheyAre() throws {
        let folder = TemporaryFolder()
        let text = Self.lines.joined()
        let path = try folder.write(text, to: "f.tsv")
        let table = try large(path, .scoredPairs)
        let small = try ExampleFile.read(
            path, options: options { $0.scoreRange = .unit }, as: .scoredPairs
        ).table
        #expect(table.digest == small.digest)
        #expect(table.texts(2999) == ["text é 2999", "\"other\" 20993"])
        #expect(rows(table) == rows(small))
        try table.requireUnchangedFiles()
    }

    @Test func aFileMadeShorterIsAnErrorAndNoSignal() throws {
        let folder = TemporaryFolder()
        let path = try folder.write(Self.lines.joined(), to: "f.tsv")
        let table = try large(path, .scoredPairs)
        let file = try #require(FileHandle(forWritingAtPath: path))
        try file.truncate(atOffset: 100)
        try file.close()
        #expect(table.texts(2999) == [nil, nil])
        let error = #expect(throws: ExampleFileError.self) { try table.requireUnchangedFiles() }
        #expect(error == .changed(path: path))
        // A file that was replaced is read from as it was.
        let other = try folder.write(Self.lines.joined(), to: "g.tsv")
        let kept = try large(other, .scoredPairs)
        try FileManager.default.removeItem(atPath: other)
        #expect(kept.text(2999, 0) == "text é 2999")
        try kept.requireUnchangedFiles()
    }

    @Test func compressedFilesAreUnpackedBesideThemselvesWithoutATrace() throws {
        let folder = TemporaryFolder()
        writeGzip(Self.lines.joined(), to: folder.path("f.tsv.gz"))
        let contents = try FileContents(path: folder.path("f.tsv.gz"), limit: 1000)
        #expect(contents.unpackedTo == folder.url.path)
        #expect(folder.entries == ["f.tsv.gz"])
        let table = try large(folder.path("f.tsv.gz"), .scoredPairs)
        #expect(table.texts(1234) == ["text é 1234", "\"other\" 8638"])
        try table.requireUnchangedFiles()
    }

    @Test func quotedFieldsAndJSONOfLargeFiles() throws {
        let folder = TemporaryFolder()
        let csv =
            "anchor,positive\n" + (0..<500).map { "\"a \"\"\($0)\"\"\nb\",c \($0)\n" }.joined()
        let table = try large(folder.write(csv, to: "f.csv"), ExampleRequest(columns: 2...2))
        #expect(table.texts(499) == ["a \"499\"\nb", "c 499"])
        #expect(table.line(of: 499) == 1000)
        let long = String(repeating: "x y ", count: 5000)
        let json = (0..<50).map {
            #"{"n": [1], "pos": ["p \#($0)", "q\n"], "query": "\#(long)"}"# + "\n"
        }
        let lists = try large(
            folder.write(json.joined(), to: "f.jsonl"), ExampleRequest(columns: 2...2))
        #expect(lists.count == 100)
        #expect(lists.texts(99) == [long, "q\n"])
        #expect(lists.texts(98) == [long, "p 49"])
    }
}
