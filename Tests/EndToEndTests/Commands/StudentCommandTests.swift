import Foundation
import Simile
import TestSupport
import Testing

/// `simile student` and `simile prune`, and the recipes that train what they make.
@Suite struct StudentCommandTests {
    private let folder = TemporaryFolder()

    /// A teacher of two layers of 32.
    private func teacher() throws -> String {
        let path = folder("teacher.h5").path
        let output = try CommandRunner.run([
            "new", path, "--texts", "Datasets/small-sts/train.tsv", "--vocabulary-size", "600",
            "--hidden-size", "32", "--layers", "2", "--heads", "2", "--max-seq-length", "64",
        ])
        try #require(output.status == 0, "\(output.error)")
        return path
    }

    /// The texts of the training pairs, one a line.
    private func sentences(_ count: Int) throws -> String {
        let table = try String(
            contentsOf: CommandRunner.repository.appending(path: "Datasets/small-sts/train.tsv"),
            encoding: .utf8)
        let texts = table.split(separator: "\n").dropFirst().prefix(count).flatMap {
            $0.split(separator: "\t").prefix(2)
        }
        return try folder.write(texts.joined(separator: "\n") + "\n", to: "sentences.txt")
    }

    /// The embeddings of a file's lines as JSON lines.
    private func encode(_ model: String, _ texts: String) throws -> String {
        let output = try CommandRunner.run(["encode", model, texts])
        try #require(output.status == 0, "\(output.error)")
        return output.out
    }

    @Test func prune() throws {
        let (teacher, texts) = (try teacher(), try sentences(20))
        for (name, flag) in [("small.h5", "--keep-characters"), ("folder", "--no-keep-characters")]
        {
            let path = folder(name).path
            let output = try CommandRunner.run(["prune", teacher, path, "--texts", texts, flag])
            #expect(output.status == 0, "\(output.error)")
            #expect(output.error.contains(" of 600 tokens, for 40 texts; "), "\(output.error)")
            #expect(try encode(path, texts) == encode(teacher, texts))
        }
        let kept = try SentenceTransformer(path: folder("small.h5").path).tokenizer.vocabularySize
        let bare = try SentenceTransformer(path: folder("folder").path).tokenizer.vocabularySize
        #expect(bare < kept && kept < 600)

        let empty = try folder.write("", to: "empty.txt")
        let none = try CommandRunner.run(
            ["prune", teacher, folder("none.h5").path, "--texts", empty])
        #expect(none.status == 1 && none.error.contains("empty.txt: no text"), "\(none.error)")
        #expect(!FileManager.default.fileExists(atPath: folder("none.h5").path))
    }

    @Test func studentOfAllLayers() throws {
        let (teacher, texts) = (try teacher(), try sentences(5))
        let path = folder("all.h5").path
        let output = try CommandRunner.run(["student", teacher, path, "--keep-layers", "0,1"])
        #expect(output.status == 0 && output.error.contains("2 layers of 32"), "\(output.error)")
        #expect(try encode(path, texts) == encode(teacher, texts))
    }

    @Test func refusals() throws {
        let (teacher, path) = (try teacher(), folder("s.h5").path)
        for (flags, status, message) in [
            ([], 64, "give --keep-layers 0,2,4, or --hidden-size"),
            (["--keep-layers", "0", "--hidden-size", "8"], 64, "not both"),
            (["--keep-layers", "0", "--layers", "1"], 64, "give --hidden-size too"),
            (["--keep-layers", "0;1"], 64, "--keep-layers is 0;1; expected numbers with commas"),
            (["--keep-layers", "1,2"], 1, "layers is 1,2; expected numbers of 0...1, rising"),
            (["--hidden-size", "64"], 1, "hidden_size is 64; expected 1...32, the teacher's"),
            (["--hidden-size", "8", "--heads", "3"], 1, "num_attention_heads is 3"),
        ] as [([String], Int32, String)] {
            let output = try CommandRunner.run(["student", teacher, path] + flags)
            #expect(output.status == status && output.error.contains(message), "\(output.error)")
        }
        #expect(!FileManager.default.fileExists(atPath: path))
    }

    // MARK: - Recipes

    private func train(_ recipe: String, _ student: String, _ teacher: String, _ output: String)
        throws -> String
    {
        let run = try CommandRunner.run([
            "train", "--recipe", "Experiments/distillation/\(recipe)", "--model", student,
            "--teacher", teacher, "--train", sentences(30), "--dev", "Datasets/small-sts/dev.tsv",
            "--dev-score-range", "0...5", "--output", folder(output).path, "--epochs", "2",
            "--batch-size", "8", "--max-seq-length", "64",
        ])
        #expect(run.status == 0, "\(run.error)")
        #expect(
            FileManager.default.fileExists(atPath: folder(output + "/model/config.json").path))
        return run.error
    }

    @Test func layersRecipe() throws {
        let (teacher, student) = (try teacher(), folder("student.h5").path)
        let made = try CommandRunner.run(["student", teacher, student, "--keep-layers", "1"])
        try #require(made.status == 0, "\(made.error)")
        let notes = try train("layers.yaml", student, teacher, "run")
        #expect(notes.contains("embedding 60 rows as the teacher"), "\(notes)")
    }

    @Test func smallRecipe() throws {
        let (teacher, student) = (try teacher(), folder("student.h5").path)
        let pruned = folder("pruned.h5").path
        let texts = try sentences(30)
        let small = try CommandRunner.run(["prune", teacher, pruned, "--texts", texts])
        try #require(small.status == 0, "\(small.error)")
        let made = try CommandRunner.run([
            "student", pruned, student, "--hidden-size", "16", "--layers", "1", "--heads", "2",
        ])
        try #require(made.status == 0, "\(made.error)")
        #expect(made.error.contains("teacher_dimension 16"), "\(made.error)")
        // The recipe is for students of 128.
        let recipe = try String(
            contentsOf: CommandRunner.repository.appending(
                path: "Experiments/distillation/small.yaml"), encoding: .utf8)
        let path = try folder.write(
            recipe.replacing("teacher_dimension: 128", with: "teacher_dimension: 16"),
            to: "small.yaml")
        let run = try CommandRunner.run([
            "train", "--recipe", path, "--model", student, "--teacher", teacher, "--train", texts,
            "--output", folder("run").path, "--epochs", "2", "--batch-size", "8",
            "--evaluate-every", "0", "--max-seq-length", "64",
        ])
        #expect(run.status == 0, "\(run.error)")
        #expect(run.error.contains("32 numbers as 16, which have "), "\(run.error)")
    }
}
