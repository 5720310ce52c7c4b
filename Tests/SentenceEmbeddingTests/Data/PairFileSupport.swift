import CZlib
import Foundation

@testable import SentenceEmbedding

func scored(
    _ text: String, _ change: (inout PairFileOptions) -> Void = { _ in }
) throws(PairFileError) -> (dataset: PairDataset<Float>, report: ReadReport) {
    var options = PairFileOptions()
    change(&options)
    return try PairFile.readScored(contents: Array(text.utf8), name: "f.tsv", options: options)
}

func labelled(
    _ text: String, _ change: (inout PairFileOptions) -> Void = { _ in }
) throws(PairFileError) -> (dataset: PairDataset<Int32>, report: ReadReport) {
    var options = PairFileOptions()
    change(&options)
    return try PairFile.readLabelled(contents: Array(text.utf8), name: "f.tsv", options: options)
}

/// The message of the error that the reading throws; empty if it succeeds.
func message(_ body: () throws(PairFileError) -> Void) -> String {
    do throws(PairFileError) { try body() } catch { return error.description }
    return ""
}

/// The message of reading a file of scored pairs.
func scoredMessage(
    _ text: String, _ change: @escaping (inout PairFileOptions) -> Void = { _ in }
) -> String {
    message { () throws(PairFileError) in _ = try scored(text, change) }
}

/// The message of reading a file of labelled pairs.
func labelledMessage(
    _ text: String, _ change: @escaping (inout PairFileOptions) -> Void = { _ in }
) -> String {
    message { () throws(PairFileError) in _ = try labelled(text, change) }
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
