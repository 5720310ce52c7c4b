import Foundation
import ModelFolders
import Serialization
import Support

/// The output folder of a training run: `model/`, `checkpoints/`, the recipe, logs and results, and `adapter/` if
/// adapters are trained.
public struct RunFolder: Sendable {
    /// The folder.
    public let path: String
    let format: RecipeFormat
    private var url: URL { URL(filePath: path) }
    /// The exported model.
    public var model: URL { url.appending(path: "model") }
    /// The adapters alone, in PEFT's layout.
    public var adapter: URL { url.appending(path: "adapter") }
    /// The model that a run from scratch begins with, made for it.
    public var start: URL { url.appending(path: Self.startName) }
    static let startName = "start.h5"
    /// The page that shows the run.
    public var report: URL { file("report.html") }
    /// The folder of event files, if any are asked for.
    public var tensorBoard: URL { url.appending(path: "tensorboard") }
    /// The figures, and what they cost.
    public var results: URL { file("results.json") }
    /// The checkpoints.
    public var checkpoints: URL { url.appending(path: "checkpoints") }
    /// The checkpoint of the best model so far.
    public var best: URL { checkpoints.appending(path: "best.h5") }

    /// The folder of a path.
    public init(_ path: String, format: RecipeFormat = .json) {
        self.path = expandingHome(path)
        self.format = format
    }

    /// The checkpoint of a step.
    public func checkpoint(step: Int) -> URL { checkpoints.appending(path: Self.name(step: step)) }

    private static func name(step: Int) -> String { "step-" + String(format: "%08d", step) + ".h5" }

    func file(_ name: String) -> URL { url.appending(path: name) }

    /// Makes the folder of a new run with its recipe; refuses what `requireFree` does.
    ///
    /// The recipe comes first: with it alone, a run that is cut short here can be resumed. What such a run left
    /// before that is in nobody's way.
    func create(_ recipe: Recipe) throws {
        try requireFree()
        try make()
        try write(format.write(recipe), to: format.name)
    }

    /// Refuses a folder that holds something but a teacher's labels, the model made for the run, and what was left of
    /// writing them or a recipe.
    ///
    /// - Throws: `RunError.outputInUse`.
    public func requireFree() throws {
        let entries = (try? FileManager.default.contentsOfDirectory(atPath: url.path)) ?? []
        guard
            entries.allSatisfy({ name in
                TeacherCache.isPart(name) || name == Self.startName || name == RunClaim.fileName
                    || name.hasSuffix(".part")
                        && (name.hasPrefix(".\(format.name).")
                            || name.hasPrefix(".\(Self.startName).")
                            || TeacherCache.isPart(name.dropFirst()))
            })
        else { throw RunError.outputInUse(path: path) }
    }

    /// Tries what the run will depend on later: that the model and checkpoints can be written.
    func prepare(for trainer: Trainer) throws {
        try AtomicFolder.isReplaceable(model, owns: ModelFolder.isWritten)
        if trainer.model.adapters != nil {
            try AtomicFolder.isReplaceable(adapter, owns: AdapterFolder.isWritten)
        }
        try makeFolder(checkpoints)
        try Checkpoint.tryWriting(trainer, in: checkpoints)
    }

    /// Removes what `create` and `prepare` made in the folder, to leave it free for another try.
    func clear() {
        rmdir(checkpoints.path)
        unlink(file(format.name).path)
    }

    /// Makes the folder, unless it is there.
    func make() throws { try makeFolder(url) }

    private func makeFolder(_ url: URL) throws {
        let number = makeFolders(url.path)
        if number != 0 { throw RunError.outputUnwritable(path: path, reason: systemReason(number)) }
    }

    func write(_ text: String, to name: String) throws {
        try AtomicFile.write(Data(text.utf8), to: file(name))
    }

    /// A checkpoint to go on from, with what was read of it.
    struct Latest {
        let checkpoint: Checkpoint
        let recipe: Recipe
        let model: SentenceTransformer
        /// The names of later ones that are damaged.
        let damaged: [String]
    }

