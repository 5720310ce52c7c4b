import ArgumentParser
import Foundation
import JSON
import Losses
import Simile

struct Train: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Fine-tunes a model on rows of one or more texts.",
        discussion: """
            Writes to the --output folder: model/ (a sentence-transformers folder with the best model), \
            checkpoints/ (HDF5), recipe.yaml, steps.csv, evaluations.csv and results.json. \
            Settings come from the recipe, then from the options given here. \
            The options under "Data files" describe the training file. With dev-, dev-nli-, test- or test-nli- \
            before its name, as in --dev-first or --no-test-quoting, each describes the file of --dev, --dev-nli, \
            --test or --test-nli. A held-out file without options of its own is read as what its format or header \
            says; only what these leave open is taken from the training file, and the line about the file says so. \
            Ctrl-C saves a checkpoint and ends; --resume goes on from there to the same result. \
            Several tasks in a run, and other evaluations, are for the recipe.
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
    @Option(help: "The loss: \(Losses.names.joined(separator: ", ")).")
    var loss: String?
    @Option(
        name: .customLong("loss-setting"),
        help: "A setting of the loss, such as scale=20; may be repeated.")
    var lossSettings: [String] = []
    @Option(
        help:
            "The training rows; for labelled pairs also three parallel files: FIRST,SECOND,LABELS. May be repeated, as may the next four: all files are one table."
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
    @Option(help: "\(Optimizers.all.map { $0.name }.joined(separator: ", ")).")
    var optimizer: String?
    @OptionGroup var adapters: SettingFlags<AdapterSettings>
    @OptionGroup var setup: SettingFlags<RunSetup>
    @OptionGroup var task: SettingFlags<TaskSettings>
    @OptionGroup(title: "Data files") var files: ExampleFileArguments<MainFile>
    @OptionGroup(visibility: .hidden) var devFiles: ExampleFileArguments<DevFile>
    @OptionGroup(visibility: .hidden) var devNLIFiles: ExampleFileArguments<DevNLIFile>
    @OptionGroup(visibility: .hidden) var testFiles: ExampleFileArguments<TestFile>
    @OptionGroup(visibility: .hidden) var testNLIFiles: ExampleFileArguments<TestNLIFile>
    @OptionGroup(title: "Hyper-parameters") var hyperparameters: SettingFlags<TrainingConfiguration>
    @OptionGroup var compute: ComputeOptions
    @OptionGroup var shown: RunOutput
    @Option(
        help:
            "KEY=VALUE,VALUE...: a run with each value of a key of the recipe, in a folder of its own in --output; may be repeated for the grid of all. Runs that have a result are not taken again."
    )
    var sweep: [String] = []

    func validate() throws {
        if resume != nil && !sweep.isEmpty {
            throw ValidationError(
                "--resume goes on with one run; a sweep goes on with the command that began it")
        }
        if resume != nil && (recipe != nil || output != nil) {
            throw ValidationError(
                "--resume takes its settings and its folder from the run: give no --recipe or --output"
            )
        }
    }

    func run() throws {
        try compute.prepare()
        do { try execute() } catch let error as RunError { throw CommandError(error) }
    }

    private func execute() throws {
        let run: TrainingRun
        if let resume {
            run = try TrainingRun(
                resuming: resume, format: .yaml, open: ModelPath.open, note: Console.note)
            let changed = run.recipe.keys(changedIn: try applied(to: run.recipe))
            if !changed.isEmpty {
                throw ValidationError(
                    "--resume goes on with the settings of the run, but the options change \(changed.joined(separator: ", ")): leave them out, or start a new run with --model \(resume)/model"
                )
            }
        } else {
            guard let output else { throw ValidationError("give --output FOLDER to write to") }
            let settings = try recipe.map { try Recipe(yamlFile: $0) } ?? Recipe()
            if !sweep.isEmpty {
                return try TrainSweep(
                    applied(to: settings), sweep, output: output, shown: shown
                ).run()
            }
            run = try TrainingRun(
                applied(to: settings), output: output, format: .yaml, open: ModelPath.open,
                note: Console.note)
        }
        try shown.execute(run)
    }

    /// Settings, changed by the options given.
    private func applied(to recipe: Recipe) throws -> Recipe {
        var settings = recipe
        settings.model = model ?? settings.model
        settings.data = settings.data.changed(by: files.options)
        if let labels { settings.data.labels = try Self.labels(labels) }
        try applyTask(to: &settings)
        try settings.set("dev", dev, devFiles)
        try settings.set("dev_nli", devNli, devNLIFiles)
        try settings.set("test", test, testFiles)
        try settings.set("test_nli", testNli, testNLIFiles)
        if let optimizer, optimizer != settings.optimizer.name {
            settings.optimizer = NamedSettings(optimizer)
        }
        if !adapters.isEmpty {
            let own = AdapterSettings(settings.adapters ?? LoRAConfiguration())
            settings.adapters = adapters.applied(to: own).adapters
        }
        settings.setup = setup.applied(to: settings.setup)
        settings.training = hyperparameters.applied(to: settings.training)
        return settings.withAbsolutePaths()
    }

    /// Changes the recipe's only task.
    private func applyTask(to recipe: inout Recipe) throws {
        let changed = task.applied(to: TaskSettings())
        let isChanged =
            !train.isEmpty || loss != nil || !lossSettings.isEmpty || changed != TaskSettings()
        if recipe.tasks.count > 1 {
            guard !isChanged else {
                throw ValidationError(
                    "the recipe has the tasks \(recipe.tasks.map(\.name).joined(separator: ", ")): change data, losses and samplers there"
                )
            }
            return
        }
        if recipe.tasks.isEmpty, isChanged { recipe.tasks = [TaskRecipe()] }
        guard var own = recipe.tasks.first else { return }
        if let loss, loss != own.loss.name { own.loss = NamedSettings(loss) }
        try own.loss.change(by: lossSettings)
        own.settings = task.applied(to: own.settings)
        own.data.replace(with: train)
        own.data.change(by: files.options, onlyWithOwn: true)
        recipe.tasks = [own]
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

/// The settings of adapters as options: `r` is `--adapters-r`, and any of them asks for adapters.
struct AdapterSettings: Settings {
    var adapters = LoRAConfiguration()

    init() {}
    init(_ adapters: LoRAConfiguration) { self.adapters = adapters }

    static let settings = LoRAConfiguration.settings.map {
        $0.inside(\Self.adapters, prefix: "adapters_")
    }
}

extension NamedSettings {
    /// Takes settings written as `scale=20`.
    fileprivate mutating func change(by texts: [String]) throws {
        if texts.isEmpty { return }
        var members = (try? JSONValue(parsing: settings.utf8).members) ?? []
        for text in texts {
            let parts = text.split(separator: "=", maxSplits: 1).map(String.init)
            guard parts.count == 2 else {
                throw ValidationError("--loss-setting is '\(text)'; expected NAME=VALUE")
            }
            members.removeAll { $0.key == parts[0] }
            let value = (try? JSONValue(parsing: parts[1].utf8)) ?? .string(parts[1])
            members.append(JSONValue.Member(parts[0], value))
        }
        settings = JSONValue.object(members).line
    }
}

extension [ExampleSource] {
    /// Takes other files, if there are any; options of the old ones do not describe them.
    fileprivate mutating func replace(with paths: [String]) {
        if !paths.isEmpty { self = paths.map { ExampleSource($0) } }
    }

    /// Changes the options of each file, or of each that has some.
    fileprivate mutating func change(by given: ExampleFileOptions, onlyWithOwn: Bool = false) {
        for index in indices where !onlyWithOwn || !self[index].options.stated.isEmpty {
            self[index].options = self[index].options.changed(by: given)
        }
    }
}

extension Recipe {
    /// Takes other files and options of one of the short form's evaluations.
    fileprivate mutating func set<Role: FileRole>(
        _ key: String, _ paths: [String], _ arguments: ExampleFileArguments<Role>
    ) throws {
        var item = evaluations.first { $0.name == key } ?? EvaluationRecipe(short: key)
        item.data.replace(with: paths)
        let given = arguments.options
        if let option = given.stated.first, item.data.isEmpty {
            throw ValidationError(
                "\(Role.flag(option, nil)) describes the file of --\(Role.prefix.dropLast()), which is not given"
            )
        }
        item.data.change(by: given)
        if let index = evaluations.firstIndex(where: { $0.name == key }) {
            evaluations[index] = item
        } else if !item.data.isEmpty {
            evaluations.append(item)
        }
    }
}
