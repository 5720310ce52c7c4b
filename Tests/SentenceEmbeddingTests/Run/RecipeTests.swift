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
        "old":{"kind":"similarity","data":"old.csv","watch":0.01},
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
        #expect(evaluations.keys.sorted() == ["dev_nli", "old", "own", "sts"])
        #expect(evaluations["sts"]?.choosesBest == true)
        #expect(evaluations["old"]?.watch == 0.01)
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
        recipe.training.warmupSteps = 12
        recipe.training.learningRates = ["embeddings.*": 1e-6, "encoder.layer.0": 2.5e-5]
        recipe.training.layerDecay = 0.95
        recipe.training.maxGradientValue = 0.5
        recipe.training.emaDecay = 0.999
        recipe.training.minDelta = 0.001
        recipe.training.startMayWin = true
        recipe.training.weightDecay = 0.02
        recipe.training.maxGradientNorm = 0
        recipe.training.maxSteps = 11
        recipe.training.evaluateEvery = 4
        recipe.training.saveEvery = 0.25
        recipe.training.keepLast = 2
        recipe.training.patience = 1
        recipe.training.groupByLength = true
        recipe.training.bf16 = true
        recipe.training.bf16Compress = true
        recipe.training.gradientCheckpointing = true
        recipe.training.miniBatchSize = 8
        recipe.training.seed = .max
        recipe.setup.prompt = "query"
        recipe.setup.addTokens = "tokens.txt"
        recipe.setup.order = RoundRobin.name
        recipe.setup.trainOnly = ["*.bias"]
        recipe.setup.tensorboard = true
        var adapters = LoRAConfiguration()
        adapters.rank = 4
        adapters.alpha = 16
        adapters.dropout = 0.05
        adapters.targetModules = ["dense"]
        adapters.usesRankStabilization = true
        adapters.bias = .all
        recipe.adapters = adapters
        recipe.tasks[0].settings.teacher = "teacher"
        recipe.tasks[0].settings.teacherDimension = 128
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
            #"{"evaluate":{"s":{"kind":"similarity","watch":-1}}}"#, "evaluate.s.watch",
            "expected a number of 0 or more"
        ),
        (#"{"evaluate_every":1.5}"#, "evaluate_every", "a share of the run above 0 and below 1"),
        (#"{"save_every":-1}"#, "save_every", "expected a number of steps, or a share"),
        (#"{"layer_decay":0}"#, "layer_decay", "expected a number above 0, up to 1"),
        (#"{"ema_decay":1}"#, "ema_decay", "expected 0..<1"),
        (#"{"learning_rates":{"a":0}}"#, "learning_rates", "rates above 0 by patterns of names"),
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

    /// What would have no effect is refused: whoever gave it expects one.
    @Test(arguments: [
        (#""patience":2"#, "patience is given, but there is nothing to evaluate on: add dev"),
        (#""evaluate_every":0.5"#, "evaluate_every is given, but there is nothing to evaluate on"),
        (#""start_may_win":true"#, "start_may_win is given, but there is nothing to evaluate on"),
        (#""dev":"d.tsv","min_delta":0.1"#, "min_delta is given, but without patience"),
        (
            #""evaluate":{"t":{"kind":"similarity","split":"test","data":"t","watch":0.1}}"#,
            "evaluate.t.watch is given, but what is split: test is measured after training alone"
        ),
        (
            #""evaluate":{"t":{"kind":"similarity","split":"test","data":"t","chooses_best":true}}"#,
            "evaluate.t.chooses_best is given, but"
        ),
        (#""order":"round_robin""#, "order is given, but there is one task"),
        (
            #""sampler":"shuffled","group_by_length":true"#,
            "group_by_length is given, but every task has a sampler of its own"
        ),
        (#""num_cycles":2"#, "num_cycles is given, but the schedule linear has no such setting"),
        (
            #""schedule":"cosine","min_lr_rate":0.2"#,
            "min_lr_ratio is given, but the schedule cosine has no such setting"
        ),
        (
            #""optimizer":{"name":"sgd","weight_decay":0.1},"weight_decay":0.2"#,
            "weight_decay and optimizer.weight_decay are both given"
        ),
        (
            #""optimizer":"adafactor","learning_rate":0.1"#,
            "learning_rate is given, but adafactor has a rate of its own"
        ),
        (#""warmup_ratio":0.2,"warmup_steps":3"#, "warmup_steps is given beside warmup_ratio"),
        (#""classes":["a","b"]"#, "classes is given, but the loss cosine has no use for classes"),
        (
            #""data":{"label_order":"hub"}"#,
            "data: label_order is given, but it says nothing about rows that are trained or measured on"
        ),
        (
            #""loss":"multiple_negatives_ranking","data":{"score_range":"0...5"}"#,
            "data: score_range is given, but it says nothing about rows"
        ),
        (
            #""loss":"softmax","train":{"path":"a.tsv","score":"x"}"#,
            "train: score is given, but it says nothing about rows for softmax; leave it out"
        ),
    ])
    func whatHasNoEffectIsRefused(_ member: String, _ message: String) throws {
        let loss = member.contains("loss") ? "" : #""loss":"cosine","#
        let train = member.contains("train\"") ? "" : #""train":"a.tsv","#
        let json = #"{"model":"m",\#(train)\#(loss)\#(member)}"#
        let error = #expect(throws: (any Error).self) { try Recipe(json: json).checked() }
        let text = error.map { "\($0)" } ?? "no error"
        #expect(text.contains(message), "\(text)")
    }

    /// The same where they have one.
    @Test(arguments: [
        #""dev":"d.tsv","patience":2,"min_delta":0.1,"start_may_win":true,"evaluate_every":0.5"#,
        #""loss":"multiple_negatives_ranking","dev":"d.tsv","data":{"score_range":"0...5"}"#,
        #""schedule":"warmup_stable_decay","min_lr_ratio":0.2,"num_cycles":1"#,
        #""schedule":"cosine_with_min_lr","min_lr_rate":0.2"#,
        #""optimizer":{"name":"adafactor","relative_step":false},"learning_rate":0.1"#,
        #""optimizer":{"name":"sgd","weight_decay":0.1}"#, #""weight_decay":0.2"#,
        #""group_by_length":true"#, #""warmup_steps":3"#,
    ])
    func whatHasAnEffectIsTaken(_ member: String) throws {
        let loss = member.contains("loss") ? "" : #""loss":"cosine","#
        let json = #"{"model":"m","train":"a.tsv",\#(loss)\#(member)}"#
        #expect(try Recipe(json: json).checked() == [])
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

    /// A run goes on with settings that a new one is refused for.
    @Test func whatHasNoEffectIsRefusedOfNewRunsAlone() throws {
        let recipe = try Recipe(
            json: #"{"model":"m","train":"a.tsv","loss":"cosine","order":"round_robin"}"#)
        #expect(throws: RunError.self) { try recipe.checked() }
        #expect(try recipe.checked(forNewRun: false) == [])
        let usual = try Recipe(
            json:
                #"{"model":"m","train":"a.tsv","loss":"cosine","optimizer":"adafactor","warmup_ratio":0.1}"#
        )
        #expect(try usual.checked() == [])
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
