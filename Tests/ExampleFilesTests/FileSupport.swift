import CZlib
import Foundation

@testable import ExampleFiles

func scored(
    _ text: String, _ change: (inout ExampleFileOptions) -> Void = { _ in }
) throws(ExampleFileError) -> (dataset: PairDataset<Float>, report: ReadReport) {
    var options = ExampleFileOptions()
    change(&options)
    return try ExampleFile.readScored(contents: Array(text.utf8), name: "f.tsv", options: options)
}

func labelled(
    _ text: String, _ change: (inout ExampleFileOptions) -> Void = { _ in }
) throws(ExampleFileError) -> (dataset: PairDataset<Int32>, report: ReadReport) {
    var options = ExampleFileOptions()
    change(&options)
    return try ExampleFile.readLabelled(contents: Array(text.utf8), name: "f.tsv", options: options)
}

/// The message of the error that the reading throws; empty if it succeeds.
func message(_ body: () throws(ExampleFileError) -> Void) -> String {
    do throws(ExampleFileError) { try body() } catch { return error.description }
    return ""
}

/// The message of reading a file of scored pairs.
func scoredMessage(
    _ text: String, _ change: @escaping (inout ExampleFileOptions) -> Void = { _ in }
) -> String {
    message { () throws(ExampleFileError) in _ = try scored(text, change) }
}

/// The message of reading a file of labelled pairs.
func labelledMessage(
    _ text: String, _ change: @escaping (inout ExampleFileOptions) -> Void = { _ in }
) -> String {
    message { () throws(ExampleFileError) in _ = try labelled(text, change) }
}

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
