import Communication
import ExampleFiles
import Foundation
import JSON
import Kernels
import Losses
import NeuralNetwork
import Reports
import Settings
import Support
import Tensors

/// A run from files to files: reads the data, trains, measures, and leaves the best model in its folder.
///
/// The folder gets `model/` (a sentence-transformers folder), `adapter/` (PEFT's) where adapters are trained, `checkpoints/`,
/// the recipe, `run.json`, `steps.csv`, `evaluations.csv`, `predictions/`, `results.json` and `report.html`. A run that was cut short goes on from its latest checkpoint to the same result.
public final class TrainingRun {
    /// What decides the run.
    public let recipe: Recipe
    /// Where it writes.
    public let folder: RunFolder
    private var isNew: Bool
    private let overwrites: Bool
    /// How many bytes of memory the run may need, by its `MemoryPlan`: one that needs more does not begin. nil: as many as
    /// it needs; a note says so when that is more than there are.
    public var memoryLimit: Int?
    /// The processes that share the run, each with a run made from the same; nil for one. The first one writes.
    let processes: (any Communicator)?
    let note: (TrainingNote) -> Void
    private let open: (String) throws -> SentenceTransformer
    /// The checkpoint to go on from, until everything in it is read: an open file keeps its space on the disk
    /// when it is removed.
    private var latest: RunFolder.Latest?
    /// Keeps others out of the folder from where it is first written to until the run is over.
    private var claim: RunClaim?

    /// Prepares a new run; the output folder must be new or empty.
    ///
    /// - Parameters:
    ///   - overwrites: Whether the output folder may hold a run, which is removed when this one is about to begin.
    ///   - format: How the folder keeps the recipe.
    ///   - processes: Those that share the run, each with a run made from the same; nil for one.
    ///   - open: Opens the model that the recipe names.
    ///   - note: Hears what a person should know.
    /// - Throws: `RunError.recipe` when the recipe lacks something or contradicts itself.
    public init(
        _ recipe: Recipe, output: String, overwrites: Bool = false, format: RecipeFormat = .json,
        processes: (any Communicator)? = nil,
        open: @escaping (String) throws -> SentenceTransformer = { try .init(path: $0) },
        note: @escaping (TrainingNote) -> Void = { _ in }
    ) throws {
        for problem in try recipe.checked() { note(.other(problem)) }
        // What will be read when the run goes on, evaluations in the same order.
        do throws(RecipeError) { self.recipe = try Recipe(json: recipe.json) } catch {
            throw RunError.recipe(error)
        }
        folder = RunFolder(output, format: format)
        self.processes = processes
        self.overwrites = overwrites
        isNew = true
        self.open = open
        self.note = note
    }

    /// Prepares to go on from the latest checkpoint of a run, or from its beginning if it ended before the first.
    ///
    /// - Throws: `RunError.nothingToResume`, `RunError.inUse`, `RunError.recipeChanged`, and what is wrong with the
    ///   checkpoints.
    public init(
        resuming output: String, format: RecipeFormat = .json,
        processes: (any Communicator)? = nil,
        open: @escaping (String) throws -> SentenceTransformer = { try .init(path: $0) },
        note: @escaping (TrainingNote) -> Void = { _ in }
    ) throws {
        folder = RunFolder(output, format: format)
        self.processes = processes
        overwrites = false
        isNew = false
        // Before anything is read that another process may be writing.
        claim =
            (processes.map { $0.rank == 0 } ?? true)
                && FileManager.default.folderExists(atPath: folder.path)
            ? try RunClaim(folder, note: note) : nil
        let folder = folder
        latest = try processes.together { try folder.latest(open, note) }
        if let latest {
            try folder.require(latest.recipe)
            recipe = latest.recipe
        } else {
            recipe = try folder.recipe()
        }
        // What was allowed when the run began is so still.
        for problem in try recipe.checked(forNewRun: false) { note(.other(problem)) }
        self.open = open
        self.note = note
    }

