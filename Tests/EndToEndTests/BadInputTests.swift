import Foundation
import Simile
import Testing

/// Bad input: one clear line with what to do, a status that is not zero, nothing overwritten.
@Suite struct BadInputTests {
    private func expectFailure(
        _ arguments: [String], _ parts: String..., sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        let output = try CommandRunner.run(arguments)
        #expect(output.status == 1, "\(arguments)", sourceLocation: sourceLocation)
        let lines = output.error.split(separator: "\n").filter { $0.hasPrefix("Error: ") }
        #expect(lines.count == 1, "\(output.error)", sourceLocation: sourceLocation)
        for part in parts {
            #expect(output.error.contains(part), "\(output.error)", sourceLocation: sourceLocation)
        }
    }

    @Test func pairFiles() throws {
        let folder = try TemporaryFolder()
        let start = try folder.newModel()
        func train(_ file: String, _ more: String...) -> [String] {
            ["train", "--model", start, "--train", file, "--output", folder("out").path] + more
        }
        let header = "sentence1\tsentence2\tscore\n"
        let fine = "A dog runs.\tA cat sleeps.\t1.5\n"

        try expectFailure(train("/nowhere/pairs.tsv"), "/nowhere/pairs.tsv", "no such file")
        try expectFailure(train(try folder.write("", to: "empty.tsv")), "empty.tsv")
        try expectFailure(
            train(
                try folder.write(header + fine, to: "fine.tsv"), "--score-range", "0...5",
                "--score", "points"),
            "fine.tsv", "points", "sentence1")
        try expectFailure(
            train(
                try folder.write(header + fine + "A.\tB.\t7\n", to: "range.tsv"), "--score-range",
                "0...5"),
            "range.tsv:3", "7", "0...5")
        try expectFailure(
            train(try folder.write(header + fine, to: "norange.tsv")), "norange.tsv",
            "--score-range")
        try expectFailure(
            train(
                try folder.write(
                    "premise\thypothesis\tlabel\nA.\tB.\tentailmnt\n", to: "label.tsv"), "--loss",
                "softmax"),
            "label.tsv:2", "entailmnt", "did you mean", "entailment")
        try expectFailure(
            train(
                try folder.write("premise\thypothesis\tlabel\nA.\tB.\t1\n", to: "number.tsv"),
                "--loss", "softmax"),
            "number.tsv", "order")
        #expect(!FileManager.default.fileExists(atPath: folder("out").path))
    }

    @Test func models() throws {
        let folder = try TemporaryFolder()
        let start = try folder.newModel()
        let model = folder("model")
        #expect(try CommandRunner.run(["export", start, model.path]).status == 0)
        let weights = model.appending(path: "model.safetensors")
        let whole = try Data(contentsOf: weights)

        try expectFailure(
            ["inspect", "/nowhere/model"], "/nowhere/model", "no such file or folder")

        try whole.prefix(whole.count / 2).write(to: weights)
        try expectFailure(
            ["inspect", model.path], "model.safetensors", "the file ends after", "fetch it again")

        try Data("not a model at all".utf8).write(to: weights)
        try expectFailure(["inspect", model.path], "model.safetensors", "not a safetensors file")
        try whole.write(to: weights)

        let vocabulary = model.appending(path: "vocab.txt")
        let tokens = try String(contentsOf: vocabulary, encoding: .utf8)
        try FileManager.default.removeItem(at: model.appending(path: "tokenizer.json"))
        try Data((tokens + "qqq1\nqqq2\n").utf8).write(to: vocabulary)
        try expectFailure(
            ["inspect", model.path], "the vocabulary has",
            "use the vocabulary that the model was trained with")
        try Data(tokens.utf8).write(to: vocabulary)

        let config = model.appending(path: "config.json")
        let text = try String(contentsOf: config, encoding: .utf8)
        try Data(text.replacing("\"bert\"", with: "\"roberta\"").utf8).write(to: config)
        try expectFailure(
            ["inspect", model.path], "config.json", "model_type is roberta", "supported: bert")
        try Data(text.replacing("\"num_hidden_layers\": 1", with: "\"num_hidden_layers\": 2").utf8)
            .write(to: config)
        try expectFailure(
            ["inspect", model.path], "16 missing: encoder.layer.1.attention.self.query.weight")
        try Data(text.replacing("\"hidden_size\": 32", with: "\"hidden_size\": 33").utf8).write(
            to: config)
        try expectFailure(
            ["inspect", model.path], "num_attention_heads is 2", "a divisor of hidden_size")
    }

    /// Root may write to read-only folders, so a file where a folder should be stands in for one.
    @Test func unwritableOutputs() throws {
        let folder = try TemporaryFolder()
        let start = try folder.newModel()
        let file = try folder.write("precious", to: "file")
        try expectFailure(
            [
                "train", "--model", start, "--train", "Datasets/small-sts/train.tsv",
                "--score-range", "0...5", "--output",
                file + "/out",
            ], "cannot be written to", "give another --output")
        try expectFailure(["export", start, file + "/model"], "cannot be written")
        try expectFailure(["import", start, folder("missing/start.h5").path], "there is no folder")
        // A folder that is not a model's is never replaced.
        let other = try TemporaryFolder()
        _ = try other.write("precious", to: "photo.jpg")
        try expectFailure(
            ["export", start, other.url.path], "does not look like a model's folder", "left alone")
        #expect(try String(contentsOf: other("photo.jpg"), encoding: .utf8) == "precious")
        #expect(try String(contentsOfFile: file, encoding: .utf8) == "precious")
    }

    @Test func settings() throws {
        let folder = try TemporaryFolder()
        let start = try folder.newModel()
        let base = [
            "train", "--model", start, "--output", folder("out").path, "--train",
            "Datasets/small-sts/train.tsv", "--score-range", "0...5",
        ]
        try expectFailure(base + ["--epochs", "0"], "epochs is 0; expected 1 or more")
        try expectFailure(base + ["--loss", "triplet"], "loss is 'triplet'; expected cosine")
        try expectFailure(
            base + ["--max-seq-length", "100"], "max_seq_length is 100; expected 3...64")
        try expectFailure(base + ["--freeze", "nothing."], "freeze: no whole parameter")
        try expectFailure(["train", "--output", folder("out").path], "no model is given")
        try expectFailure(["train", "--resume", folder("out").path], "no checkpoint in")
        #expect(!FileManager.default.fileExists(atPath: folder("out").path))
    }

    @Test func damagedCheckpointFallsBack() throws {
        let folder = try TemporaryFolder()
        let start = try folder.newModel()
        let run = try CommandRunner.run([
            "train", "--model", start, "--output", folder("out").path, "--train",
            "Datasets/small-sts/train.tsv",
            "--score-range", "0...5", "--save-every", "5", "--keep-last", "2",
        ])
        #expect(run.status == 0, "\(run.error)")
        let checkpoints = folder("out/checkpoints")
        let names = try FileManager.default.contentsOfDirectory(atPath: checkpoints.path).sorted()
        #expect(names == ["step-00000020.h5", "step-00000025.h5"])
        try Data("gone".utf8).write(to: checkpoints.appending(path: names[1]))
        let resumed = try CommandRunner.run(["train", "--resume", folder("out").path])
        #expect(resumed.status == 0, "\(resumed.error)")
        #expect(resumed.error.contains("trying the one before"))
        #expect(resumed.error.contains("going on after step 20"))
    }
}
