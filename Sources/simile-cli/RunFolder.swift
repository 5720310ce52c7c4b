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

    /// Makes the folder of a new run with its recipe; refuses a folder that holds something.
    ///
    /// The recipe comes first: with it alone, a run that is cut short here can be resumed. What such a run left
    /// before that is in nobody's way.
    func create(recipe: String) throws {
        let entries = (try? FileManager.default.contentsOfDirectory(atPath: url.path)) ?? []
        guard entries.allSatisfy({ $0.hasPrefix(".\(Self.recipeName).") && $0.hasSuffix(".part") })
        else { throw CommandError.outputInUse(path: path) }
        try makeFolder(url)
        try write(recipe, to: Self.recipeName)
    }

    /// Tries what the run will depend on later: that the model and checkpoints can be written.
    func prepare<L: Loss>(for trainer: Trainer<L>) throws {
        try AtomicFolder.isReplaceable(model, owns: ModelFolder.isWritten)
        try makeFolder(checkpoints)
        try Checkpoint.tryWriting(trainer, in: checkpoints)
    }

    /// Removes what `create` and `prepare` made in the folder, to leave it free for another try.
    func clear() {
        rmdir(checkpoints.path)
        unlink(file(Self.recipeName).path)
    }

    private func makeFolder(_ url: URL) throws {
        do {
            try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
        } catch {
            throw CommandError.outputUnwritable(path: path, reason: error.systemReason)
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

    /// Removes all but the latest checkpoints up to the one that was just written; one that cannot be removed is
    /// named and stays. What stands for a later step was passed over as damaged when the run went on.
    func removeCheckpoints(upTo step: Int, keeping count: Int) {
        for name in steps().prefix(while: { Self.step($0) <= step }).dropLast(count) {
            let url = checkpoints.appending(path: name)
            if unlink(url.path) != 0 {
                Console.note("\(url.path): cannot be removed (\(String(cString: strerror(errno))))")
            }
        }
    }

    /// The checkpoints that are there, for messages: the best one and the latest.
    func kept(bestStep: Int?) -> [String] {
        var kept: [String] = []
        if let bestStep, FileManager.default.fileExists(atPath: best.path) {
            kept.append("\(best.path) (the best, step \(bestStep))")
        }
        if let last = steps().last { kept.append(checkpoints.appending(path: last).path) }
        return kept
    }

    private func steps() -> [String] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: checkpoints.path)) ?? []
        return names.filter { Self.step($0) >= 0 }.sorted { Self.step($0) < Self.step($1) }
    }

    /// The step of a checkpoint with a name of our making, else -1.
    private static func step(_ name: String) -> Int {
        let digits = name.dropFirst("step-".count).dropLast(".h5".count)
        guard name == "step-\(digits).h5", digits.allSatisfy(\.isASCII) else { return -1 }
        return digits.first?.isNumber == true ? Int(digits) ?? -1 : -1
    }
}