    /// Takes the steps that are left and writes the result; nil when a callback stopped the run, which can be resumed.
    ///
    /// - Throws: `RunError`, and what reading, training and writing throw. Everything is read, checked and tried before
    ///   the first step.
    public func execute(_ callbacks: [any TrainingCallback] = []) throws -> RunResults? {
        try claimFolder()
        defer {
            isNew = false
            claim = nil
        }
        let prepared = try prepare(cache: folder)
        let trainer = prepared.trainer
        let measurements = RunMeasurements(
            dev: prepared.dev, test: prepared.test, folder: writes ? folder : nil, note: note)
        let record = RunRecord(recipe, trainer.tasks, trainer.model, note: note)
        var made: RunFiles?
        try processes.inFirst { made = try self.prepareFiles(prepared, record) }
        let files = made
        latest = nil
        let saver = CheckpointSaver(files, savedStep: trainer.state.step, note: note)
        var all =
            callbacks + (files.map { [$0.log] } ?? []) + [measurements] + (files?.others ?? [])
        if !measurements.dev.isEmpty {
            all.append(
                PeriodicEvaluation(
                    Evaluators(
                        measurements.dev.map(\.evaluator), allowedFalls: recipe.allowedFalls)))
        }
        if let patience = recipe.training.patience { all.append(EarlyStopping(patience: patience)) }
        let outcome: TrainingOutcome
        defer {
            if let files {
                files.log.flush()
                writeReport()
            }
        }
        do { outcome = try trainer.run(all + [saver]) } catch {
            let kept = folder.kept(bestStep: trainer.state.bestStep)
            switch error {
            case let error as TrainingError: throw RunError.diverged(error, kept: kept)
            case let error as ExampleFileError: throw RunError.changed(error, kept: kept)
            default: throw error
            }
        }
        let isUnsaved = saver.unsavedLast != nil
        if outcome == .stopped, !(processes?.any(isUnsaved) ?? isUnsaved) { return nil }
        return try finish(trainer, saver, measurements, files?.log, record)
    }

    /// Makes the folder ready for the run, and opens what is written as it goes.
    private func prepareFiles(_ prepared: Prepared, _ record: RunRecord) throws -> RunFiles {
        let trainer = prepared.trainer
        let step = latest == nil ? nil : trainer.state.step
        if step != nil { try requireBest(trainer.state) }
        let known = try latest?.checkpoint.record().logs ?? [:]
        let damaged = latest?.damaged ?? []
        latest = nil
        try prepareFolder(for: trainer)
        folder.setAside(damaged, note)
        try folder.write(record.json, to: "run.json")
        let log = try RunLog(folder, after: step, known: known, note: note)
        var others: [any TrainingCallback] = []
        if recipe.setup.tensorboard {
            others.append(try TensorBoardLog(folder, after: step, recipe: recipe, note: note))
        }
        return RunFiles(
            folder: folder, log: log, others: others,
            record: CheckpointRecord(recipe: recipe.json, heldOut: prepared.heldOut))
    }

    /// Refuses to finish a run again whose best model is in `model/` alone, because its checkpoint could not be written: it
    /// would be replaced by the last one.
    private func requireBest(_ state: TrainingState) throws {
        guard let bestStep = state.bestStep,
            let bytes = try? RegularFile.bytes(folder.results.path),
            let results = try? JSONValue(parsing: bytes),
            results["steps"]?.int == state.step, results["best_step"]?.int == bestStep,
            (try? Checkpoint(folder.best).state().step) != bestStep
        else { return }
        throw RunError.file(
            "\(folder.path): is complete: model/ holds the best model, of step \(bestStep), and no checkpoint has it, so it could not be made again; to have the last one instead, remove results.json first"
        )
    }

    /// Writes the page that shows the run as far as it went; one that cannot be written ends nothing.
    private func writeReport() {
        do { try RunReport.write(RunReport.page(ofRun: folder.path), to: folder.report) } catch {
            note(.other("\(folder.report.path): not written: \(error)"))
        }
    }
}

