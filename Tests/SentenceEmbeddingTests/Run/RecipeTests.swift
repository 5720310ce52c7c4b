import ExampleFiles
import NeuralNetwork
import Settings
import Testing

@testable import SentenceEmbedding

/// Recipes as JSON: what is written is read again, and what is wrong is named.
@Suite struct RecipeTests {
    static let short = #"""
        {"model":"m","loss":{"name":"softmax","label_smoothing":0.1},"train":{"path":"a.tsv","first":"2"},
        "sampler":"length_grouped","prompts":["q: ","p: "],"dev":"d.csv","test_nli":["t.tsv","u.tsv"],
        "data":{"score_range":"0...5"},"optimizer":{"name":"sgd","momentum":0.9},"freeze":["embeddings"],
        "max_seq_length":64,"epochs":3,"learning_rate":0.0015,"patience":2}
        """#

    static let long = #"""
        {"model":"m","tasks":{
        "nli":{"data":{"path":"nli.tsv","first":"premise","second":"hypothesis"},"loss":"softmax"},
        "qa":{"data":["qa.jsonl","more.jsonl"],
        "loss":{"name":"multiple_negatives_ranking","scale":30},"task_batch_size":64,"prompts":["q: ",""]},
        "kd":{"data":"texts.txt","loss":"mse","teacher":"t.npy"}},
        "evaluate":{"sts":{"kind":"similarity","data":{"path":"sts.csv"},"chooses_best":true,"truncate_dim":8},
        "own":{"kind":"label_accuracy","task":"nli","split":"test","data":"dev.tsv"}},
        "dev_nli":"nli-dev.tsv","order":"round_robin","optimizer":"lion","max_steps":9}
        """#

    private func expectSame(_ recipe: Recipe) throws {
        let again = try Recipe(json: recipe.json)
        #expect(again == recipe, "\(recipe.json)")
        #expect(again.json == recipe.json)
        let pretty = try Recipe(json: RecipeFormat.json.write(recipe))
        #expect(pretty == recipe)
    }

    @Test func theShortForm() throws {
        let recipe = try Recipe(json: Self.short)
        #expect(recipe.model == "m")
        #expect(recipe.tasks.count == 1)
        let task = recipe.tasks[0]
        #expect(task.name == TrainingTask.onlyName)
        #expect(task.loss == NamedSettings("softmax", settings: #"{"label_smoothing":0.1}"#))
        #expect(task.data.map(\.path) == ["a.tsv"])
        #expect(task.data[0].options.first == ExampleColumn(parsing: "2"))
        #expect(task.settings.sampler == "length_grouped")
        #expect(task.settings.prompts == ["q: ", "p: "])
        #expect(recipe.evaluations.map(\.name) == ["dev", "test_nli"])
        #expect(recipe.evaluations.map(\.kind.name) == ["similarity", "label_accuracy"])
        #expect(recipe.evaluations.map(\.split) == [.dev, .test])
        #expect(recipe.evaluations[1].data.map(\.path) == ["t.tsv", "u.tsv"])
        #expect(recipe.data.scoreRange == ScoreRange(0, 5))
        #expect(recipe.optimizer == NamedSettings("sgd", settings: #"{"momentum":0.9}"#))
        #expect(recipe.setup.freeze == ["embeddings"])
        #expect(recipe.setup.maxSequenceLength == 64)
        #expect(recipe.training.epochs == 3)
        #expect(recipe.training.learningRate == 0.0015)
        #expect(recipe.training.patience == 2)
        #expect(recipe.training.batchSize == TrainingConfiguration().batchSize)
        try expectSame(recipe)
        #expect(!recipe.json.contains("tasks"))
    }

    @Test func theLongForm() throws {
        let recipe = try Recipe(json: Self.long)
        #expect(recipe.tasks.map(\.name) == ["nli", "qa", "kd"])
        #expect(recipe.tasks.map(\.loss.name) == ["softmax", "multiple_negatives_ranking", "mse"])
        #expect(recipe.tasks[1].loss.settings == #"{"scale":30}"#)
        #expect(recipe.tasks[1].settings.batchSize == 64)
        #expect(recipe.tasks[1].settings.prompts == ["q: ", ""])
        #expect(recipe.tasks[1].data.map(\.path) == ["qa.jsonl", "more.jsonl"])
        #expect(recipe.tasks[2].settings.teacher == "t.npy")
        #expect(recipe.setup.order == "round_robin")
        #expect(recipe.optimizer == NamedSettings("lion"))
        let evaluations = Dictionary(
            uniqueKeysWithValues: recipe.evaluations.map { ($0.name, $0) })
        #expect(evaluations.keys.sorted() == ["dev_nli", "own", "sts"])
        #expect(evaluations["sts"]?.choosesBest == true)
        #expect(evaluations["own"]?.split == .test)
        #expect(evaluations["own"]?.kind.settings == #"{"task":"nli"}"#)
        try expectSame(recipe)
    }

    /// A task of another name than the short form's keeps it.
    @Test func oneTaskWithAName() throws {
        let recipe = try Recipe(
            json: #"{"tasks":{"sts":{"data":"a.tsv","loss":"cosent"}}}"#)
        #expect(recipe.tasks[0].name == "sts")
        try expectSame(recipe)
    }

    @Test func anEmptyRecipe() throws {
        let recipe = try Recipe(json: "{}")
        #expect(recipe == Recipe())
        try expectSame(recipe)
        let error = #expect(throws: RunError.self) { try recipe.checked() }
        #expect(error?.description == "no model is given")
    }

    /// Every value of every setting that has a default, and some that have none.
    @Test func everySettingIsKept() throws {
        var recipe = try Recipe(json: Self.short)
        recipe.training.epochs = 7
        recipe.training.batchSize = 3
        recipe.training.accumulationSteps = 2
        recipe.training.learningRate = 3.1e-5
        recipe.training.schedule = .cosine
        recipe.training.warmupRatio = 0.123456789
        recipe.training.weightDecay = 0.02
        recipe.training.maxGradientNorm = 0
        recipe.training.maxSteps = 11
        recipe.training.evaluateEvery = 4
        recipe.training.saveEvery = 0
        recipe.training.keepLast = 2
        recipe.training.patience = 1
        recipe.training.groupByLength = true
        recipe.training.gradientCheckpointing = true
        recipe.training.miniBatchSize = 8
        recipe.training.seed = .max
        recipe.setup.prompt = "query"
        recipe.setup.addTokens = "tokens.txt"
        recipe.setup.order = RoundRobin.name
        recipe.tasks[0].settings.teacher = "teacher"
        recipe.tasks[0].settings.batchSize = 5
        recipe.tasks[0].settings.modifiers.dimensions = [32, 8]
        recipe.tasks[0].settings.modifiers.dimensionWeights = [1, 0.5]
        recipe.tasks[0].settings.modifiers.adaptiveLayer.isOn = true
        try expectSame(recipe)
        let members = try #require(recipe.value.members)
        let keys = Set(members.map(\.key))
        for key in TrainingConfiguration.keys where !ScheduleSettings.keys.contains(key) {
            #expect(keys.contains(key), "\(key)")
        }
    }

    @Test(arguments: [
        (#"{"learning_rat":1}"#, "learning_rat", "did you mean 'learning_rate'?"),
        (#"{"epochs":"many"}"#, "epochs", "epochs is 'many'; expected 1...1000000"),
        (#"{"epochs":1,"epochs":2}"#, "epochs", "'epochs' is given twice"),
        (#"{"schedule":"steep"}"#, "schedule", "linear, constant"),
        (#"{"loss":["a"]}"#, "loss", "expected a name, or keys with a 'name'"),
        (#"{"loss":{"scale":1}}"#, "loss", "expected a name, or keys with a 'name'"),
        (#"{"train":{"pth":"a"}}"#, "train.pth", "did you mean 'path'?"),
        (#"{"dev":["a",{"path":"b","frst":1}]}"#, "dev[1].frst", "did you mean 'first'?"),
        (#"{"data":{"scor":1}}"#, "data.scor", "did you mean 'score'?"),
        (#"{"tasks":{"a":{"data":"x","los":"mse"}}}"#, "tasks.a.los", "did you mean 'loss'?"),
        (#"{"tasks":{"a":{"loss":"mse"}}}"#, "tasks.a.data", "no tasks.a.data is given"),
        (#"{"tasks":{"a":"x"}}"#, "tasks.a", "expected keys with 'data' and 'loss'"),
        (#"{"tasks":{"a b":{"data":"x"}}}"#, "tasks.a b", "letters, digits, _ and -"),
        (#"{"tasks":{"a/b":{"data":"x"}}}"#, "tasks.a/b", "letters, digits, _ and -"),
        (#"{"tasks":{"a":{"data":"x"},"a":{"data":"y"}}}"#, "tasks.a", "twice"),
        (#"{"tasks":[]}"#, "tasks", "names, each with 'data' and 'loss'"),
        (#"{"tasks":{"a":{"data":"x"}},"train":"y"}"#, "train", "tasks and train are both given"),
        (#"{"tasks":{"a":{"data":{"path":"x","frst":1}}}}"#, "tasks.a.data.frst", "'first'?"),
        (
            #"{"evaluate":{"s":{"data":"x"}}}"#, "evaluate.s",
            "expected a name, or keys with a 'kind'"
        ),
        (#"{"evaluate":[1]}"#, "evaluate", "names, each with a 'kind'"),
        (
            #"{"evaluate":{"s":{"kind":"similarity","split":"train"}}}"#, "evaluate.s.split",
            "expected dev or test"
        ),
        (
            #"{"evaluate":{"s":{"kind":"similarity","chooses_best":1}}}"#,
            "evaluate.s.chooses_best", "expected true or false"
        ),
        (
            #"{"dev":"a","evaluate":{"dev":{"kind":"similarity","data":"b"}}}"#, "evaluate.dev",
            "both given"
        ),
        (#"{"optimizer":3}"#, "optimizer", "expected a name, or keys with a 'name'"),
        (#"{"prompts":"a"}"#, "prompts", "expected a list of texts"),
        (#"[1]"#, "the recipe", "expected settings"),
    ])
    func whatIsWrongIsNamed(_ json: String, _ key: String, _ message: String) throws {
        let error = #expect(throws: RecipeError.self) { try Recipe(json: json) }
        #expect(error?.key == key, "\(String(describing: error))")
        #expect(error?.description.contains(message) == true, "\(String(describing: error))")
    }

    /// What only the loss, the evaluation or the optimizer knows, is found before anything is read.
    @Test(arguments: [
        (#""loss":"cosin""#, "there is no loss 'cosin'; did you mean 'cosine'?"),
        (#""loss":{"name":"softmax","label_smothing":1}"#, "did you mean 'label_smoothing'?"),
        (#""loss":{"name":"softmax","label_smoothing":2}"#, "label_smoothing is 2; expected 0"),
        (#""optimizer":"adamm""#, "there is no optimizer 'adamm'; did you mean 'adamw'?"),
        (#""optimizer":{"name":"sgd","momentm":1}"#, "did you mean 'momentum'?"),
        (#""sampler":"shuffld""#, "there is no batch sampler 'shuffld'; did you mean 'shuffled'?"),
        (#""order":"robin""#, "there is no order of tasks 'robin'"),
        (
            #""evaluate":{"s":{"kind":"similrity","data":"a.tsv"}}"#,
            "there is no evaluation 'similrity'; did you mean 'similarity'?"
        ),
        (
            #""evaluate":{"s":{"kind":"label_accuracy","tsk":"a","data":"a.tsv"}}"#,
            "did you mean 'task'?"
        ),
    ])
    func namesAndTheirSettingsAreChecked(_ member: String, _ message: String) throws {
        let loss = member.contains("loss") ? "" : #""loss":"cosine","#
        let json = #"{"model":"m","train":"a.tsv",\#(loss)\#(member)}"#
        let error = #expect(throws: (any Error).self) { try Recipe(json: json).checked() }
        let text = error.map { "\($0)" } ?? "no error"
        #expect(text.contains(message), "\(text)")
    }

    /// As above, of a recipe that a program made.
    @Test func settingsOfAProgramAreChecked() throws {
        func message(_ change: (inout Recipe) -> Void) -> String {
            var recipe = Recipe()
            recipe.model = "m"
            recipe.tasks = [
                TaskRecipe("a", data: [ExampleSource("a.tsv")]),
                TaskRecipe("b", data: [ExampleSource("b.tsv")]),
            ]
            change(&recipe)
            do { return try recipe.checked().joined() } catch { return "\(error)" }
        }
        #expect(message { _ in } == "")
        #expect(message { $0.tasks[1].name = "a" } == "'tasks.a' is given twice; leave one of them")
        #expect(
            message { $0.tasks[1].loss = NamedSettings("cosine", settings: #"{"delta":0}"#) }
                == "tasks.b.loss.delta is 0; expected a number above 0")
        #expect(
            message { $0.optimizer = NamedSettings("sgd", settings: #"{"momentm":1}"#) }.contains(
                "there is no setting 'optimizer.momentm'; did you mean 'momentum'?"))
        #expect(message { $0.training.epochs = 0 } == "epochs is 0; expected 1...1000000")
        #expect(
            message {
                $0.setup.prompt = "a"
                $0.setup.promptText = "b"
            } == "prompt and prompt_text are both given; give one of them")
        #expect(message { $0.training.patience = 1 }.contains("there is nothing to evaluate on"))
    }

    /// What stands in the recipes of checkpoints from before runs had tasks.
    @Test func theRecipeOfAnOlderCheckpoint() throws {
        let recipe = try Recipe(json: Checkpoint(Version1Tests.file).recipe())
        #expect(recipe.tasks.map(\.loss) == [NamedSettings("softmax")])
        #expect(recipe.tasks[0].data.map(\.path) == ["/data/pairs.tsv"])
        #expect(recipe.model == "/data/start.h5")
        #expect(recipe.optimizer == NamedSettings("adamw"))
        #expect(recipe.data.labels == .inference)
        #expect(recipe.training == (try Checkpoint(Version1Tests.file).configuration()))
        #expect(try recipe.checked() == [])
        try expectSame(recipe)
    }
}
