import Digest
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
    private var stepsDigest = DigestStream(.sha256)
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
    /// - Parameter known: What `digests` was at that step; nothing where that is not known.
    /// - Throws: `RunError.logIncomplete` when rows up to that step are missing, or are others.
    init(
        _ folder: RunFolder, after step: Int?, known: [String: String] = [:],
        note: @escaping (TrainingNote) -> Void
    ) throws {
        self.note = note
        let stepsFile = folder.file("steps.csv")
        evaluations = folder.file("evaluations.csv")
        let (hasSteps, hasEvaluations) = (
            Self.isThere(stepsFile, step, note), Self.isThere(evaluations, step, note)
        )
        let stepRows =
            try hasSteps ? Self.withAllColumns(Self.steps(stepsFile, upTo: step ?? 0)) : []
        earlierSeconds =
            stepRows.last?.split(separator: ",", omittingEmptySubsequences: false)[6...].first
            .flatMap { Double($0) } ?? 0
        evaluationRows = []
        if hasEvaluations {
            let log = try LogRows(evaluations, upTo: step ?? 0)
            evaluationRows = log.header.isEmpty ? [] : [log.header] + log.rows
        }
        for row in stepRows { stepsDigest.add(Self.lastingFields(row)) }
        let digests = Self.digests(stepsDigest, evaluationRows)
        for (url, name, isThere) in [
            (stepsFile, "steps", hasSteps), (evaluations, "evaluations", hasEvaluations),
        ] where isThere && known[name].map({ $0 != digests[name] }) == true {
            throw RunError.logIncomplete(
                path: url.path,
                problem: "its rows up to step \(step ?? 0) are not those that the run wrote")
        }
        try folder.write(
            Self.text([Self.columns.joined(separator: ",")] + stepRows), to: "steps.csv")
        try folder.write(Self.text(evaluationRows), to: "evaluations.csv")
        steps = try LogFile(stepsFile)
    }

    /// SHA-256 of both logs' rows so far, but for what depends on the machine and the hour.
    var digests: [String: String] { Self.digests(stepsDigest, evaluationRows) }

    private static func digests(
        _ steps: DigestStream, _ evaluationRows: [String]
    ) -> [String: String] {
        var evaluations = DigestStream(.sha256)
        for row in evaluationRows { evaluations.add(row) }
        return [
            "steps": String(hexadecimal: steps.finished()),
            "evaluations": String(hexadecimal: evaluations.finished()),
        ]
    }

    /// What a step's row has in every run with the same settings: neither times nor memory.
    private static func lastingFields(_ row: String) -> String {
        let fields = row.split(separator: ",", omittingEmptySubsequences: false)
        return fields.prefix(6).joined(separator: ",")
    }

    /// How long the run takes so far, without the time between its processes.
    var seconds: Double { earlierSeconds + (ContinuousClock.now - start) / .seconds(1) }

    /// The rows of an older log of steps up to one.
    private static func steps(_ url: URL, upTo step: Int) throws -> [String] {
        let log = try LogRows(url, upTo: step)
        try log.requireEach(upTo: step, url)
        return log.rows
    }

    /// Whether there is a log of before; says what comes of it when there is none.
    private static func isThere(
        _ url: URL, _ step: Int?, _ note: (TrainingNote) -> Void
    ) -> Bool {
        if step == nil { return false }
        if FileManager.default.mayExist(atPath: url.path) { return true }
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
            let row = row(step, trainer.state.step)
            stepsDigest.add(Self.lastingFields(row))
            noting(steps.path) { try steps.append((row + "\n").utf8) }
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
