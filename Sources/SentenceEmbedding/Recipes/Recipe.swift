import ExampleFiles
import Foundation
import Losses
import NeuralNetwork
import Settings

/// Everything that decides a training run.
///
/// ```swift
/// var recipe = Recipe()
/// recipe.model = "all-MiniLM-L6-v2"
/// recipe.tasks = [TaskRecipe(loss: NamedSettings("multiple_negatives_ranking"), data: [ExampleSource("qa.jsonl")])]
/// recipe.evaluations = [EvaluationRecipe("sts", kind: NamedSettings("similarity"), data: [ExampleSource("dev.csv")])]
/// let result = try TrainingRun(recipe, output: "run").execute()
/// ```
public struct Recipe: Sendable, Equatable {
    /// The path of the model to start from.
    public var model: String?
    /// What the model is trained for, one task or more; one alone is mostly called `train`.
    public var tasks: [TaskRecipe] = []
    /// What is measured, and when.
    public var evaluations: [EvaluationRecipe] = []
    /// How to read the training files; held-out ones as far as they and their own options leave it open.
    public var data = ExampleFileOptions()
    /// The optimizer; it has the configuration's weight decay unless it states another.
    public var optimizer = NamedSettings(AdamW.name)
    /// The adapters that are trained in place of the model's weights; nil for none.
    public var adapters: LoRAConfiguration?
    /// What is done to the model before training, and in which order tasks are served.
    public var setup = RunSetup()
    /// The hyper-parameters.
    public var training = TrainingConfiguration()

    /// Creates a recipe without model and data.
    public init() {}
}

/// A task of a recipe: a loss on some data.
public struct TaskRecipe: Sendable, Equatable {
    /// The name; different for each task of a recipe.
    public var name: String
    /// The loss.
    public var loss: NamedSettings
    /// The files, which are one table.
    public var data: [ExampleSource]
    /// Batches, prompts and a teacher.
    public var settings = TaskSettings()

    /// Creates a task.
    public init(
        _ name: String = TrainingTask.onlyName, loss: NamedSettings = NamedSettings("cosine"),
        data: [ExampleSource] = []
    ) {
        self.name = name
        self.loss = loss
        self.data = data
    }
}

/// An evaluation of a recipe.
public struct EvaluationRecipe: Sendable, Equatable {
    /// When something is measured.
    public enum Split: String, Sendable, CaseIterable {
        /// Before, during and after training.
        case dev
        /// After training alone.
        case test
    }

    /// The name, with which those of its figures begin.
    public var name: String
    /// The kind, by its name in `Evaluations.all`, and its settings.
    public var kind: NamedSettings
    /// When it is measured.
    public var split: Split
    /// The files, which are one table; none for kinds that name theirs in their settings.
    public var data: [ExampleSource]
    /// Whether its primary figure chooses the best model; by default the first one's does.
    public var choosesBest = false
    /// How many numbers of each embedding are measured; nil for as many as the model gives.
    public var truncateDimension: Int?
    /// By how much its primary figure may be worse than before training, where it is watched: steps where it is worse by
    /// more are named, and cannot become the best.
    public var watch: Double?

    /// Creates an evaluation.
    public init(
        _ name: String, kind: NamedSettings, split: Split = .dev, data: [ExampleSource] = []
    ) {
        self.name = name
        self.kind = kind
        self.split = split
        self.data = data
    }
}

extension EvaluationRecipe {
    /// One of the short form's: `dev`, `dev_nli`, `test` or `test_nli`, as yet without files.
    public init(short name: String) {
        guard let item = Recipe.shortEvaluations.first(where: { $0.name == name }) else {
            preconditionFailure("the short form has no evaluation \(name)")
        }
        self.init(name, kind: NamedSettings(item.kind), split: item.split)
    }
}

/// What is done to a model before training, in which order tasks are served, and what is written besides.
public struct RunSetup: Settings, Equatable {
    /// The most tokens of a text, both special tokens included; by default the model's.
    public var maxSequenceLength: Int?
    /// The name of the model's prompt that is put in front of every text; by default its default prompt.
    public var prompt: String?
    /// A text that is put in front of every text instead.
    public var promptText: String?
    /// A file of tokens to add to the vocabulary before training.
    public var addTokens: String?
    /// Patterns of the parameters that are trained, as `ParameterPattern` reads them; all others are frozen.
    public var trainOnly: [String] = []
    /// Patterns of parameters that are not trained.
    public var freeze: [String] = []
    /// The name of the order in which several tasks have their batches; by default proportional.
    public var order: String?
    /// Whether event files for TensorBoard are written.
    public var tensorboard = false

    /// Creates the defaults.
    public init() {}

    /// Every setting, with its range and what it decides.
    public static let settings: [Setting<RunSetup>] = [
        Setting(
            "max_seq_length", \.maxSequenceLength, 3...1_000_000,
            "The most tokens of a text, both special tokens included."),
        Setting(
            "prompt", \.prompt, expected: "the name of a prompt of the model",
            "Put the model's prompt of this name in front of every text."),
        Setting(
            "prompt_text", \.promptText, expected: "a text",
            "Put this text in front of every text."),
        Setting(
            path: "add_tokens", \.addTokens,
            "A file of tokens to add to the vocabulary, one a line: each begins as the mean of the pieces it was spelt with."
        ),
        Setting(
            "train_only", \.trainOnly,
            "Train only these modules or parameters, such as *.bias; * stands for any characters."),
        Setting(
            "freeze", \.freeze,
            "Modules or parameters not to train, such as embeddings or encoder.layer.*.attention."),
        Setting(
            "order", \.order, oneOf: TaskOrders.all.map { $0.name },
            "Which of several tasks has the next batch; by default proportional."),
        Setting("tensorboard", \.tensorboard, "Write event files for TensorBoard too."),
    ]
}

/// How the batches of a task are made.
public struct TaskSettings: Settings, Equatable {
    /// The name of the sampler that says which rows form a batch; by default what suits the loss.
    public var sampler: String?
    /// Rows computed at a time; by default the configuration's.
    public var batchSize: Int?
    /// What is put in front of each column's texts; by default the run's prompt.
    public var prompts: [String] = []
    /// The names of the task's classes, in the order of their ids; by default those of the run's data, or all that are
    /// found.
    public var classes: [String] = []
    /// A model's path, or a file of vectors (.npy, .h5), one for each row, that the rows are labelled with.
    public var teacher: String?
    /// The length that the teacher's embeddings are projected to, by their principal components.
    public var teacherDimension: Int?
    /// What is asked of the loss besides its value on whole embeddings.
    public var modifiers = LossModifiers()

    /// Creates the defaults.
    public init() {}

    /// Every setting, with its range and what it decides.
    public static let settings: [Setting<TaskSettings>] =
        [
            Setting(
                "sampler", \.sampler, oneOf: BatchSamplers.all.map { $0.name },
                "Which rows form a batch; by default what suits the loss."),
            Setting(
                "task_batch_size", \.batchSize, 1...1_000_000,
                "Rows of this task computed at a time."),
            Setting(
                "prompts", \.prompts,
                "What is put in front of each column's texts, one for each column."
            ),
            Setting(
                "classes", \.classes,
                "The names of the task's classes, in the order of their ids."),
            Setting(
                path: "teacher", \.teacher,
                "A model, or a file of vectors (.npy, .h5), that labels the rows."),
            Setting(
                "teacher_dimension", \.teacherDimension, 1...1_000_000,
                "Shorten the teacher's embeddings to so many numbers, by their principal components."
            ),
        ] + LossModifiers.settings.map { $0.inside(\.modifiers) }
}