// MARK: - The beginning

extension TrainingRun {
    /// What a run works with once everything is read and checked.
    struct Prepared {
        let trainer: Trainer
        let dev: [RunEvaluation]
        let test: [RunEvaluation]
        /// Digests of the held-out data, by the name of the evaluation.
        let heldOut: [String: String]
        /// What the run will need.
        let memory: MemoryPlan
    }

    /// Takes the folder for this run, so that no other works in it before this one is over; `execute` does so itself.
    ///
    /// - Throws: `RunError.outputInUse` or `RunError.inUse`; of a run that overwrites, `RunError.file` for what is not of
    ///   an earlier run.
    public func claimFolder() throws {
        try requireFolder()
        if claim != nil || !writes { return }
        claim = try RunClaim(folder, note: note)
        // What another process left that just ended.
        try requireFolder()
    }

    /// Refuses a folder that a new run cannot have.
    private func requireFolder() throws {
        if isNew, writes {
            try overwrites ? folder.requireReplaceable(by: recipe) : folder.requireFree()
        }
    }

    /// Reads and checks everything; writes nothing but a teacher's labels, into `cache`.
    func prepare(cache: RunFolder) throws -> Prepared {
        try requireSameRecipe()
        let data = RunData(recipe, open: open, note: note)
        // What can be wrong in files is said before a teacher begins.
        let (model, read, dev, test) = try processes.together { [self] in
            try requireFolder()
            if !isNew, latest == nil { latest = try folder.latest(open, note) }
            let model = try startingModel()
            let tables = try recipe.tasks.map { try data.table(of: $0) }
            return (
                model, tables, try data.evaluators(.dev, for: model),
                try data.evaluators(.test, for: model)
            )
        }
        let tables = try zip(recipe.tasks, read).map {
            try data.labelled($1, for: $0, cache: cache, among: processes)
        }
        let prepared = try processes.together { [self] in
            let tasks = try self.tasks(for: model, tables)
            let trainer = try self.trainer(model, tasks)
            for item in dev + test {
                try item.evaluator.check(trainer.losses)
                try item.evaluator.check(model)
            }
            try requireHeldOut(data)
            return Prepared(
                trainer: trainer, dev: dev, test: test, heldOut: data.heldOut.mapValues(\.digest),
                memory: try memoryPlan(trainer, evaluates: !dev.isEmpty))
        }
        try requireAgreement(prepared)
        return prepared
    }

    /// What the run will need, with no more token ids kept than the limit leaves room for.
    private func memoryPlan(_ trainer: Trainer, evaluates: Bool) throws -> MemoryPlan {
        var plan = MemoryPlan(trainer, evaluates: evaluates)
        if let memoryLimit {
            plan.tokens = min(plan.tokens, max(0, memoryLimit - (plan.total - plan.tokens)))
            if plan.total > memoryLimit { throw RunError.memory(plan, limit: memoryLimit) }
            for tokens in trainer.tokens { tokens.limit = plan.tokens / trainer.tokens.count }
        }
        if plan.total > MemoryPlan.available {
            note(
                .other(
                    "memory: \(plan), more than the \(MemoryPlan.size(MemoryPlan.available)) there are; a smaller batch_size or max_seq_length, a mini_batch_size or gradient_checkpointing need less"
                ))
        } else {
            let text = "memory: \(plan)"
            note(memoryLimit == nil ? .doing(text) : .other(text))
        }
        return plan
    }

    /// Refuses held-out data other than those that the run began with.
    private func requireHeldOut(_ data: RunData) throws {
        guard let latest else { return }
        let before = try latest.checkpoint.record().heldOut
        for (name, now) in data.heldOut.sorted(by: { $0.key < $1.key }) {
            if let digest = before[name], digest != now.digest {
                throw RunError.heldOutChanged(role: name, paths: now.paths)
            }
        }
    }

