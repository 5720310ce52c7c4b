import ArgumentParser
import Foundation
import Simile

struct Train: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Fine-tunes a model on pairs of sentences.",
        discussion: """
            Writes to the --output folder: model/ (a sentence-transformers folder with the best model), \
            checkpoints/ (HDF5), recipe.yaml, steps.csv, evaluations.csv and results.json. \
            Settings come from the recipe, then from the options given here. \
            The options under "Pair files" describe the training file. With dev-, dev-nli-, test- or test-nli- \
            before its name, as in --dev-first or --no-test-quoting, each describes the file of --dev, --dev-nli, \
            --test or --test-nli. A held-out file without options of its own is read as what its format or header \
            says; only what these leave open is taken from the training file, and the line about the file says so. \
            Ctrl-C saves a checkpoint and ends; --resume goes on from there to the same result.
            """)

    @Option(help: "A YAML file with settings; every option below is a key of it, with _ for -.")
    var recipe: String?
    @Option(help: "The folder to write to; it must be new or empty.")
    var output: String?
    @Option(
        help: "Continue the run in this --output folder with the settings that it was started with."
    )
    var resume: String?

    @Option(help: "A model's folder or a checkpoint to start from.")
    var model: String?
    @Option(help: "cosine (scored pairs) or softmax (labelled pairs).")
    var loss: String?
    @Option(
        help:
            "The training pairs; for labelled ones also three parallel files: FIRST,SECOND,LABELS. May be repeated, as may the next four: all files are one table."
    )
    var train: [String] = []
    @Option(help: "Scored pairs that choose the best model.")
    var dev: [String] = []
    @Option(help: "Labelled pairs to measure the classifier on.")
    var devNli: [String] = []
    @Option(help: "Scored pairs for the final figures.")
    var test: [String] = []
    @Option(help: "Labelled pairs for the final figures.")
    var testNli: [String] = []
    @Option(help: "The names of the classes in the order of their ids, separated by commas.")
    var labels: String?
    @Option(help: "The most tokens of a sentence, both special tokens included.")
    var maxSeqLength: Int?
    @Option(
        help: "Do not train this module, such as embeddings or encoder.layer.0; may be repeated.")
    var freeze: [String] = []
    @Option(
        help: """
            A file of tokens to add to the vocabulary, one a line: each begins as the mean of the pieces it was spelt \
            with.
            """)
    var addTokens: String?
    @OptionGroup var prompts: PromptOptions
    @OptionGroup(title: "Pair files") var files: PairFileArguments<MainFile>
    @OptionGroup(visibility: .hidden) var devFiles: PairFileArguments<DevFile>
    @OptionGroup(visibility: .hidden) var devNLIFiles: PairFileArguments<DevNLIFile>
    @OptionGroup(visibility: .hidden) var testFiles: PairFileArguments<TestFile>
    @OptionGroup(visibility: .hidden) var testNLIFiles: PairFileArguments<TestNLIFile>
    @OptionGroup(title: "Hyper-parameters") var hyperparameters: Hyperparameters
    @OptionGroup var compute: ComputeOptions

    @Flag(help: "Print events as JSON lines on standard output.")
    var json = false
    @Option(help: "Steps between lines of progress.")
    var logEvery = 20

    func validate() throws {
        if logEvery < 1 { throw ValidationError("--log-every is \(logEvery); expected 1 or more") }
        if resume != nil && (recipe != nil || output != nil) {
            throw ValidationError(
                "--resume takes its settings and its folder from the run: give no --recipe or --output"
            )
        }
    }

    func run() throws {
        try compute.prepare()
        let run: TrainingRun
        if let resume {
            run = try TrainingRun(resuming: resume)
            let changed = try run.recipe.keys(changedIn: applied(to: run.recipe))
            if !changed.isEmpty {
                throw ValidationError(
                    "--resume goes on with the settings of the run, but the options change \(changed.joined(separator: ", ")): leave them out, or start a new run with --model \(resume)/model"
                )
            }
        } else {
            guard let output else { throw ValidationError("give --output FOLDER to write to") }
            let settings = try recipe.map { try Recipe(yamlFile: $0) } ?? Recipe()
            run = try TrainingRun(recipe: applied(to: settings), output: output)
        }
        try run.execute(Progress(json: json, interval: logEvery))
    }

    /// Settings, changed by the options given.
    private func applied(to recipe: Recipe) throws -> Recipe {
        var settings = recipe
        settings.model = model ?? settings.model
        settings.loss = loss ?? settings.loss
        settings.data = settings.data.changed(by: files.options)
        if let labels { settings.data.labels = try Self.labels(labels) }
        settings.train.replace(with: train)
        settings.train.change(by: files.options, onlyWithOwn: true)
        try settings.dev.set(dev, devFiles)
        try settings.devNLI.set(devNli, devNLIFiles)
        try settings.test.set(test, testFiles)
        try settings.testNLI.set(testNli, testNLIFiles)
        settings.maxSequenceLength = maxSeqLength ?? settings.maxSequenceLength
        settings.prompt = prompts.prompt ?? settings.prompt
        settings.promptText = prompts.promptText ?? settings.promptText
        settings.addTokens = addTokens ?? settings.addTokens
        settings.freeze += freeze
        settings.training = hyperparameters.applied(to: settings.training)
        return settings.withAbsolutePaths()
    }

    private static func labels(_ text: String) throws -> LabelSet {
        let names = text.split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) }
        guard let set = names == LabelSet.inference.names ? .inference : LabelSet(names: names)
        else {
            throw ValidationError(
                "--labels is '\(text)'; expected two or more different names separated by commas")
        }
        return set
    }
}

