import Foundation
import RecipeFiles
import Simile
import TestSupport
import Testing

/// Recipes as YAML files: what is written is read again, and what is wrong is named with its line.
@Suite struct RecipeFileTests {
    private let folder = TemporaryFolder()

    private func read(_ text: String) throws -> Recipe {
        try Recipe(yamlFile: folder.write(text, to: "recipe.yaml"))
    }

    private static let short = """
        model: m
        loss: {name: softmax, label_smoothing: 0.1}
        train: {path: a.tsv, first: 2, label: yes}
        prompts: ["q: ", ""]
        dev: d.csv
        test_nli: [t.tsv, {path: u.tsv, first: "2"}]
        data:
          score_range: 0...5
        optimizer:
          name: sgd
          momentum: 0.9
        freeze: [embeddings, encoder.layer.0]
        epochs: 3
        learning_rate: 1.5e-5
        warmup_ratio: 0.12345678901234568
        seed: 7

        """
    private static let long = """
        # Three tasks.
        model: m
        tasks:
          nli:
            data: {path: nli.tsv, label_order: hub}
            loss: softmax
          qa:
            data:
            - qa.jsonl
            - more.jsonl
            loss:
              name: multiple_negatives_ranking
              scale: 30
            task_batch_size: 64
          kd: {data: texts.txt, loss: mse, teacher: t.npy}
        evaluate:
          sts: {kind: similarity, data: sts.csv, chooses_best: true}
          own: {kind: label_accuracy, task: nli, split: test, data: dev.tsv}
        order: round_robin
        optimizer: lion

        """

    @Test(arguments: [short, long, "model: '007'\nprompt_text: 'true'\ntrain: '1e3'\n"])
    func whatIsWrittenIsReadAgain(_ text: String) throws {
        let recipe = try read(text)
        let written = try recipe.yaml()
        #expect(try read(written) == recipe, "\(written)")
        #expect(try read(written).yaml() == written)
        #expect(try Recipe(json: recipe.json) == recipe)
    }

    @Test func valuesAreThoseOfTheText() throws {
        let recipe = try read(Self.short)
        #expect(recipe.tasks[0].loss.settings == #"{"label_smoothing":0.1}"#)
        #expect(recipe.tasks[0].data[0].options.first == .number(2))
        #expect(recipe.tasks[0].data[0].options.label == .name("yes"))
        #expect(recipe.tasks[0].settings.prompts == ["q: ", ""])
        #expect(recipe.setup.freeze == ["embeddings", "encoder.layer.0"])
        #expect(recipe.training.learningRate == 1.5e-5)
        #expect(recipe.training.warmupRatio == 0.12345678901234568)
        let written = try recipe.yaml()
        #expect(written.contains("\nlearning_rate: 1.5e-05\n"), "\(written)")
        #expect(written.contains("\nfreeze:\n- embeddings\n- encoder.layer.0\n"), "\(written)")
        let long = try read(Self.long)
        #expect(long.tasks.map(\.name) == ["nli", "qa", "kd"])
        #expect(try long.yaml().contains("\n  qa:\n    data:\n    - qa.jsonl\n"))
    }

    /// Keys that do not exist, at every level.
    @Test(arguments: [
        ("epochs: 1\nlearning_rat: 2\n", 2, "'learning_rat'; did you mean 'learning_rate'?"),
        ("loss:\n  name: softmax\n  label_smothing: 1\n", 3, "did you mean 'label_smoothing'?"),
        ("loss:\n  name: softmax\n  label_smoothing: 7\n", 3, "label_smoothing is 7; expected"),
        ("optimizer:\n  name: sgd\n  momentm: 1\n", 3, "did you mean 'momentum'?"),
        ("data:\n  scor: 1\n", 2, "did you mean 'score'?"),
        ("train:\n- a\n- path: b\n  frst: 1\n", 4, "did you mean 'first'?"),
        ("tasks:\n  a:\n    data: x\n    los: mse\n", 4, "did you mean 'loss'?"),
        (
            "tasks:\n  a:\n    data: x\n    loss:\n      name: triplet\n      margn: 1\n", 6,
            "tasks.a.loss.margn"
        ),
        ("tasks:\n  a:\n    data:\n      path: x\n      frst: 1\n", 5, "'first'?"),
        ("tasks:\n  a:\n    data: x\n    prompts: 3\n", 4, "expected a list of texts"),
        (
            "evaluate:\n  s:\n    kind: label_accuracy\n    tsk: a\n", 4,
            "evaluate.s.tsk"
        ),
        ("evaluate:\n  s:\n    kind: similarity\n    split: never\n", 4, "expected dev or test"),
        ("model: m\nepochs: many\n", 2, "epochs is 'many'; expected 1...1000000"),
    ])
    func whatIsWrongIsNamedWithItsLine(_ text: String, _ line: Int, _ message: String) throws {
        let error = #expect(throws: RecipeFileError.self) { try read(text) }
        let description = error?.description ?? ""
        #expect(
            description.hasPrefix("\(folder("recipe.yaml").path):\(line): "), "\(description)")
        #expect(description.contains(message), "\(description)")
    }

    /// A list that is written as one line an item is no deeper than in brackets.
    @Test func longListsAreReadAgain() throws {
        let items = (0..<1200).map { "t\($0).tsv" }.joined(separator: ", ")
        let recipe = try read("model: m\ntest: [\(items)]\n")
        #expect(try read(recipe.yaml()).yaml() == recipe.yaml())
        let error = #expect(throws: RecipeFileError.self) {
            try read(String(repeating: "- ", count: 1200) + "m\n")
        }
        #expect(error?.description.contains("1000 at most") == true)
    }
}
