import Foundation
import JSON

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
    /// - Throws: `ReportError.noRun` when there is none.
    init(path: String) throws(ReportError) {
        let folder = URL(fileURLWithPath: path, isDirectory: true)
        func text(_ name: String) -> String? {
            try? String(contentsOf: folder.appending(path: name), encoding: .utf8)
        }
        func json(_ name: String) -> JSONValue? {
            text(name).flatMap { try? JSONValue(parsing: $0.utf8) }
        }
        guard let steps = text("steps.csv") else { throw .noRun(path: path) }
        name = folder.standardizedFileURL.lastPathComponent
        self.steps = Columns(csv: steps)
        evaluations = Columns(csv: text("evaluations.csv") ?? "")
        record = json("run.json") ?? .null
        results = json("results.json")
        let files = folder.appending(path: "predictions")
        let names = (try? FileManager.default.contentsOfDirectory(atPath: files.path)) ?? []
        predictions = names.filter { $0.hasSuffix(".jsonl") }.sorted().compactMap { name in
            text("predictions/" + name).map {
                RecordedPredictions(name: String(name.dropLast(".jsonl".count)), lines: $0)
            }
        }
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

    /// What was found and what was expected.
    public var description: String {
        switch self {
        case .noRun(let path): "\(path): no steps.csv there; expected the folder of a training run"
        }
    }

    /// The same.
    public var errorDescription: String? { description }
}
