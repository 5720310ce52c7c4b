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
    private var hasFailed = false
    private let note: (TrainingNote) -> Void
    /// The time that the run took before this process.
    private let earlierSeconds: Double
    private let start = ContinuousClock.now

    /// Opens the logs of a run that goes on after `step`, or begins when there is none; rows after that step,
    /// left by a run that was cut short, are dropped.
    ///
    /// Columns that an older log lacks stay empty in its rows.
    init(
        _ folder: RunFolder, after step: Int?, note: @escaping (TrainingNote) -> Void
    ) throws {
        self.note = note
        let stepsFile = folder.file("steps.csv")
        evaluations = folder.file("evaluations.csv")
        let stepRows = Self.withAllColumns(try Self.rows(of: stepsFile, upTo: step))
        earlierSeconds =
            stepRows.last?.split(separator: ",", omittingEmptySubsequences: false)[6...].first
            .flatMap { Double($0) } ?? 0
        evaluationRows = try Self.rows(of: evaluations, upTo: step)
        try folder.write(
            Self.text([Self.columns.joined(separator: ",")] + stepRows), to: "steps.csv")
        try folder.write(Self.text(evaluationRows), to: "evaluations.csv")
        steps = try LogFile(stepsFile)
    }

    /// How long the run takes so far, without the time between its processes.
    var seconds: Double { earlierSeconds + (ContinuousClock.now - start) / .seconds(1) }

    /// The header and the rows up to a step of an older log; nothing without a step, or when there is none.
    private static func rows(of url: URL, upTo step: Int?) throws -> [String] {
        guard let step, FileManager.default.fileExists(atPath: url.path) else { return [] }
        guard let text = try? String(contentsOf: url, encoding: .utf8) else {
            throw RunError.file(
                "\(url.path): cannot be read as text; move it away to go on without its rows")
        }
        return text.split(separator: "\n").map(String.init).filter { line in
            (line.split(separator: ",").first.flatMap { Int($0) } ?? 0) <= step
        }
    }

    /// The rows after the header, each with as many fields as there are columns now.
    private static func withAllColumns(_ lines: [String]) -> [String] {
        lines.dropFirst().map { line in
            let missing = columns.count - 1 - line.count { $0 == "," }
            return line + String(repeating: ",", count: max(0, missing))
        }
    }

    private static func text(_ rows: [String]) -> String { rows.map { $0 + "\n" }.joined() }

    func handle(_ event: TrainingEvent, _ trainer: Trainer) -> TrainingControl {
        switch event {
        case .stepped(let step):
            noting(steps.path) {
                try steps.append(Data((row(step, trainer.state.step) + "\n").utf8))
            }
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
            noting(evaluations.path) {
                try AtomicFile.write(Data(Self.text(evaluationRows).utf8), to: evaluations)
            }
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

    /// Writes the rows that wait.
    func flush() { noting(steps.path) { try steps.flush() } }

    /// Says once that rows cannot be written.
    private func noting(_ path: String, _ write: () throws -> Void) {
        do { try write() } catch {
            if !hasFailed {
                note(
                    .other("\(path): rows cannot be written now, and wait (\(error.systemReason))"))
            }
            hasFailed = true
        }
    }
}
