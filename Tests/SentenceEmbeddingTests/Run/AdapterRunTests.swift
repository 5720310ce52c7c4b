import ExampleFiles
import Foundation
import HDF5
import JSON
import ModelFolders
import NeuralNetwork
import Serialization
import TestSupport
import Testing

@testable import SentenceEmbedding

/// Runs that train adapters.
@Suite struct AdapterRunTests {
    private let folder = TemporaryFolder()
    private let sentences = TinyModel.sentences(5, seed: 8)

    private func recipe(
        _ change: (inout LoRAConfiguration) -> Void = { _ in }
    ) throws -> Recipe {
        try folder.recipe {
            var adapters = LoRAConfiguration()
            adapters.rank = 2
            adapters.dropout = 0.1
            change(&adapters)
            $0.adapters = adapters
            $0.training.epochs = 2
            $0.training.learningRate = 1e-2
            $0.evaluations = [
                EvaluationRecipe(
                    "dev", kind: NamedSettings("similarity"),
                    data: [ExampleSource(try folder.scores("dev.tsv", 10, seed: 5))])
            ]
        }
    }

    private func embeddings(_ name: String) throws -> [Float] {
        try SentenceTransformer(path: folder(name).path).encode(sentences).values
    }

    private func difference(_ a: [Float], _ b: [Float]) -> Float {
        a.count == b.count ? zip(a, b).map { abs($0 - $1) }.max() ?? .infinity : .infinity
    }

