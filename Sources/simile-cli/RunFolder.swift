import Foundation
import Simile

/// The output folder of a training run.
struct RunFolder {
    static let recipeName = "recipe.yaml"

    let path: String
    private var url: URL { URL(filePath: path) }
    var model: URL { url.appending(path: "model") }
    var checkpoints: URL { url.appending(path: "checkpoints") }
    var best: URL { checkpoints.appending(path: "best.h5") }

    init(_ path: String) { self.path = path }

    func checkpoint(step: Int) -> URL {
        checkpoints.appending(path: "step-" + String(format: "%08d", step) + ".h5")
    }

    func file(_ name: String) -> URL { url.appending(path: name) }

    /// Makes the folder; refuses one that holds something.
    func create() throws {
        let files = FileManager.default
        if let entries = try? files.contentsOfDirectory(atPath: path), !entries.isEmpty {
            throw CommandError.outputInUse(path: path)
        }
        do { try files.createDirectory(at: checkpoints, withIntermediateDirectories: true) } catch {
            throw CommandError.outputUnwritable(path: path, reason: error.localizedDescription)
        }
    }

    func write(_ text: String, to name: String) throws {
        try AtomicFile.write(Data(text.utf8), to: file(name))
    }

    /// A checkpoint to go on from, with what was read of it.
    struct Latest {
        let checkpoint: Checkpoint
        let recipe: Recipe
        let model: SentenceTransformer
    }

    /// The latest checkpoint that can be read; nil when there is none.
    func latest() throws -> Latest? {
        var failure: (any Error)?
        for name in steps().reversed() {
            do {
                let checkpoint = try Checkpoint(checkpoints.appending(path: name))
                let recipe = try JSONDecoder().decode(
                    Recipe.self, from: Data(checkpoint.recipe().utf8))
                return Latest(checkpoint: checkpoint, recipe: recipe, model: try checkpoint.model())
            } catch {
                Console.note("\(error); trying the one before")
                failure = error
            }
        }
        if let failure { throw failure }
        return nil
    }

    /// The settings that the run was started with.
    func recipe() throws -> Recipe {
        let file = file(Self.recipeName)
        guard FileManager.default.fileExists(atPath: file.path) else {
            throw CommandError.nothingToResume(path: path)
        }
        return try Recipe(yamlFile: file.path)
    }

    /// Removes all but the latest checkpoints.
    func removeCheckpoints(keeping count: Int) throws {
        for name in steps().dropLast(count) {
            try FileManager.default.removeItem(at: checkpoints.appending(path: name))
        }
    }

    private func steps() -> [String] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: checkpoints.path)) ?? []
        return names.filter { $0.hasPrefix("step-") && $0.hasSuffix(".h5") }.sorted()
    }
}

/// `steps.csv` and `evaluations.csv`: one row for each step and each evaluation.
final class RunLog {
    private let path: String
    private let steps: FileHandle
    private let evaluations: URL
    private var pending = ""

    /// Opens the logs; rows after `step`, left by a run that was cut short, are dropped.
    init(_ folder: RunFolder, from step: Int) throws {
        let header = "step,loss,learning_rate,gradient_norm,pairs,tokens\n"
        path = folder.file("steps.csv").path
        evaluations = folder.file("evaluations.csv")
        for (url, header) in [(folder.file("steps.csv"), header), (evaluations, "")] {
            let old = (try? String(contentsOf: url, encoding: .utf8)) ?? header
            let kept = old.split(separator: "\n").filter { line in
                (line.split(separator: ",").first.flatMap { Int($0) } ?? 0) <= step
            }
            try AtomicFile.write(Data(kept.map { $0 + "\n" }.joined().utf8), to: url)
        }
        steps = try FileHandle(forWritingTo: folder.file("steps.csv"))
        try steps.seekToEnd()
    }

    func handle(_ event: TrainingEvent, _ state: TrainingState) {
        switch event {
        case .stepped(let step):
            pending +=
                "\(state.step),\(step.loss),\(step.learningRate),\(step.gradientNorm),\(step.pairs),\(step.tokens)\n"
            if pending.utf8.count > 1 << 12 { try? flush() }
        case .evaluated(let evaluation, _):
            var text = (try? String(contentsOf: evaluations, encoding: .utf8)) ?? ""
            if text.isEmpty {
                text = "step," + evaluation.figures.map(\.name).joined(separator: ",") + "\n"
            }
            text +=
                "\(state.step)," + evaluation.figures.map { "\($0.value)" }.joined(separator: ",")
                + "\n"
            try? AtomicFile.write(Data(text.utf8), to: evaluations)
        case .started, .evaluationFailed, .saved: break
        }
    }

    /// Writes the rows that wait; those that cannot be written wait on.
    func flush() throws {
        do { try steps.write(contentsOf: Data(pending.utf8)) } catch {
            throw CommandError.outputUnwritable(
                path: path, reason: error.localizedDescription)
        }
        pending = ""
    }
}