    /// The latest checkpoint from which a run can go on; nil when there is none. `open` opens the base of adapters.
    func latest(
        _ open: (String) throws -> SentenceTransformer, _ note: (TrainingNote) -> Void
    ) throws -> Latest? {
        var failure: (any Error)?
        var damaged: [String] = []
        for name in steps().reversed() {
            do {
                let checkpoint = try Checkpoint(checkpoints.appending(path: name))
                try checkpoint.requireResumable(step: Self.step(name))
                let recipe = try Recipe(json: checkpoint.recipe())
                return Latest(
                    checkpoint: checkpoint, recipe: recipe,
                    model: try checkpoint.model(base: open), damaged: damaged)
            } catch {
                note(.other("\(error); trying the one before"))
                failure = error
                if (error as? CheckpointError)?.isDamage == true { damaged.append(name) }
            }
        }
        if let failure { throw failure }
        return nil
    }

    /// The settings that the run was started with.
    func recipe() throws -> Recipe {
        let file = file(format.name)
        guard FileManager.default.mayExist(atPath: file.path) else {
            throw RunError.nothingToResume(path: path, recipe: format.name)
        }
        if let kind = RegularFile.otherKind(file.path) {
            throw RunError.file("\(file.path): is \(kind); put the run's recipe there")
        }
        return try format.read(file.path)
    }

    /// Refuses a recipe in the folder that is not the one in the run's checkpoint.
    func require(_ kept: Recipe) throws {
        let file = file(format.name)
        guard FileManager.default.mayExist(atPath: file.path) else { return }
        let own: Recipe
        do { own = try recipe() } catch {
            throw RunError.file(
                "\(error). Remove the file, and the run goes on with the recipe in its checkpoint")
        }
        let keys = kept.keys(changedIn: own)
        if !keys.isEmpty { throw RunError.recipeChanged(path: file.path, keys: keys) }
    }

    /// Writes the recipe of a run that goes on without one in its folder.
    func restore(_ recipe: Recipe) throws {
        if FileManager.default.mayExist(atPath: file(format.name).path) { return }
        try write(format.write(recipe), to: format.name)
    }

    /// Removes all but the latest checkpoints up to the one that was just written or gone on from, and returns those that
    /// cannot be removed, with the reason. What stands for a later step was passed over when the run went on.
    func removeCheckpoints(upTo step: Int, keeping count: Int) -> [String] {
        steps().prefix { Self.step($0) <= step }.dropLast(max(1, count)).compactMap { name in
            let url = checkpoints.appending(path: name)
            return unlink(url.path) == 0
                ? nil : "\(url.path): cannot be removed (\(systemReason()))"
        }
    }

    /// Gives damaged checkpoints other names, so that none counts as one of the latest, and says so.
    func setAside(_ names: [String], _ note: (TrainingNote) -> Void) {
        for name in names {
            let (old, new) = (
                checkpoints.appending(path: name),
                checkpoints.appending(path: Self.damagedPrefix + name)
            )
            note(
                .other(
                    rename(old.path, new.path) == 0
                        ? "\(old.path): is damaged, and now called \(new.lastPathComponent)"
                        : "\(old.path): is damaged, and cannot be renamed (\(systemReason()))"))
        }
    }

    private static let damagedPrefix = "damaged-"

    /// Whether a name is that of a checkpoint that was set aside.
    static func isSetAside(_ name: String) -> Bool {
        name.hasPrefix(damagedPrefix) && step(String(name.dropFirst(damagedPrefix.count))) >= 0
    }

    /// The checkpoints that are there, for messages: the best one and the latest.
    func kept(bestStep: Int?) -> [String] {
        var kept: [String] = []
        if let bestStep, FileManager.default.mayExist(atPath: best.path) {
            kept.append("\(best.path) (the best, step \(bestStep))")
        }
        if let last = steps().last { kept.append(checkpoints.appending(path: last).path) }
        return kept
    }

    private func steps() -> [String] { Self.steps(in: checkpoints) }

    /// The names of the checkpoints in a folder that are called after their steps, in order.
    static func steps(in folder: URL) -> [String] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
        return names.filter { step($0) >= 0 }.sorted { step($0) < step($1) }
    }

    /// The step of a checkpoint with a name of our making, else -1.
    static func step(_ name: String) -> Int {
        guard name.hasPrefix("step-"), let step = Int(name.dropFirst(5).dropLast(3)), step >= 0,
            name == self.name(step: step)
        else { return -1 }
        return step
    }
}
