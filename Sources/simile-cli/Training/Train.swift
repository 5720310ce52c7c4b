import ArgumentParser
import Foundation
import JSON
import Losses
import RecipeFiles
import Simile

struct Train: Subcommand {
    static let examples = [
        """
        simile train --model sentence-transformers/all-MiniLM-L6-v2 \\
          --train sts-train.csv --dev sts-dev.csv --output run
        """,
        """
        simile train --model run/model --loss MultipleNegativesRankingLoss \\
          --train questions-answers.tsv --output run-2 --lr 2e-5 --batch-size 64
        """,
        "simile train --recipe recipe.yaml --output run --dry-run",
        "simile train --resume run",
    ]
    static let isShared = true
    static let configuration = CommandConfiguration(
        abstract: "Fine-tunes a model on rows of one or more texts.",
        usage: """
            simile train --model MODEL --train FILE --output FOLDER [options]
            simile train --recipe FILE --output FOLDER [options]
            simile train --resume FOLDER
            """,
        discussion: """
            Writes to the --output folder: model/ (a sentence-transformers folder with the best model), \
            checkpoints/ (HDF5), recipe.yaml, steps.csv, evaluations.csv and results.json. \
            Settings come from the recipe, then from the options given here; names of other tools' options are \
            taken too, such as --lr, --num_train_epochs and --output_dir. \
            The options under "Data files" describe the training file. With dev-, dev-nli-, test- or test-nli- \
            before its name, as in --dev-first or --no-test-quoting, each describes the file of --dev, --dev-nli, \
            --test or --test-nli. A held-out file without options of its own is read as what its format or header \
            says; only what these leave open is taken from the training file, and the line about the file says so. \
            Ctrl-C saves a checkpoint and ends; --resume goes on from there to the same result. \
            Several tasks in a run, and other evaluations, are for the recipe.
            """, examples: examples)

    @OptionGroup(title: "Run") var files: TrainFiles
    @OptionGroup(title: "Task") var task: SettingFlags<TaskSettings>
    @OptionGroup(title: "Hyper-parameters") var hyperparameters: SettingFlags<TrainingConfiguration>
    @OptionGroup(title: "Model") var setup: SettingFlags<RunSetup>
    @OptionGroup(title: "Adapters") var adapters: SettingFlags<AdapterSettings>
    @OptionGroup(title: "Data files") var data: ExampleFileArguments<MainFile>
    @OptionGroup(visibility: .hidden) var devData: ExampleFileArguments<DevFile>
    @OptionGroup(visibility: .hidden) var devNLIData: ExampleFileArguments<DevNLIFile>
    @OptionGroup(visibility: .hidden) var testData: ExampleFileArguments<TestFile>
    @OptionGroup(visibility: .hidden) var testNLIData: ExampleFileArguments<TestNLIFile>
    @OptionGroup var compute: ComputeOptions
    @OptionGroup var shown: RunOutput
    @OptionGroup var console: ConsoleOptions

    func run() throws {
        try compute.prepare()
        do { try execute() } catch let error as RunError { throw CommandError(error) }
    }

    private func execute() throws {
        let run: TrainingRun
        if let resume = files.resume {
            run = try TrainingRun(
                resuming: resume, format: .yaml, processes: Processes.joined, open: ModelPath.open,
                note: Console.note)
            let changed = run.recipe.keys(changedIn: try applied(to: run.recipe))
            if !changed.isEmpty {
                throw ValidationError(
                    "--resume goes on with the settings of the run, but the options change \(changed.joined(separator: ", ")): leave them out, or start a new run with --model \(resume)"
                )
            }
        } else {
            let settings = try files.recipe.map(Recipe.init(ownPathsOf:)) ?? Recipe()
            let output = files.output ?? ""
            if !files.sweep.isEmpty {
                return try TrainSweep(
                    applied(to: settings), files.sweep, output: output, shown: shown
                ).run()
            }
            run = try TrainingRun(
                applied(to: settings), output: output, overwrites: files.start.overwrite,
                format: .yaml, processes: Processes.joined, open: ModelPath.open,
                note: Console.note)
        }
        if files.start.dryRun { return try shown.rehearse(run) }
        try shown.execute(run)
    }

    /// Settings, changed by the options given.
    private func applied(to recipe: Recipe) throws -> Recipe {
        var settings = recipe
        settings.model = try files.model.map { try ModelPath.ofRun($0) } ?? settings.model
        settings.data = settings.data.changed(by: data.options)
        if let labels = files.labels { settings.data.labels = try Self.labels(labels) }
        try applyTask(to: &settings)
        try settings.set("dev", files.dev, devData)
        try settings.set("dev_nli", files.devNli, devNLIData)
        try settings.set("test", files.test, testData)
        try settings.set("test_nli", files.testNli, testNLIData)
        if let optimizer = files.optimizer, optimizer != settings.optimizer.name {
            settings.optimizer = NamedSettings(optimizer)
        }
        if !adapters.isEmpty {
            let own = AdapterSettings(settings.adapters ?? LoRAConfiguration())
            settings.adapters = adapters.applied(to: own).adapters
        }
        settings.setup = setup.applied(to: settings.setup)
        settings.training = hyperparameters.applied(to: settings.training)
        return try settings.withAbsolutePaths()
    }

    /// Changes the recipe's only task.
    private func applyTask(to recipe: inout Recipe) throws {
        let changed = task.applied(to: TaskSettings())
        let isChanged =
            !files.train.isEmpty || files.loss != nil || !files.lossSettings.isEmpty
            || changed != TaskSettings()
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
        if let loss = try files.loss.map({ try Losses.named($0).name }), loss != own.loss.name {
            own.loss = NamedSettings(loss)
        }
        try own.loss.change(by: files.lossSettings)
        own.settings = task.applied(to: own.settings)
        own.data.replace(with: files.train)
        own.data.change(by: data.options, onlyWithOwn: true)
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
