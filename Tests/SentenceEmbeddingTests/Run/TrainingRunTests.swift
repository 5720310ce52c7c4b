import EvaluationMetrics
import ExampleFiles
import Foundation
import JSON
import Losses
import NeuralNetwork
import Serialization
import TestSupport
import Testing

@testable import SentenceEmbedding

/// Runs from files to files, with the library alone.
@Suite struct TrainingRunTests {
    private let folder = TemporaryFolder()

    private func entries(_ name: String) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: folder(name).path).sorted()
    }

    private func text(_ name: String) throws -> String {
        try String(contentsOf: folder(name), encoding: .utf8)
    }

    /// Two tasks whose classes have nothing in common: each evaluation has those of its own task.
    @Test func eachTaskHasItsClasses() throws {
        func classes(_ name: String, _ names: [String], seed: UInt64) throws -> ExampleSource {
            let (a, b) = (
                TinyModel.sentences(24, seed: seed), TinyModel.sentences(24, seed: seed + 1)
            )
            let rows = (0..<24).map { "\(a[$0])\t\(b[$0])\t\(names[$0 % names.count])\n" }
            return ExampleSource(
                try folder.write("sentence1\tsentence2\tlabel\n" + rows.joined(), to: name))
        }
        var recipe = Recipe()
        recipe.model = try folder.model("start.h5")
        let answers = try classes("answers.tsv", ["yes", "no"], seed: 1)
        let inference = try classes("nli.tsv", TinyModel.labels, seed: 3)
        recipe.tasks = [
            TaskRecipe("answers", loss: NamedSettings("softmax"), data: [answers]),
            TaskRecipe("nli", loss: NamedSettings("softmax"), data: [inference]),
        ]
        recipe.tasks[0].settings.classes = ["no", "yes"]
        recipe.evaluations = ["answers", "nli"].map { name in
            EvaluationRecipe(
                name, kind: NamedSettings("label_accuracy", settings: #"{"task": "\#(name)"}"#),
                data: [name == "nli" ? inference : answers])
        }
        let results = try TrainingRun(recipe, output: folder("run").path).execute()
        for name in ["answers", "nli"] {
            let accuracy = try #require(results?["dev_\(name)_accuracy"])
            #expect((0...1).contains(accuracy))
        }
        let checkpoint = try Checkpoint(folder("run/checkpoints/step-00000004.h5"))
        let losses = try checkpoint.losses(for: checkpoint.model())
        #expect(losses["answers"]?.context.classNames == ["no", "yes"])
        #expect(losses["nli"]?.context.classNames == TinyModel.labels)

        recipe.tasks[0].settings.classes = ["yes"]
        #expect(throws: RunError.self) {
            try TrainingRun(recipe, output: folder("other").path).execute()
        }
    }

    /// All that `simile train` does, in ten lines.
    @Test func tenLines() throws {
        var recipe = Recipe()
        recipe.model = try folder.model("start.h5")
        let train = ExampleSource(try folder.scores("train.tsv", 24, seed: 1))
        let dev = ExampleSource(try folder.scores("dev.tsv", 10, seed: 5))
        recipe.tasks = [TaskRecipe(loss: NamedSettings("cosent"), data: [train])]
        recipe.evaluations = [
            EvaluationRecipe("sts", kind: NamedSettings("similarity"), data: [dev])
        ]
        recipe.data.scoreRange = ScoreRange(0, 4)
        recipe.training.epochs = 2
        let results = try TrainingRun(recipe, output: folder("run").path).execute()

        #expect(
            try entries("run") == [
                "checkpoints", "evaluations.csv", "model", "predictions", "recipe.json",
                "report.html", "results.json", "run.json", "steps.csv",
            ])
        #expect(try entries("run/checkpoints") == ["best.h5", "step-00000004.h5"])
        #expect(
            Set(try entries("run/model")).isSuperset(of: [
                "1_Pooling", "README.md", "config.json", "model.safetensors", "modules.json",
                "tokenizer.json", "vocab.txt",
            ]))
        #expect(results?.steps == 4)
        let figure = try #require(results?["dev_sts_spearman_cosine"])
        let json = try JSONValue(parsing: text("run/results.json").utf8)
        #expect(json["dev_sts_spearman_cosine"]?.double == figure)
        #expect(json["steps"]?.int == 4)
        #expect(try text("run/steps.csv").split(separator: "\n").count == 5)
        let rows = try text("run/evaluations.csv").split(separator: "\n")
        #expect(rows.count == 4)
        #expect(rows[0].hasPrefix("step,sts_spearman_cosine,"))
        #expect(try Recipe(json: text("run/recipe.json")) == recipe)
        let delivered = try SentenceTransformer(path: folder("run/model").path)
        let best = try Checkpoint(folder("run/checkpoints/best.h5")).model()
        #expect(delivered.parameters.bits == best.parameters.bits)
        #expect(try text("run/model/README.md").contains("| loss | CoSENTLoss |"))
    }

    /// Stopped by a callback, gone on with, and ended in the same bits and the same files.
    @Test(arguments: [1, 4, 5])
    func stoppedAndResumed(_ stop: Int) throws {
        let train = try folder.scores("more.tsv", 16, seed: 9)
        let recipe = try folder.recipe { recipe in
            recipe.tasks = [
                TaskRecipe("sts", data: recipe.tasks[0].data),
                TaskRecipe("order", loss: NamedSettings("cosent"), data: [ExampleSource(train)]),
            ]
            recipe.setup.order = RoundRobin.name
            recipe.training.epochs = 2
            recipe.evaluations = [
                EvaluationRecipe(
                    "dev", kind: NamedSettings("similarity"),
                    data: [ExampleSource(try folder.scores("dev.tsv", 10, seed: 5))])
            ]
        }
        _ = try TrainingRun(recipe, output: folder("whole").path).execute()
        let output = folder("cut").path
        let stopped = try TrainingRun(recipe, output: output).execute([OnEvent(stopAfter: stop)])
        #expect(stopped == nil)
        #expect(!(try entries("cut").contains("model")))
        var notes: [String] = []
        let results = try TrainingRun(
            resuming: output, note: { notes.append($0.description) }
        ).execute()
        #expect(results?.steps == 8)
        #expect(notes.contains { $0.contains("going on after step \(stop)") }, "\(notes)")
        for name in [
            "checkpoints/step-00000008.h5", "model/model.safetensors", "steps.csv",
            "evaluations.csv", "results.json", "model/README.md", "predictions/dev.jsonl",
        ] {
            #expect(
                try contentsWithoutTimes(folder("cut/" + name))
                    == contentsWithoutTimes(folder("whole/" + name)), "\(name)")
        }
    }

    /// The figure that chooses the best model is that of the item that says so.
    @Test func theEvaluationThatChoosesTheBest() throws {
        let recipe = try folder.recipe { recipe in
            recipe.training.evaluateEvery = 1
            let items = try ["a", "b"].enumerated().map { index, name in
                EvaluationRecipe(
                    name, kind: NamedSettings("similarity"),
                    data: [
                        ExampleSource(
                            try folder.scores(name + ".tsv", 9, seed: UInt64(50 + 10 * index)))
                    ])
            }
            recipe.evaluations = items
            recipe.evaluations[1].choosesBest = true
        }
        var primary: Set<String?> = []
        _ = try TrainingRun(recipe, output: folder("run").path).execute([
            OnEvent { event, _ in
                if case .evaluated(let evaluation, _) = event {
                    primary.insert(evaluation.primaryName)
                    #expect(
                        Set(evaluation.headlines.map(\.name))
                            == ["a_spearman_cosine", "b_spearman_cosine"])
                }
                return .proceed
            }
        ])
        #expect(primary == ["b_spearman_cosine"])
    }

    /// A model that no step changes is beaten by none, and is what is delivered, as it was.
    @Test(arguments: [true, false])
    func theStartMayWin(_ mayWin: Bool) throws {
        let recipe = try folder.recipe { recipe in
            recipe.training.learningRate = 1e-30
            recipe.training.weightDecay = 0
            recipe.training.startMayWin = mayWin
            recipe.evaluations = [
                EvaluationRecipe(
                    "dev", kind: NamedSettings("similarity"),
                    data: [ExampleSource(try folder.scores("dev.tsv", 10, seed: 5))])
            ]
        }
        var notes: [String] = []
        let results = try TrainingRun(
            recipe, output: folder("run").path, note: { notes.append("\($0)") }
        ).execute()
        #expect(results?.bestStep == (mayWin ? 0 : 3))
        #expect(results?.chosenBy?.name == "dev_spearman_cosine")
        #expect(
            notes.contains(
                "no evaluation on dev beat the model before training, which is in model/") == mayWin
        )
        let delivered = try SentenceTransformer(path: folder("run/model").path)
        let start = try SentenceTransformer(path: folder("start.h5").path)
        // A rate that changes no number but those that are 0.
        #expect((delivered.parameters.bits == start.parameters.bits) == mayWin)
        let best = try Checkpoint(folder("run/checkpoints/best.h5"))
        #expect(try best.state().step == (mayWin ? 0 : 3))
        #expect(try best.model().parameters.bits == delivered.parameters.bits)
    }

    /// The averaged weights are those that are delivered, also when the run was cut short and resumed.
    @Test func theAverageIsDelivered() throws {
        let recipe = try folder.recipe { recipe in
            recipe.training.emaDecay = 0.5
            recipe.training.saveEvery = 0.5
            recipe.training.layerDecay = 0.5
        }
        _ = try TrainingRun(recipe, output: folder("whole").path).execute()
        let first = try TrainingRun(recipe, output: folder("cut").path)
        #expect(try first.execute([OnEvent(stopAfter: 2)]) == nil)
        _ = try TrainingRun(resuming: folder("cut").path).execute()
        for file in ["model/model.safetensors", "checkpoints/step-00000003.h5"] {
            #expect(
                try Data(contentsOf: folder("cut/" + file))
                    == Data(contentsOf: folder("whole/" + file)), "\(file)")
        }
        let checkpoint = try Checkpoint(folder("whole/checkpoints/step-00000003.h5"))
        let delivered = try SentenceTransformer(path: folder("whole/model").path)
        #expect(try checkpoint.model().parameters.bits == delivered.parameters.bits)
        let name = "encoder.layer.1.output.dense.weight"
        let raw = try checkpoint.file.root.group(named: "weights").dataset(named: name)
        let averaged = try checkpoint.file.root.group(named: "model").dataset(named: name)
        #expect(try raw.read(as: Float.self) != averaged.read(as: Float.self))
    }

    @Test func everyOptimizerHasItsSettings() throws {
        let recipe = try folder.recipe {
            $0.optimizer = NamedSettings("sgd", settings: #"{"momentum":0.9}"#)
            $0.training.weightDecay = 0.25
        }
        _ = try TrainingRun(recipe, output: folder("run").path).execute()
        let checkpoint = try Checkpoint(folder("run/checkpoints/step-00000003.h5"))
        let settings = try JSONValue(
            parsing: checkpoint.file.root.group(named: "optimizer").attributes.string("settings")
                .utf8)
        #expect(settings["momentum"]?.double.map { Float($0) } == 0.9)
        #expect(settings["weight_decay"]?.double == 0.25)
    }

    // MARK: - Teachers

    private func texts() throws -> String {
        try folder.write(
            TinyModel.sentences(20, seed: 3).map { $0 + "\n" }.joined(), to: "texts.txt")
    }

    private func taught(_ teacher: String, epochs: Int = 2) throws -> Recipe {
        try folder.recipe { recipe in
            var task = TaskRecipe(
                loss: NamedSettings("mse"), data: [ExampleSource(try texts())])
            task.settings.teacher = teacher
            recipe.tasks = [task]
            recipe.data = ExampleFileOptions()
            recipe.training.epochs = epochs
        }
    }

    private func vectors(_ name: String, rows: Int, columns: Int) throws -> String {
        let writer = try NPYWriter(creating: folder(name), element: .float32, columns: columns)
        for row in 0..<rows {
            try writer.append((0..<columns).map { Float((row + $0) % 7) / 7 }, rows: 1)
        }
        try writer.finish()
        return folder(name).path
    }

    @Test func vectorsOfAFile() throws {
        let recipe = try taught(vectors("teacher.npy", rows: 20, columns: 32), epochs: 30)
        var losses: [Float] = []
        _ = try TrainingRun(recipe, output: folder("run").path).execute([
            OnEvent(step: { losses.append($0.loss) })
        ])
        #expect(losses.count == 90)
        #expect(losses[89] < losses[0] / 2, "\(losses[0]) to \(losses[89])")

        let short = try taught(vectors("short.npy", rows: 19, columns: 32))
        let error = #expect(throws: RunError.self) {
            try TrainingRun(short, output: folder("short").path).execute()
        }
        #expect(
            error?.description.contains(
                "short.npy: has 19 vectors for the 20 rows of ") == true,
            "\(String(describing: error))")
        let narrow = try taught(vectors("narrow.npy", rows: 20, columns: 8))
        let width = #expect(throws: RunError.self) {
            try TrainingRun(narrow, output: folder("narrow").path).execute()
        }
        #expect(
            width?.description.contains("a teacher's embedding of 32 numbers") == true,
            "\(String(describing: width))")
        #expect(!FileManager.default.fileExists(atPath: folder("narrow/recipe.json").path))
    }

    /// A model teaches: it embeds the rows once, and a run that goes on reads them from its folder.
    @Test func aModelEmbedsOnce() throws {
        let teacher = try folder.model("teacher.h5", seed: 8)
        let recipe = try taught(teacher)
        _ = try TrainingRun(recipe, output: folder("whole").path).execute()
        let output = folder("cut").path
        var notes: [String] = []
        let first = try TrainingRun(recipe, output: output, note: { notes.append("\($0)") })
        #expect(try first.execute([OnEvent(stopAfter: 2)]) == nil)
        #expect(
            notes.contains("\(teacher): embedding 20 rows as the teacher"), "\(notes)")
        let cache = try #require(try entries("cut").first { $0.hasSuffix(".npy") })
        let file = try NPYFile(folder("cut/" + cache))
        #expect(file.rows == 20 && file.columns == 32)
        let expected = try SentenceTransformer(path: teacher).encode(
            TinyModel.sentences(20, seed: 3)
        ).values
        #expect((0..<20).flatMap { file[$0] } == expected)

        // Without the teacher there is still what it said.
        try FileManager.default.removeItem(atPath: teacher)
        notes = []
        let resumed = try TrainingRun(resuming: output, note: { notes.append("\($0)") })
        #expect(try resumed.execute()?.steps == 6)
        #expect(
            notes.contains { $0.contains("the teacher's labels of the same texts, from before") },
            "\(notes)")
        #expect(
            try Data(contentsOf: folder("cut/model/model.safetensors"))
                == Data(contentsOf: folder("whole/model/model.safetensors")))
    }

    // MARK: - What cannot begin

    @Test func aRunThatCannotBeginLeavesNothing() throws {
        let recipe = try folder.recipe {
            $0.tasks[0].loss = NamedSettings("softmax")
            $0.data = ExampleFileOptions()
        }
        let error = #expect(throws: RunError.self) {
            try TrainingRun(recipe, output: folder("run").path).execute()
        }
        #expect(error?.description.contains("train.tsv") == true, "\(String(describing: error))")
        #expect(!FileManager.default.fileExists(atPath: folder("run").path))

        try Data("precious".utf8).write(to: folder("file"))
        let used = try folder.recipe()
        let inUse = #expect(throws: (any Error).self) {
            try TrainingRun(used, output: folder("file").path).execute()
        }
        #expect(inUse.map { "\($0)".contains("cannot be written to") } == true)
        #expect(try text("file") == "precious")
    }

    /// Messages of the library name no flags of the command.
    @Test func messagesNameNoFlags() throws {
        let output = folder("run").path
        _ = try TrainingRun(folder.recipe(), output: output).execute()
        let errors: [(any Error)?] = [
            #expect(throws: (any Error).self) {
                try TrainingRun(folder.recipe(), output: output).execute()
            },
            #expect(throws: (any Error).self) { try TrainingRun(resuming: folder("no").path) },
            #expect(throws: (any Error).self) { try TrainingRun(Recipe(), output: output) },
            #expect(throws: (any Error).self) {
                try TrainingRun(
                    folder.recipe { $0.data = ExampleFileOptions() }, output: folder("other").path
                ).execute()
            },
            #expect(throws: (any Error).self) {
                try TrainingRun(
                    folder.recipe { $0.setup.freeze = ["nothing"] }, output: folder("other").path
                ).execute()
            },
        ]
        for error in errors {
            let text = error.map { "\($0)" } ?? "--none"
            #expect(!text.contains("--"), "\(text)")
        }
    }
}
