import Foundation
import Serialization

/// `tensorboard/events.out.tfevents...`: steps and evaluations as scalars, and the recipe as a text.
///
/// Each process of a run writes a file of its own. What an earlier one has of steps that were not saved, TensorBoard
/// leaves out.
final class TensorBoardLog: TrainingCallback {
    private let file: LogFile
    private let note: (TrainingNote) -> Void
    private var hasFailed = false

    /// Makes the file of a run that goes on after `step`, or begins when there is none.
    ///
    /// - Throws: `SerializationError.unwritable`, or `RunError.outputUnwritable`.
    init(
        _ folder: RunFolder, after step: Int?, recipe: Recipe,
        note: @escaping (TrainingNote) -> Void
    ) throws {
        self.note = note
        let url = folder.tensorBoard.appending(path: Self.name)
        try AtomicFolder.make(folder.tensorBoard)
        try AtomicFile.write(Data(), to: url)
        file = try LogFile(url)
        append(EventRecord.version(at: Self.now))
        if let step {
            append(EventRecord.start(step: step + 1, at: Self.now))
        } else {
            // Indented, Markdown shows it as it is.
            let lines = recipe.value.text.split(separator: "\n").map { "    \($0)\n" }
            append(EventRecord.text("recipe", lines.joined(), at: Self.now))
        }
    }

    /// A name that sorts by time, and that no other process has.
    private static var name: String {
        let host = ProcessInfo.processInfo.hostName.replacing("/", with: "-")
        return "events.out.tfevents.\(Int(now)).\(host).\(getpid()).0"
    }

    private static var now: Double { Date().timeIntervalSince1970 }

    func handle(_ event: TrainingEvent, _ trainer: Trainer) -> TrainingControl {
        switch event {
        case .stepped(let step):
            scalars(
                [
                    ("train/loss", Double(step.loss)),
                    ("train/learning_rate", Double(step.learningRate)),
                    ("train/gradient_norm", step.gradientNorm), ("train/epoch", step.epoch),
                    ("train/pairs_per_second", Double(step.rows) / max(step.seconds, 1e-9)),
                ], step: trainer.state.step)
        case .evaluated(let evaluation, _):
            scalars(
                evaluation.figures.filter(\.value.isFinite).map { ("dev/" + $0.name, $0.value) },
                step: trainer.state.step)
            flush()
        case .saving, .ended: flush()
        default: break
        }
        return .proceed
    }

    private func scalars(_ values: [(tag: String, value: Double)], step: Int) {
        append(EventRecord.scalars(values, step: step, at: Self.now))
    }

    private func append(_ record: Data) { noting { try file.append(record) } }

    private func flush() { noting { try file.flush() } }

    /// Says once that events cannot be written.
    private func noting(_ write: () throws -> Void) {
        do { try write() } catch {
            if !hasFailed {
                note(
                    .other(
                        "\(file.path): events cannot be written now, and wait (\((error as? LogFile.Failure)?.reason ?? "\(error)"))"
                    ))
            }
            hasFailed = true
        }
    }
}