extension PairSources {
    /// Takes other files, if there are any; options of the old ones do not describe them.
    fileprivate mutating func replace(with paths: [String]) {
        if !paths.isEmpty { sources = paths.map { PairSource($0) } }
    }

    /// Changes the options of each file, or of each that has some.
    fileprivate mutating func change(by given: PairFileOptions, onlyWithOwn: Bool = false) {
        for index in sources.indices
        where !onlyWithOwn || !sources[index].options.stated.isEmpty {
            sources[index].options = sources[index].options.changed(by: given)
        }
    }

    /// Takes other files and options of a role.
    fileprivate mutating func set<Role: PairFileRole>(
        _ paths: [String], _ arguments: PairFileArguments<Role>
    ) throws {
        replace(with: paths)
        let given = arguments.options
        if let key = given.stated.first, sources.isEmpty {
            throw ValidationError(
                "\(Role.flag(key, nil)) describes the file of --\(Role.prefix.dropLast()), which is not given"
            )
        }
        change(by: given)
    }
}

/// The options that are keys of `TrainingConfiguration`.
struct Hyperparameters: ParsableArguments {
    @Option(help: "Passes over the training pairs (1).")
    var epochs: Int?
    @Option(help: "Pairs computed at a time (16).")
    var batchSize: Int?
    @Option(help: "Batches averaged for one step (1).")
    var accumulationSteps: Int?
    @Option(help: "The peak learning rate (2e-5).")
    var learningRate: Float?
    @Option(help: "linear, constant or cosine (linear).")
    var schedule: LearningRateSchedule.Kind?
    @Option(help: "Share of the steps with a rising learning rate (0.1).")
    var warmupRatio: Double?
    @Option(help: "Weight decay of all but biases and LayerNorm (0.01).")
    var weightDecay: Float?
    @Option(help: "The gradient is scaled down to this norm; 0: never (1).")
    var maxGradientNorm: Float?
    @Option(help: "End the run after so many steps.")
    var maxSteps: Int?
    @Option(help: "Steps between evaluations; 0: after each epoch only (0).")
    var evaluateEvery: Int?
    @Option(help: "Steps between checkpoints; 0: after each epoch only (500).")
    var saveEvery: Int?
    @Option(help: "Latest checkpoints to keep, besides the best (1).")
    var keepLast: Int?
    @Option(help: "Stop after so many evaluations without improvement.")
    var patience: Int?
    @Flag(
        inversion: .prefixedNo, exclusivity: .exclusive,
        help: "Put sentences of similar length into a batch.")
    var groupByLength: Bool?
    @Flag(
        inversion: .prefixedNo, exclusivity: .exclusive,
        help: "Compute activations twice instead of keeping them: less memory, a third more time.")
    var gradientCheckpointing: Bool?
    @Option(help: "Decides the order of pairs, dropout and the classifier's first weights (42).")
    var seed: UInt64?

    func applied(to configuration: TrainingConfiguration) -> TrainingConfiguration {
        var c = configuration
        c.epochs = epochs ?? c.epochs
        c.batchSize = batchSize ?? c.batchSize
        c.accumulationSteps = accumulationSteps ?? c.accumulationSteps
        c.learningRate = learningRate ?? c.learningRate
        c.schedule = schedule ?? c.schedule
        c.warmupRatio = warmupRatio ?? c.warmupRatio
        c.weightDecay = weightDecay ?? c.weightDecay
        c.maxGradientNorm = maxGradientNorm ?? c.maxGradientNorm
        c.maxSteps = maxSteps ?? c.maxSteps
        c.evaluateEvery = evaluateEvery ?? c.evaluateEvery
        c.saveEvery = saveEvery ?? c.saveEvery
        c.keepLast = keepLast ?? c.keepLast
        c.patience = patience ?? c.patience
        c.groupByLength = groupByLength ?? c.groupByLength
        c.gradientCheckpointing = gradientCheckpointing ?? c.gradientCheckpointing
        c.seed = seed ?? c.seed
        return c
    }
}

extension LearningRateSchedule.Kind: ExpressibleByArgument {}
