import ArgumentParser
import Foundation
import Losses
import RecipeFiles
import Serialization
import Simile

struct Pretrain: Subcommand {
    static let examples = [
        "simile pretrain --texts texts.txt --model bert-base-uncased --output run",
        """
        simile pretrain --texts texts.txt --held-out others.txt --layers 4 \\
          --output run
        """,
    ]
    static let isShared = true
    static let configuration = CommandConfiguration(
        abstract: "Trains a model on texts without labels, by masked language modelling.",
        discussion: """
            Goes on from --model, which then knows the language of the texts better before it is fine-tuned, or \
            begins from scratch with a vocabulary of the texts and random weights. --held-out measures perplexity, which \
            then chooses the best model. The same as 'simile train --loss mlm', whose recipe it writes; \
            unless it is given, the learning rate is \(Self.learningRate). \
            Ctrl-C saves a checkpoint and ends; simile train --resume goes on from there.
            """, examples: examples)

    /// BERT's own.
    private static let learningRate: Float = 1e-4

    @Option(
        help: "A file of texts, one a line or as columns; may be repeated.", completion: .file())
    var texts: [String]
    @Option(
        help: "A file of other texts, to measure perplexity on; may be repeated.",
        completion: .file())
    var heldOut: [String] = []
    @Option(
        name: .shortAndLong, help: "The folder to write to; it must be new or empty.",
        completion: .directory)
    var output: String
    @Option(
        help: "A model's folder, run or checkpoint to go on from; without it a new one is made.",
        completion: .file())
    var model: String?
    @OptionGroup var start: RunStart
    @OptionGroup(title: "A new model") var shape: NewModelOptions
    @OptionGroup(title: "Masking") var masking: SettingFlags<TokenMasking>
    @OptionGroup(title: "Hyper-parameters") var hyperparameters: SettingFlags<TrainingConfiguration>
    @OptionGroup(title: "Model") var setup: SettingFlags<RunSetup>
    @OptionGroup(title: "Data files") var files: ExampleFileArguments<MainFile>
    @OptionGroup var compute: ComputeOptions
    @OptionGroup var console: ConsoleOptions
    @OptionGroup var shown: RunOutput

    func validate() throws {
        if model != nil, shape.isStated {
            throw ValidationError(
                "--vocabulary-size, --hidden-size, --layers, --heads and --intermediate-size are of a new model: leave them out, or --model"
            )
        }
    }

    func run() throws {
        try compute.prepare()
        do { try execute() } catch let error as RunError { throw CommandError(error) }
    }

    private func execute() throws {
        let folder = RunFolder(output, format: .yaml)
        // A dry run makes its model elsewhere.
        let scratch = FileManager.default.temporaryDirectory
            .appending(path: "simile-\(UUID().uuidString).h5")
        defer { try? FileManager.default.removeItem(at: scratch) }
        let beginning = start.dryRun ? scratch : folder.start.standardizedFileURL
        var recipe = self.recipe
        recipe.model = try model.map { try ModelPath.ofRun($0) } ?? beginning.path
        let run = try TrainingRun(
            try recipe.withAbsolutePaths(), output: output, overwrites: start.overwrite,
            format: .yaml, processes: Processes.joined, open: ModelPath.open, note: Console.note)
        if model == nil {
            if !start.dryRun { try run.claimFolder() }
            // In the run's folder the first process makes it for all.
            if let processes = Processes.joined, !start.dryRun {
                processes.wait()
                try processes.inFirst { try makeModel(at: beginning, run.recipe) }
            } else {
                try makeModel(at: beginning, run.recipe)
            }
        }
        if start.dryRun { return try shown.rehearse(run) }
        try shown.execute(run)
    }

    private var recipe: Recipe {
        let masking = masking.applied(to: TokenMasking())
        var recipe = Recipe()
        recipe.tasks = [
            TaskRecipe(
                loss: NamedSettings(MaskedLanguageModelLoss.name, settings: masking.json),
                data: texts.map { ExampleSource($0) })
        ]
        recipe.data = recipe.data.changed(by: files.options)
        if !heldOut.isEmpty {
            recipe.evaluations = [
                EvaluationRecipe(
                    "held_out",
                    kind: NamedSettings(PerplexityEvaluation.kind, settings: masking.json),
                    data: heldOut.map { ExampleSource($0) })
            ]
        }
        recipe.setup = setup.applied(to: recipe.setup)
        recipe.training.learningRate = Self.learningRate
        recipe.training = hyperparameters.applied(to: recipe.training)
        return recipe
    }

    /// Makes the model that a run from scratch begins with.
    private func makeModel(at url: URL, _ recipe: Recipe) throws {
        let length = recipe.setup.maxSequenceLength ?? 128
        try NewModelOptions.require(length, "max-seq-length", 3...16384)
        let request = ExampleRequest(
            columns: MaskedLanguageModelLoss.columns, allowsMissingTexts: true)
        var all: [String] = []
        for source in recipe.tasks.flatMap(\.data) {
            let options = recipe.data.overlaid(with: source.options)
            do throws(ExampleFileError) {
                let table = try ExampleFile.read(source.path, options: options, as: request).table
                for row in 0..<table.count { all += table.texts(row).compactMap(\.self) }
            } catch { throw CommandError.input(error.description(naming: MainFile.flag)) }
        }
        let model = try shape.model(
            of: all, maxSequenceLength: length, seed: recipe.training.seed)
        try AtomicFolder.make(url.deletingLastPathComponent())
        try Checkpoint.write(model, to: url)
        Console.note(
            "\(url.path): a new model of \(model.tokenizer.vocabularySize) tokens, \(shape.layers) layers of \(shape.hiddenSize), random weights"
        )
    }
}
