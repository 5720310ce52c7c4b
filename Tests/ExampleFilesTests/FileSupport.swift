import CZlib
import Foundation
import TestSupport

@testable import ExampleFiles

typealias TemporaryFolder = TestSupport.TemporaryFolder

/// A row of a table of pairs.
struct Pair<Label> {
    let first: String
    let second: String
    let label: Label
    let line: Int
}

/// The rows of a table of pairs.
func pairs<Label: ExampleLabel>(_ table: ExampleTable) -> [Pair<Label>] {
    let labels = Label.values(of: table.labels, rows: 0..<table.count) ?? []
    return labels.enumerated().map { row, label in
        let texts = table.texts(row)
        return Pair(
            first: texts[0] ?? "", second: texts[1] ?? "", label: label, line: table.line(of: row))
    }
}

func options(_ change: (inout ExampleFileOptions) -> Void) -> ExampleFileOptions {
    var options = ExampleFileOptions()
    change(&options)
    return options
}

func scored(
    _ text: String, _ change: (inout ExampleFileOptions) -> Void = { _ in }
) throws(ExampleFileError) -> (dataset: [Pair<Float>], report: ReadReport) {
    let (table, report) = try read(text, .scoredPairs, change)
    return (pairs(table), report)
}

func labelled(
    _ text: String, _ change: (inout ExampleFileOptions) -> Void = { _ in }
) throws(ExampleFileError) -> (dataset: [Pair<Int32>], report: ReadReport) {
    let (table, report) = try read(text, .labelledPairs, change)
    return (pairs(table), report)
}

func read(
    _ text: String, _ request: ExampleRequest, name: String = "f.tsv",
    _ change: (inout ExampleFileOptions) -> Void = { _ in }
) throws(ExampleFileError) -> (table: ExampleTable, report: ReadReport) {
    try ExampleFile.read(
        contents: Array(text.utf8), name: name, options: options(change), as: request)
}

/// The message of the error that the reading throws; empty if it succeeds.
func message(_ body: () throws(ExampleFileError) -> Void) -> String {
    do throws(ExampleFileError) { try body() } catch { return error.description }
    return ""
}

/// The message of reading a file as what is requested.
func message(
    _ text: String, _ request: ExampleRequest, name: String = "f.tsv",
    _ change: @escaping (inout ExampleFileOptions) -> Void = { _ in }
) -> String {
    message { () throws(ExampleFileError) in _ = try read(text, request, name: name, change) }
}

/// The message of reading a file of scored pairs.
func scoredMessage(
    _ text: String, _ change: @escaping (inout ExampleFileOptions) -> Void = { _ in }
) -> String {
    message(text, .scoredPairs, change)
}

/// The message of reading a file of labelled pairs.
func labelledMessage(
    _ text: String, _ change: @escaping (inout ExampleFileOptions) -> Void = { _ in }
) -> String {
    message(text, .labelledPairs, change)
}

/// All texts of a table, row by row.
func rows(_ table: ExampleTable) -> [[String?]] { (0..<table.count).map(table.texts) }

/// Calls `body` with the path of a new directory and removes it afterwards.
func withTemporaryDirectory(_ body: (String) throws -> Void) throws {
    let folder = TemporaryFolder()
    try withExtendedLifetime(folder) { try body(folder.url.path + "/") }
}

/// Writes a gzip-compressed file.
func writeGzip(_ text: String, to path: String) {
    let file = gzopen(path, "wb")
    let bytes = Array(text.utf8)
    gzwrite(file, bytes, UInt32(bytes.count))
    gzclose(file)
}
