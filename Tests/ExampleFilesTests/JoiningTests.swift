import Foundation
import Testing

@testable import ExampleFiles

/// Several files that are read as one table.
@Suite struct JoiningTests {
    private func joined(
        _ files: [String], _ request: ExampleRequest,
        _ change: (inout ExampleFileOptions) -> Void = { _ in }
    ) throws(ExampleFileError) -> ExampleTable {
        var tables: [ExampleTable] = []
        for (index, text) in files.enumerated() {
            tables.append(try read(text, request, name: "f\(index).tsv", change).table)
        }
        return try ExampleTable(joining: tables, allowsMissingTexts: request.allowsMissingTexts)
    }

    private func refusal(_ files: [String], _ request: ExampleRequest) -> String {
        message { () throws(ExampleFileError) in
            _ = try joined(files, request) { $0.scoreRange = .unit }
        }
    }

    private static let advice =
        "; give both the same columns of texts and labels, or leave one out"

    @Test func labelsOfDifferentKinds() {
        let request = ExampleRequest(columns: 2...2, labels: .optionalScores)
        #expect(
            refusal(
                ["s1\ts2\tscore\nA.\tB.\t1\n", "s1\ts2\nC.\tD.\n"], request)
                == "f1.tsv: has no labels, and f0.tsv, which is read with it, has scores"
                + Self.advice)
    }

    @Test func vectorsOfDifferentWidths() {
        let request = ExampleRequest(
            columns: 3...64, labels: .vectors, allowsMissingTexts: true)
        let two = "query\tpositive\tnegative\tscore_pos\tscore_neg\nA\tB\tC\t2\t1\n"
        let three =
            "query\tpositive\tnegative_1\tnegative_2\tscore_pos\tscore_neg_1\tscore_neg_2\n"
            + "A\tB\tC\tD\t3\t2\t1\n"
        #expect(
            refusal([two, three], request)
                == "f1.tsv: has vectors of 3 numbers, and f0.tsv, which is read with it, has "
                + "vectors of 2 numbers" + Self.advice)
    }

    @Test func rowsOfDifferentNumbersOfTexts() throws {
        let files = ["anchor\tpositive\nA\tB\n", "anchor\tpositive\tnegative\nC\tD\tE\n"]
        #expect(
            refusal(files, ExampleRequest(columns: 2...3))
                == "f1.tsv: has 3 texts a row, and f0.tsv, which is read with it, has 2 texts a row"
                + Self.advice)
        let table = try joined(files, ExampleRequest(columns: 2...3, allowsMissingTexts: true))
        #expect(rows(table) == [["A", "B", nil], ["C", "D", "E"]])
        // The second text is never missing.
        let single = ExampleTable(name: "one", columns: [("text", ["A"])])
        #expect(throws: ExampleFileError.self) {
            try ExampleTable(joining: [single, table], allowsMissingTexts: true)
        }
    }

    @Test func classesWrittenInTwoWays() throws {
        let request = ExampleRequest(columns: 1...1, labels: .classes)
        let names = try joined(
            ["text\tlabel\nA\tSports\nB\tart\n", "text\tlabel\nC\tart\nD\tsports\n"], request)
        #expect(names.classNames == ["Sports", "art"])
        #expect(Int32.values(of: names.labels, rows: 0..<4) == [0, 1, 1, 0])
        let numbers = try joined(
            ["text\tlabel\nA\t1\nB\t0\n", "text\tlabel\nC\t0.0\nD\t1.0\n"], request)
        #expect(numbers.classNames == ["0", "1"])
        #expect(Int32.values(of: numbers.labels, rows: 0..<4) == [1, 0, 0, 1])
        let (one, _) = try read("text\tlabel\nA\t1.0\nB\t1\nC\t-1.0\nD\tx\n", request)
        #expect(one.classNames == ["1", "x"])
        #expect(Int32.values(of: one.labels, rows: 0..<3) == [0, 0, 1])
        #expect(LabelSet(names: ["1", "1.0"]) == nil)
    }

    @Test func negativesThatParallelFilesLackAreNone() throws {
        let folder = TemporaryFolder()
        let paths = [
            try folder.write("A\nB\n", to: "a"), try folder.write("C\nD\n", to: "b"),
            try folder.write("\nE\n", to: "c"),
        ]
        let (table, _) = try ExampleFile.read(
            parallel: paths, as: ExampleRequest(columns: 2...3, allowsMissingTexts: true))
        #expect(rows(table) == [["A", "C", nil], ["B", "D", "E"]])
        #expect(table.text(0, 2) == nil)
    }

    /// What cannot be read again is told even when the file looks as it did.
    @Test(arguments: [("quoted", "\"text"), ("broken", "\u{FF}xxx")])
    func aFileThatIsRestoredHasStillChanged(name: String, damage: String) throws {
        let folder = TemporaryFolder()
        let text = "anchor,positive\n" + (0..<500).map { "text \($0),other \($0)\n" }.joined()
        let path = try folder.write(text, to: "f.csv")
        let contents = try FileContents(path: path, limit: 1000)
        let request = ExampleRequest(columns: 2...2)
        let (table, _) = try ExampleFile.read(contents, .init(), request, nil)
        var status = stat()
        try #require(stat(path, &status) == 0)
        let file = try #require(FileHandle(forWritingAtPath: path))
        defer { try? file.close() }
        func write(_ bytes: [UInt8]) throws {
            let place = try #require(text.utf8.firstRange(of: "text 499".utf8))
            let offset = text.utf8.distance(from: text.utf8.startIndex, to: place.lowerBound)
            try file.seek(toOffset: UInt64(offset))
            try file.write(contentsOf: Data(bytes))
        }
        try write(damage.unicodeScalars.map { UInt8(truncatingIfNeeded: $0.value) })
        _ = table.texts(499)
        try write(Array("text 499".utf8))
        let times = [status.st_atim, status.st_mtim]
        try #require(futimens(file.fileDescriptor, times) == 0)
        #expect(table.texts(499) == ["text 499", "other 499"])
        #expect(throws: ExampleFileError.changed(path: path)) { try table.requireUnchangedFiles() }
    }
}
