import Foundation
import Serialization

/// `steps.csv` and `evaluations.csv`: one row for each step and each evaluation, that before the first step
/// included.
///
/// Rows that cannot be written end nothing: they are kept and tried again with the next ones.
final class RunLog: TrainingCallback {
    private let steps: FileHandle
    private var stepsEnd: UInt64
    private let stepsPath: String
    private let evaluations: URL
    private var pendingSteps = ""
    private var evaluationRows: [String]
    private var hasFailed = false
    private let note: (TrainingNote) -> Void

    /// Opens the logs of a run that goes on after `step`, or begins when there is none; rows after that step,
    /// left by a run that was cut short, are dropped.
    init(
        _ folder: RunFolder, after step: Int?, note: @escaping (TrainingNote) -> Void
    ) throws {
        self.note = note
        let stepsFile = folder.file("steps.csv")
        evaluations = folder.file("evaluations.csv")
        let stepRows = try Self.rows(of: stepsFile, upTo: step)
        evaluationRows = try Self.rows(of: evaluations, upTo: step)
        let header = "step,loss,learning_rate,gradient_norm,pairs,tokens"
        try folder.write(Self.text(stepRows.isEmpty ? [header] : stepRows), to: "steps.csv")
        try folder.write(Self.text(evaluationRows), to: "evaluations.csv")
        stepsPath = stepsFile.path
        do {
            steps = try FileHandle(forWritingTo: stepsFile)
            stepsEnd = try steps.seekToEnd()
        } catch {
            throw RunError.outputUnwritable(path: stepsPath, reason: error.systemReason)
        }
    }

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

    private static func text(_ rows: [String]) -> String { rows.map { $0 + "\n" }.joined() }

    func handle(_ event: TrainingEvent, _ trainer: Trainer) -> TrainingControl {
        switch event {
        case .stepped(let step):
            pendingSteps +=
                "\(trainer.state.step),\(step.loss),\(step.learningRate),\(step.gradientNorm),\(step.rows),\(step.tokens)\n"
            if pendingSteps.utf8.count > 1 << 12 { flush() }
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
        case .started, .evaluationFailed, .regressed, .saved, .notSaved: break
        }
        return .proceed
    }

    /// Writes the rows that wait.
    func flush() {
        noting(stepsPath) {
            // Also after a failure half-way through.
            try steps.seek(toOffset: stepsEnd)
            try steps.write(contentsOf: Data(pendingSteps.utf8))
            stepsEnd += UInt64(pendingSteps.utf8.count)
            pendingSteps = ""
        }
    }

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
