import ExampleFiles
import Foundation

extension FuzzReader {
    /// Files of examples.
    static let data: [FuzzReader] = [tables, gzip, parallel]

    private static let requests = [
        ExampleRequest.scoredPairs, .labelledPairs,
        ExampleRequest(columns: 2...64, labels: .vectors, allowsMissingTexts: true),
        ExampleRequest(columns: 2...3, allowsMissingTexts: true),
        ExampleRequest(columns: 2...8, allowsMissingTexts: true), ExampleRequest(columns: 2...2),
        ExampleRequest(columns: 1...1, labels: .classes),
        ExampleRequest(columns: 3...3, labels: .vectors), ExampleRequest(columns: 1...1),
        ExampleRequest(columns: 2...2, labels: .rawScores),
        ExampleRequest(columns: 2...2, labels: .optionalScores),
    ]

    /// Tables, JSON lines and lines; the first two bytes say what is wanted of them and what is known.
    private static let tables = FuzzReader("examples", expects: isError(of: "f")) { bytes in
        guard bytes.count >= 2 else { return }
        let request = requests[Int(bytes[0]) % requests.count]
        let (table, report) = try ExampleFile.read(
            contents: Array(bytes.dropFirst(2)), name: "f", options: options(bytes[1]), as: request)
        check(table, report)
        if case .scores(let scores) = table.labels,
            [.scores, .optionalScores].contains(request.labels)
        {
            precondition(scores.allSatisfy { (0...1).contains($0) })
        }
    }

    private static func options(_ byte: UInt8) -> ExampleFileOptions {
        var options = ExampleFileOptions()
        options.format = ExampleFormat.allCases[Int(byte & 7) % ExampleFormat.allCases.count]
        options.maxRejectedShare = byte & 8 == 0 ? 1 : nil
        options.scoreRange = byte & 16 == 0 ? ScoreRange(parsing: "0...5") : nil
        options.labelOrder = byte & 32 == 0 ? .paper : nil
        options.quoting = byte & 64 == 0 ? nil : true
        options.decimalComma = byte & 128 == 0 ? nil : true
        return options
    }

    /// What is read is what the table gives again: texts that are none but in the last columns, labels for each row,
    /// and the same digest as the rows in memory.
    private static func check(_ table: ExampleTable, _ report: ReadReport) {
        precondition(table.count > 0 && table.count == report.examples)
        precondition(table.labels.count ?? table.count == table.count)
        if case .classes(let classes, let names) = table.labels {
            precondition(classes.allSatisfy { names.indices.contains(Int($0)) })
        }
        var columns = table.columnNames.map { (name: $0, texts: [String?]()) }
        for row in 0..<table.count {
            let texts = table.texts(row)
            let present = texts.prefix { $0 != nil }
            precondition(present.allSatisfy { $0?.isEmpty == false })
            precondition(texts.dropFirst(present.count).allSatisfy { $0 == nil })
            for column in columns.indices { columns[column].texts.append(texts[column]) }
        }
        let same = ExampleTable(name: "f", columns: columns, labels: table.labels)
        precondition(same.digest == table.digest)
    }

    private static func isError(of path: String) -> @Sendable (any Error) -> Bool {
        { ($0 as? ExampleFileError)?.description.hasPrefix(path) == true }
    }

    private static let gzip: FuzzReader = {
        let folder = ScratchFolder()
        let scratch = ScratchFile("f.tsv.gz", in: folder)
        return FuzzReader("gzip", longest: 256, expects: isError(of: scratch.url.path)) { bytes in
            scratch.write(bytes)
            _ = try ExampleFile.read(scratch.url.path, as: .labelledPairs)
        }
    }()

    /// Three files of lines that belong together, one after the other with a form feed between.
    private static let parallel: FuzzReader = {
        let folder = ScratchFolder()
        let files = ["s1", "s2", "labels"].map { ScratchFile($0, in: folder) }
        return FuzzReader("parallel", longest: 256, expects: isError(of: folder.url.path)) {
            bytes in
            let parts = bytes.split(separator: 0x0C, maxSplits: 2, omittingEmptySubsequences: false)
            for (index, file) in files.enumerated() {
                file.write(index < parts.count ? parts[index] : [])
            }
            let (table, report) = try ExampleFile.read(
                parallel: files.map(\.url.path), as: .labelledPairs)
            check(table, report)
        }
    }()
}
