import Foundation
import Serialization
import Support

/// `steps.csv` and `evaluations.csv`: one row for each step and each evaluation, that before the first step
/// included.
final class RunLog: TrainingCallback {
    private static let columns = [
        "step", "loss", "learning_rate", "gradient_norm", "pairs", "tokens", "seconds", "epoch",
        "pairs_per_second", "memory_mib",
    ]

    private let steps: LogFile
    private let evaluations: URL
    private var evaluationRows: [String]
    /// Whether rows of evaluations wait to be written.
    private var evaluationsWait = false
    /// Why rows wait; nil when all are written.
    private(set) var problem: String?
    private var hasSaid = false
    private let note: (TrainingNote) -> Void
    /// The time that the run took before this process.
    private let earlierSeconds: Double
    private let start = ContinuousClock.now

    /// Opens the logs of a run that goes on after `step`, or begins when there is none; rows after that step,
    /// left by a run that was cut short, are dropped.
    ///
    /// Columns that an older log lacks stay empty in its rows.
    ///
    /// - Parameter evaluationCount: How many rows the log of evaluations had at that step, where that is known.
    /// - Throws: `RunError.logIncomplete` when rows up to that step are missing.
    init(
        _ folder: RunFolder, after step: Int?, evaluationCount: Int? = nil,
        note: @escaping (TrainingNote) -> Void
    ) throws {
        self.note = note
        let stepsFile = folder.file("steps.csv")
        evaluations = folder.file("evaluations.csv")
        let stepRows = Self.withAllColumns(try Self.steps(stepsFile, upTo: step, note))
        earlierSeconds =
            stepRows.last?.split(separator: ",", omittingEmptySubsequences: false)[6...].first
            .flatMap { Double($0) } ?? 0
        evaluationRows = try Self.evaluations(
            evaluations, upTo: step, count: evaluationCount, note)
        try folder.write(
            Self.text([Self.columns.joined(separator: ",")] + stepRows), to: "steps.csv")
        try folder.write(Self.text(evaluationRows), to: "evaluations.csv")
        steps = try LogFile(stepsFile)
    }

    /// How long the run takes so far, without the time between its processes.
    var seconds: Double { earlierSeconds + (ContinuousClock.now - start) / .seconds(1) }

    /// The evaluations so far.
    var evaluationCount: Int { max(0, evaluationRows.count - 1) }

    /// The rows of an older log of steps up to one; none without a step.
    private static func steps(
        _ url: URL, upTo step: Int?, _ note: (TrainingNote) -> Void
    ) throws -> [String] {
        guard let step, step > 0, isThere(url, note) else { return [] }
        let log = try LogRows(url, upTo: step)
        try log.requireEach(upTo: step, url)
        return log.rows
    }

    /// The header and the rows of an older log of evaluations; nothing without a step.
    private static func evaluations(
        _ url: URL, upTo step: Int?, count: Int?, _ note: (TrainingNote) -> Void
    ) throws -> [String] {
        guard let step, count != 0, isThere(url, note) else { return [] }
        let log = try LogRows(url, upTo: step)
        if let count, log.rows.count != count {
            throw RunError.logIncomplete(
                path: url.path,
                problem:
                    "has \(log.rows.count) evaluations up to step \(step), but the run had \(count)"
            )
        }
        return log.header.isEmpty ? [] : [log.header] + log.rows
    }

    /// Whether there is a log; says what comes of it when there is none.
    private static func isThere(_ url: URL, _ note: (TrainingNote) -> Void) -> Bool {
        if FileManager.default.fileExists(atPath: url.path) { return true }
        note(.other("\(url.path): is not there; it begins again, without the rows so far"))
        return false
    }

    /// Rows with as many fields as there are columns now.
    private static func withAllColumns(_ rows: [String]) -> [String] {
        rows.map { line in
            let missing = columns.count - 1 - line.count { $0 == "," }
            return line + String(repeating: ",", count: max(0, missing))
        }
    }

    private static func text(_ rows: [String]) -> String { rows.map { $0 + "\n" }.joined() }

    func handle(_ event: TrainingEvent, _ trainer: Trainer) -> TrainingControl {
        switch event {
        case .stepped(let step):
            noting(steps.path) { try steps.append((row(step, trainer.state.step) + "\n").utf8) }
        case .evaluated(let evaluation, _):
            if evaluationRows.isEmpty {
                evaluationRows = ["step," + evaluation.figures.map(\.name).joined(separator: ",")]
            }
            // By name: where an evaluator failed its figures are missing.
            let names = evaluationRows[0].split(separator: ",").dropFirst()
            evaluationRows.append(
                "\(trainer.state.step),"
                    + names.map { evaluation[String($0)].map { "\($0)" } ?? "" }
                    .joined(separator: ","))
            evaluationsWait = true
            writeEvaluations()
        // A run that goes on from a checkpoint finds every row before it.
        case .saving, .ended: flush()
        case .started, .evaluating, .evaluationFailed, .regressed, .saved, .notSaved: break
        }
        return .proceed
    }

    private func row(_ step: StepReport, _ number: Int) -> String {
        let rate = Double(step.rows) / max(step.seconds, 1e-9)
        let fields: [String] = [
            "\(number)", "\(step.loss)", "\(step.learningRate)", "\(step.gradientNorm)",
            "\(step.rows)", "\(step.tokens)", String(format: "%.3f", seconds),
            String(format: "%.4f", step.epoch), String(format: "%.1f", rate),
            "\(ProcessMemory.mebibytes(ProcessMemory.resident))",
        ]
        return fields.joined(separator: ",")
    }

    /// Writes the rows that wait, and has the disk hold them.
    func flush() {
        problem = nil
        noting(steps.path) { try steps.flush() }
        writeEvaluations()
    }

    private func writeEvaluations() {
        guard evaluationsWait else { return }
        noting(evaluations.path) {
            try AtomicFile.write(Data(Self.text(evaluationRows).utf8), to: evaluations)
            evaluationsWait = false
        }
    }

    /// Says once that rows cannot be written.
    private func noting(_ path: String, _ write: () throws -> Void) {
        do { try write() } catch {
            let reason = (error as? LogFile.Failure)?.reason ?? "\(error)"
            if !hasSaid {
                note(.other("\(path): rows cannot be written now, and wait (\(reason))"))
            }
            hasSaid = true
            problem = "\(path): rows could not be written (\(reason))"
        }
    }
}