    /// The merged model, the adapters beside it and the checkpoint are one model.
    @Test func everyFormIsTheSameModel() throws {
        let recipe = try recipe()
        var notes: [String] = []
        let results = try TrainingRun(
            recipe, output: folder("run").path, note: { notes.append("\($0)") }
        ).execute()
        #expect(results?.steps == 6)
        #expect(notes.contains { $0.hasPrefix("trained: 512 of the model's ") }, "\(notes)")
        let model = try embeddings("run/model")
        #expect(difference(model, try embeddings("start.h5")) > 1e-3)
        #expect(difference(model, try embeddings("run/adapter")) < 1e-6)
        #expect(difference(model, try embeddings("run/checkpoints/best.h5")) < 1e-6)
        #expect(
            try FileManager.default.contentsOfDirectory(atPath: folder("run/adapter").path).sorted()
                == ["adapter_config.json", "adapter_model.safetensors", "simile-manifest.json"])
        let card = try String(contentsOf: folder("run/model/README.md"), encoding: .utf8)
        #expect(card.contains(#"| LoRA, merged | {"r":2,"lora_alpha":8.0,"#), "\(card)")
        let base = try SentenceTransformer(path: folder("start.h5").path).parameters.bits
        let merged = try SentenceTransformer(path: folder("run/model").path).parameters.bits
        #expect(
            Set(merged.keys.filter { merged[$0] != base[$0] })
                == Set(
                    (0..<2).flatMap { layer in
                        ["query", "value"].map {
                            "encoder.layer.\(layer).attention.self.\($0).weight"
                        }
                    }))
    }

    /// A checkpoint holds what is trained and nothing else, and a run that was cut short ends in the same bits.
    @Test(arguments: [LoRAConfiguration.Bias.none, .all])
    func stoppedAndResumed(_ bias: LoRAConfiguration.Bias) throws {
        let recipe = try recipe { $0.bias = bias }
        _ = try TrainingRun(recipe, output: folder("whole").path).execute()
        for stop in [1, 3, 4] {
            let output = folder("cut\(stop)").path
            _ = try TrainingRun(recipe, output: output).execute([OnEvent(stopAfter: stop)])
            let results = try TrainingRun(resuming: output).execute()
            #expect(results?.steps == 6)
            for name in [
                "checkpoints/step-00000006.h5", "checkpoints/best.h5", "model/model.safetensors",
                "adapter/adapter_model.safetensors", "adapter/adapter_config.json", "steps.csv",
                "evaluations.csv", "results.json",
            ] {
                #expect(
                    try contentsWithoutTimes(folder("cut\(stop)/" + name))
                        == contentsWithoutTimes(folder("whole/" + name)), "\(name)")
            }
        }
        let file = try HDF5File(opening: folder("whole/checkpoints/step-00000006.h5").path)
        #expect(
            try file.root.childNames().sorted() == ["adapters", "optimizer", "tasks", "training"])
        #expect(try file.root.attributes.value("format_version", as: Int.self) == 3)
        let group = try file.root.group(named: "adapters")
        let names = try group.childNames()
        #expect(names.count == (bias == .none ? 8 : 8 + 18))
        #expect(try group.attributes.string("base") == folder("start.h5").path)
        let moments = try file.root.group(named: "optimizer").group(named: "exp_avg")
        #expect(try Set(moments.childNames()) == Set(names))
    }

    /// Adapters without their base, or with another one, are refused by name.
    @Test func theBaseMustBeThere() throws {
        _ = try TrainingRun(recipe(), output: folder("run").path).execute([OnEvent(stopAfter: 4)])
        let checkpoint = folder("run/checkpoints/step-00000004.h5").path
        func message(_ body: () throws -> Void) -> String {
            let error = #expect(throws: (any Error).self) { try body() }
            return error.map { "\($0)" } ?? ""
        }
        func expectRefusal(_ words: String) {
            for path in [checkpoint, folder("run/checkpoints/best.h5").path] {
                let opened = message { _ = try SentenceTransformer(path: path) }
                #expect(opened.contains(words) && opened.contains(path), "\(opened)")
            }
            let resumed = message { _ = try TrainingRun(resuming: folder("run").path) }
            #expect(resumed.contains(words), "\(resumed)")
        }
        _ = try folder.model("start.h5", seed: 9)
        expectRefusal("its adapters belong to a model of other weights than")
        try FileManager.default.removeItem(at: folder("start.h5"))
        expectRefusal("cannot be opened")
    }

    /// The head that predicts tokens is that of the step whose adapters are delivered.
    @Test func theHeadIsOfTheBestStep() throws {
        let texts = try folder.write(
            TinyModel.sentences(24, seed: 3).joined(separator: "\n") + "\n", to: "texts.txt")
        var masked = try recipe()
        masked.tasks = [
            TaskRecipe(loss: NamedSettings("mlm"), data: [ExampleSource(texts)])
        ]
        masked.training.evaluateEvery = .steps(1)
        // Scores by which later steps are worse.
        let (a, b) = (TinyModel.sentences(10, seed: 5), TinyModel.sentences(10, seed: 6))
        let rows = (0..<10).map { "\(a[$0])\t\(b[$0])\t\(4 - $0 % 5)\n" }
        let dev = try folder.write("sentence1\tsentence2\tscore\n" + rows.joined(), to: "dev.tsv")
        masked.evaluations[0].data = [ExampleSource(dev)]
        masked.training.learningRate = 0.5
        masked.training.schedule = .constant
        masked.training.startMayWin = true
        let results = try TrainingRun(masked, output: folder("run").path).execute()
        let best = try #require(results?.bestStep)
        #expect(best < 6, "the last step is not the best: \(best)")
        func head(_ name: String) throws -> [String: [UInt32]] {
            let model = try SentenceTransformer(path: folder(name).path)
            return try #require(model.languageModelHead).parameters.bits
        }
        #expect(try head("run/model") == (try head("run/checkpoints/best.h5")))
    }

    @Test func adaptersOnAdaptersAreRefused() throws {
        _ = try TrainingRun(recipe(), output: folder("first").path).execute()
        for name in ["first/adapter", "first/checkpoints/best.h5"] {
            var second = try recipe()
            second.model = folder(name).path
            let error = #expect(throws: RunError.self) {
                try TrainingRun(second, output: folder("second").path).execute()
            }
            #expect(error?.description.contains("export it as a folder first") == true)
        }
    }

    @Test func whatTheRecipeCannotHave() throws {
        func message(_ change: (inout Recipe) -> Void) throws -> String {
            var recipe = try recipe()
            change(&recipe)
            let error = #expect(throws: (any Error).self) {
                try TrainingRun(recipe, output: folder("run").path).execute()
            }
            return error.map { "\($0)" } ?? ""
        }
        #expect(
            try message { $0.adapters?.targetModules = ["valeu"] }
                == "adapters.target_modules: no linear layer of the encoder is called 'valeu'; did you mean 'value'?"
        )
        #expect(
            try message { $0.adapters?.rank = 0 } == "adapters.r is 0; expected 1...1024")
        #expect(try message { $0.setup.freeze = ["embeddings"] }.hasPrefix("freeze is given, but"))
        #expect(
            try message { $0.setup.trainOnly = ["*.bias"] }.hasPrefix("train_only is given, but"))
        #expect(
            try message { $0.setup.addTokens = "tokens.txt" }.hasPrefix("add_tokens is given, but"))
        let error = #expect(throws: RecipeError.self) {
            try Recipe(json: #"{"adapters":{"lora_alhpa":16}}"#)
        }
        #expect(error?.key == "adapters.lora_alhpa")
        #expect(error?.description.contains("did you mean 'lora_alpha'?") == true)
    }
}
