import EvaluationMetrics
import ExampleFiles
import Foundation
import JSON
import Serialization
import Support

/// `predictions/NAME.jsonl`: what the model made of each row of an evaluation before training and after it, with the
/// row's file and line.
struct PredictionFile {
    /// Rows of a test that are written; there is no file for a larger one.
    static let mostRows = 100_000

    private let url: URL
    private let table: ExampleTable

    /// The file of an evaluation's rows in a run's folder.
    init(_ folder: RunFolder, name: String, _ table: ExampleTable) {
        url = folder.file("predictions").appending(path: name + ".jsonl")
        self.table = table
    }

    /// Replaces the file; there is none for more rows than `mostRows`.
    ///
    /// - Throws: What prevents writing.
    func write(before: Predictions?, after: Predictions?) throws {
        guard let some = after ?? before, some.count <= Self.mostRows else { return }
        try AtomicFolder.make(url.deletingLastPathComponent())
        let lines = (0..<table.count).map { row -> String in
            let gold = some.measure == .aboveZero ? JSONValue.null : value(some.gold[row], some)
            return JSONValue.object([
                JSONValue.Member("file", .string(table.fileName(of: row))),
                JSONValue.Member("line", .integer(table.line(of: row))),
                JSONValue.Member("gold", gold),
                JSONValue.Member("before", value(before?.predicted[row], some)),
                JSONValue.Member("after", value(after?.predicted[row], some)),
                JSONValue.Member(
                    "texts", .array(table.texts(row).map { $0.map(JSONValue.string) ?? .null })),
            ]).line + "\n"
        }
        try AtomicFile.write(Data(lines.joined().utf8), to: url)
    }

    /// The predictions before training that an earlier process wrote for the rows that `predictions` are of; nil when
    /// there are none.
    ///
    /// - Throws: `RunError.file` when the file cannot be read.
    func before(like predictions: Predictions) throws -> Predictions? {
        guard FileManager.default.mayExist(atPath: url.path) else { return nil }
        let bytes: [UInt8]
        do throws(RegularFile.Failure) { bytes = try RegularFile.bytes(url.path) } catch {
            throw RunError.file("\(url.path): cannot be read (\(error.reason))")
        }
        let text = String(decoding: bytes, as: UTF8.self)
        let values = text.split(separator: "\n").compactMap { line -> Double? in
            guard let value = (try? JSONValue(parsing: line.utf8))?["before"] else { return nil }
            guard predictions.measure == .accuracy else { return value.double }
            return value.string.map { Double(table.classNames.firstIndex(of: $0) ?? -1) }
        }
        guard values.count == predictions.count else { return nil }
        return Predictions(predictions.measure, gold: predictions.gold, predicted: values)
    }

    /// A number, or the name of a class.
    private func value(_ number: Double?, _ predictions: Predictions) -> JSONValue {
        guard let number else { return .null }
        guard predictions.measure == .accuracy else { return .number(number) }
        let names = table.classNames
        return names.indices.contains(Int(number)) ? .string(names[Int(number)]) : .string("")
    }
}
