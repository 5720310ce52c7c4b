import Foundation
import JSON
import Support

/// What the files of a run's folder say about the run; each may be absent.
struct RecordedRun {
    /// The folder's name, for people.
    let name: String
    /// The columns of `steps.csv` and `evaluations.csv` by name, with NaN for empty fields.
    let steps: Columns
    let evaluations: Columns
    /// `run.json`
    let record: JSONValue
    /// `results.json`; nil before the run is finished.
    let results: JSONValue?
    /// `predictions/*.jsonl`, in the order of their names.
    let predictions: [RecordedPredictions]

    /// Reads a run's folder.
    ///
    /// - Throws: `ReportError.noRun` when there is none; `ReportError.unreadable` for a file that is there and cannot be
    ///   read: the page would lack what it says.
    init(path: String) throws(ReportError) {
        let folder = URL(fileURLWithPath: path, isDirectory: true)
        func text(_ name: String) throws(ReportError) -> String? {
            let file = folder.appending(path: name).path
            guard FileManager.default.mayExist(atPath: file) else { return nil }
            do throws(RegularFile.Failure) {
                return String(validating: try RegularFile.bytes(file), as: UTF8.self)
            } catch { throw .unreadable(path: file, reason: error.reason) }
        }
        func json(_ name: String) throws(ReportError) -> JSONValue? {
            try text(name).flatMap { try? JSONValue(parsing: $0.utf8) }
        }
        guard let steps = try text("steps.csv") else { throw .noRun(path: path) }
        name = folder.standardizedFileURL.lastPathComponent
        self.steps = Columns(csv: steps)
        evaluations = Columns(csv: try text("evaluations.csv") ?? "")
        record = try json("run.json") ?? .null
        results = try json("results.json")
        let files = folder.appending(path: "predictions").path
        var entries: [FolderEntry] = []
        if FileManager.default.mayExist(atPath: files) {
            do throws(RegularFile.Failure) { entries = try FolderEntry.all(in: files) } catch {
                throw .unreadable(path: files, reason: error.reason)
            }
        }
        var predictions: [RecordedPredictions] = []
        for entry in entries
        where entry.path.hasSuffix(".jsonl") && !entry.isFolder && !entry.path.contains("/") {
            guard let lines = try text("predictions/" + entry.path) else { continue }
            predictions.append(
                RecordedPredictions(
                    name: String(entry.path.dropLast(".jsonl".count)), lines: lines))
        }
        self.predictions = predictions
    }

    /// Points of a column over the steps.
    func points(_ column: String, of columns: KeyPath<RecordedRun, Columns>) -> [(
        x: Double, y: Double
    )] {
        let table = self[keyPath: columns]
        return zip(table["step"], table[column]).map { ($0, $1) }
    }

    /// The figures to show first: each evaluation's own.
    var mainFigures: [String] { results?["main_figures"]?.strings ?? [] }

    /// Steps taken.
    var stepCount: Int { steps["step"].last.flatMap { Int(exactly: $0) } ?? 0 }
}

/// A table of numbers with named columns.
struct Columns {
    let names: [String]
    private let values: [String: [Double]]

    /// Reads the text of a CSV file of numbers; empty fields are NaN.
    init(csv: String) {
        let lines = csv.split(separator: "\n").map {
            $0.split(separator: ",", omittingEmptySubsequences: false)
        }
        names = lines.first?.map(String.init) ?? []
        var values: [String: [Double]] = [:]
        for (index, name) in names.enumerated() {
            values[name] = lines.dropFirst().map {
                index < $0.count ? Double($0[index]) ?? .nan : .nan
            }
        }
        self.values = values
    }

    /// The column of a name; empty when there is none.
    subscript(name: String) -> [Double] { values[name] ?? [] }
}

/// The rows of a test with what was predicted for them.
struct RecordedPredictions {
    /// A row; a class is a name, everything else a number.
    struct Row {
        let file: String
        let line: Int
        let gold: JSONValue
        let before: JSONValue
        let after: JSONValue
        let texts: [String]
    }

    /// What the predictions are of.
    enum Kind {
        /// Similarities of pairs with scores.
        case scores
        /// Similarities of pairs that belong together or do not.
        case binary
        /// By how much a positive is closer than a negative.
        case margins
        /// Classes.
        case classes
    }

    /// The name of the evaluation.
    let name: String
    let rows: [Row]

    /// Reads JSON lines; what is none is left out.
    init(name: String, lines: String) {
        self.name = name
        rows = lines.split(separator: "\n").compactMap { line in
            guard let value = try? JSONValue(parsing: line.utf8), value.members != nil else {
                return nil
            }
            return Row(
                file: value["file"]?.string ?? "", line: value["line"]?.int ?? 0,
                gold: value["gold"] ?? .null, before: value["before"] ?? .null,
                after: value["after"] ?? .null,
                texts: value["texts"]?.elements?.compactMap(\.string) ?? [])
        }
    }

    /// What kind the rows are of, by their truth.
    var kind: Kind {
        if rows.contains(where: { $0.gold.string != nil }) { return .classes }
        let gold = rows.compactMap(\.gold.double)
        if gold.isEmpty { return .margins }
        return gold.allSatisfy { $0 == 0 || $0 == 1 } ? .binary : .scores
    }
}

/// Why there is no report.
public enum ReportError: Error, Equatable, LocalizedError, CustomStringConvertible {
    /// A folder holds no run.
    case noRun(path: String)
    /// A file of a run cannot be read.
    case unreadable(path: String, reason: String)

    /// What was found and what was expected.
    public var description: String {
        switch self {
        case .noRun(let path): "\(path): no steps.csv there; expected the folder of a training run"
        case .unreadable(let path, let reason): "\(path): cannot be read (\(reason))"
        }
    }

    /// The same.
    public var errorDescription: String? { description }
}
