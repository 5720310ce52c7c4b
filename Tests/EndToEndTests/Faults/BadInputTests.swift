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
        let folder = TemporaryFolder()
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
        let folder = TemporaryFolder()
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
        let folder = TemporaryFolder()
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
        // A folder with anything but a model is never replaced.
        let other = TemporaryFolder()
        _ = try other.write("precious", to: "photo.jpg")
        try expectFailure(
            ["export", start, other.url.path, "--overwrite"],
            "holds photo.jpg, which would be lost", "left alone")
        #expect(try String(contentsOf: other("photo.jpg"), encoding: .utf8) == "precious")
        #expect(try String(contentsOfFile: file, encoding: .utf8) == "precious")
    }

    @Test func settings() throws {
        let folder = TemporaryFolder()
        let start = try folder.newModel()
        let base = [
            "train", "--model", start, "--output", folder("out").path, "--train",
            "Datasets/small-sts/train.tsv", "--score-range", "0...5",
        ]
        try expectFailure(
            base + ["--max-seq-length", "100"], "max_seq_length is 100; expected 3...64")
        for (name, problem) in [
            ("nothing.", "there is no module or parameter 'nothing.'; names are"),
            ("encoder.lay", "'encoder.lay'; did you mean 'encoder.layer'?"),
            ("*.beta", "there is no module or parameter '*.beta'"),
            (
                "encoder.layer.0.attention.self.query",
                "names only some of encoder.layer.0.attention"
            ),
        ] {
            try expectFailure(base + ["--freeze", name], "freeze: ")
            try expectFailure(base + ["--freeze", name], problem)
            try expectFailure(base + ["--train-only", name], "train_only: ")
        }
        for (flag, value, expected) in [
            ("--epochs", "0", "1...1000000"),
            ("--max-gradient-norm", "inf", "a number of 0 or more"),
            ("--batch-size", "9223372036854775807", "1...1000000"),
        ] {
            let output = try CommandRunner.run(base + [flag, value])
            #expect(output.status == 64)
            #expect(
                output.error.contains("Error: \(flag) is \(value); expected \(expected)"),
                "\(output.error)")
        }
        for key in ["patience", "evaluate-every"] {
            try expectFailure(base + ["--" + key, "1"], "there is nothing to evaluate on: add dev")
        }
        let empty = try folder.write("epochs: 1\n", to: "empty.yaml")
        try expectFailure(
            ["train", "--recipe", empty, "--output", folder("out").path], "no model is given")
        try expectFailure(
            ["train", "--resume", folder("out").path], "neither a checkpoint nor a recipe")
        #expect(!FileManager.default.fileExists(atPath: folder("out").path))
    }

    /// Numbers at the edge of their type, or just outside their range, are wrong usage and no crash.
    @Test(arguments: [
        ["tokenize", "model", "--max-length", "1"], ["doctor", "--seconds", "nan"],
        ["new", "out.h5", "--texts", "t", "--max-seq-length", "2"],
        ["new", "out.h5", "--texts", "t", "--hidden-size", "9223372036854775807"],
        ["doctor", "--threads", "9223372036854775807"], ["encode", "model", "--chunk", "0"],
    ])
    func numbersOutOfRange(_ arguments: [String]) throws {
        let output = try CommandRunner.run(arguments)
        #expect(output.status == 64)
        #expect(output.error.contains("expected "), "\(output.error)")
    }

    @Test func evaluations() throws {
        let folder = TemporaryFolder()
        let start = try folder.newModel()
        let same = try folder.write(
            "sentence1\tsentence2\tscore\nA dog.\tA cat.\t2\nA car.\tA bus.\t2\n", to: "same.tsv")
        let message = "same.tsv: no correlation can be measured on 2 pairs of the same score"
        try expectFailure(["evaluate", start, "--data", same, "--score-range", "0...5"], message)
        try expectFailure(
            [
                "train", "--model", start, "--train", "Datasets/small-sts/train.tsv", "--test",
                same,
                "--score-range", "0...5", "--output", folder("out").path,
            ], message)
        #expect(!FileManager.default.fileExists(atPath: folder("out").path))
        #expect(try CommandRunner.run(["export", start, folder("model").path]).status == 0)
        try expectFailure(
            ["evaluate", folder("model").path, "--nli", "Datasets/small-nli/test.tsv"],
            "a model's folder has no classifier; give the checkpoint of a run")
    }

    @Test(.enabled(if: FileManager.default.fileExists(atPath: "/dev/full")))
    func resultsThatCannotBeWritten() throws {
        let process = Process()
        process.executableURL = CommandRunner.program("simile")
        process.arguments = ["doctor", "--seconds", "0.01"]
        process.standardOutput = FileHandle(forWritingAtPath: "/dev/full")
        let errors = Pipe()
        process.standardError = errors
        try process.run()
        let text = String(
            decoding: try errors.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
        process.waitUntilExit()
        #expect(process.terminationStatus == 1)
        #expect(text.contains("standard output: cannot be written to (No space left on device)"))
    }
}