    /// The model that the run begins or goes on with, prepared as the recipe says.
    private func startingModel() throws -> SentenceTransformer {
        let setup = recipe.setup
        var model: SentenceTransformer
        if let latest {
            model = latest.model
        } else {
            let path = recipe.model ?? ""
            if recipe.adapters != nil, try SentenceTransformer.isOfAdapters(path: path) {
                throw RunError.adapters(.nested(path: path))
            }
            model = try open(path)
            if let tokens = setup.addTokens {
                model = try TokenFile.add(tokens, to: model, note: note)
            }
            if let adapters = recipe.adapters {
                do throws(AdapterError) {
                    try model.addAdapters(
                        adapters, base: recipe.model ?? "", seed: recipe.training.seed)
                } catch { throw RunError.adapters(error) }
            }
        }
        if let length = setup.maxSequenceLength {
            let positions = model.bert.configuration.maxPositionEmbeddings
            guard (3...positions).contains(length) else {
                throw RunError.recipe(
                    .invalid(
                        key: "max_seq_length", found: "\(length)",
                        expected: "3...\(positions), the positions the model has"))
            }
            model.maxSequenceLength = length
        }
        try applyPrompt(to: model)
        try freeze(model)
        return model
    }

    func applyPrompt(to model: SentenceTransformer) throws {
        try model.setPrompt(name: recipe.setup.prompt, text: recipe.setup.promptText)
    }

    /// Freezes what the recipe does not train: all but `train_only`, and then `freeze`.
    private func freeze(_ model: SentenceTransformer) throws {
        let setup = recipe.setup
        if !setup.trainOnly.isEmpty {
            let trained = try setup.trainOnly.flatMap {
                try parameters(of: model, named: $0, key: "train_only")
            }
            for parameter in model.parameters {
                parameter.isFrozen = !trained.contains { $0 === parameter }
            }
        }
        for pattern in setup.freeze {
            for parameter in try parameters(of: model, named: pattern, key: "freeze") {
                parameter.isFrozen = true
            }
        }
        noteFrozen(model)
    }

    private func parameters(
        of model: SentenceTransformer, named pattern: String, key: String
    ) throws -> [Parameter] {
        do throws(ParameterPatternError) {
            return try model.parameters.named(ParameterPattern(pattern))
        } catch { throw RunError.pattern(error, key: key) }
    }

    /// Says how much of the model is trained, when not all of it is.
    private func noteFrozen(_ model: SentenceTransformer) {
        func size(_ parameters: [Parameter]) -> Int {
            parameters.reduce(0) { $0 + $1.shape.count }
        }
        let all = size(model.allParameters)
        let some = size(model.allParameters.filter { !$0.isFrozen })
        if some == all { return }
        let share = String(format: "%.2f", 100 * Double(some) / Double(all))
        note(.other("trained: \(some) of the model's \(all) weights, \(share) %"))
    }

    private func tasks(
        for model: SentenceTransformer, _ tables: [ExampleTable]
    ) throws -> [TrainingTask] {
        try zip(recipe.tasks, tables).map { task, table in
            do {
                let loss = try Losses.named(task.loss.name)
                let source =
                    try latest?.checkpoint.source(ofTask: task.name)
                    ?? .random(seed: recipe.training.seed)
                let module = try LossModule(
                    named: task.loss.name, settings: task.loss.settings,
                    context: LossContext(model, table), source: source)
                try module.parameters.validate()
                noteUntrainedWhole(task, model)
                let sampler = try BatchSamplers.named(
                    task.settings.sampler ?? recipe.training.sampler(for: loss)
                ).init(
                    batchSize: task.settings.batchSize ?? recipe.training.batchSize,
                    seed: recipe.training.seed)
                return TrainingTask(
                    try module.objective(
                        on: table, for: model, modifiers: task.settings.modifiers),
                    name: task.name, sampler: sampler,
                    prompts: task.settings.prompts.isEmpty ? nil : task.settings.prompts)
            } catch let error as LossError {
                throw RunError.loss(error, task: task.name)
            }
        }
    }

    /// Says when only cut embeddings are trained, and whole ones are what the model gives.
    private func noteUntrainedWhole(_ task: TaskRecipe, _ model: SentenceTransformer) {
        let dimensions = task.settings.modifiers.dimensions
        if dimensions.isEmpty || dimensions.contains(model.wholeDimension) { return }
        note(
            .other(
                "\(task.name): matryoshka_dims lacks \(model.wholeDimension), the model's own length: whole embeddings are not trained"
            ))
    }

    private func trainer(
        _ model: SentenceTransformer, _ tasks: [TrainingTask]
    ) throws -> Trainer {
        let optimizer = try recipe.optimizer.optimizer(weightDecay: recipe.training.weightDecay)
        let trainer = try Trainer(
            model: model, tasks: tasks, configuration: recipe.training,
            order: TaskOrders.named(recipe.setup.order ?? Proportional.name)
                .init(seed: recipe.training.seed),
            processes: processes, optimizer: optimizer)
        if let latest {
            try latest.checkpoint.restore(trainer)
            note(
                .other(
                    "\(latest.checkpoint.path): going on after step \(trainer.state.step)"))
            try noteOtherArithmetic(latest.checkpoint, model)
        } else if !isNew {
            note(
                .other(
                    "\(folder.path): no checkpoint yet; starting again with its \(folder.format.name)"
                ))
        }
        if recipe.training.bf16, !GEMM.Precision.bfloat16.isAvailable {
            note(
                .other(
                    "bf16: this processor does not multiply bfloat16 numbers (AVX512-BF16), so products stay float32"
                ))
        }
        noteShortWarmUp(trainer.schedule)
        noteMoreEpochs(trainer)
        return trainer
    }

    /// Says when the number of steps takes the run over more epochs than the recipe has.
    private func noteMoreEpochs(_ trainer: Trainer) {
        let (epochs, own) = (recipe.training.epochs, trainer.stepsPerEpoch)
        guard let steps = recipe.training.maxSteps, steps > own * epochs else { return }
        let taken = String(format: "%.1f", Double(steps) / Double(own))
        note(
            .other(
                "max_steps \(steps) goes before epochs \(epochs): the run takes \(taken) epochs of \(own) steps"
            ))
    }

    /// Makes the folder of a new run, and tries what any run will need of it.
    private func prepareFolder(for trainer: Trainer) throws {
        if isNew {
            if overwrites { try folder.removeRun() }
            try folder.create(recipe)
        } else {
            try folder.restore(recipe)
        }
        do { try folder.prepare(for: trainer) } catch {
            if isNew { folder.clear() }
            throw error
        }
    }

    /// Says when the warm-up is shorter than the recipe has it.
    private func noteShortWarmUp(_ schedule: LearningRateSchedule) {
        let training = recipe.training
        let asked = training.warmup(ofSteps: schedule.totalSteps)
        guard asked > schedule.warmupSteps else { return }
        let setting =
            training.warmupSteps.map { "warmup_steps \($0)" }
            ?? "warmup_ratio \(training.warmupShare)"
        note(
            .other(
                "warm-up: \(setting) is \(asked) of \(schedule.totalSteps) steps, which would leave none at the learning rate of \(schedule.peak); it takes \(schedule.warmupSteps)"
            ))
    }

    /// Says when the run will not end in the bits in which it would have ended where it began.
    private func noteOtherArithmetic(
        _ checkpoint: Checkpoint, _ model: SentenceTransformer
    ) throws {
        let (products, own) = (try checkpoint.products(), model.products)
        let (threads, ownThreads) = (try checkpoint.threads(), ThreadPool.shared.count)
        if products != own {
            note(.otherProducts(before: products, now: own))
        } else if GEMM.Engine.preferred == .library, threads != ownThreads {
            note(.otherThreads(before: threads, now: ownThreads))
        }
    }
}
