import Foundation
import TestSupport
import Testing

/// Two commands at once, files that are none, and what `inspect --verify` says.
@Suite struct TrustCommandTests {
    private let folder = TemporaryFolder()

    private func train(_ start: String, _ output: String, _ more: [String] = []) throws
        -> CommandRunner.Output
    {
        try CommandRunner.run(
            [
                "train", "--model", start, "--train", "Datasets/small-sts/dev.tsv",
                "--score-range", "0...5", "--max-steps", "4", "--output", output,
            ] + more, environment: ["HOME": folder.path("home")])
    }

    @Test func twoResumesOfOneRun() throws {
        let start = try folder.newModel()
        #expect(try train(start, folder.path("run")).status == 0)
        // The first one waits for its training data.
        let recipe = try String(contentsOf: folder("run/recipe.yaml"), encoding: .utf8)
        try FileManager.default.removeItem(at: folder("run/checkpoints"))
        #expect(mkfifo(folder.path("pipe"), 0o600) == 0)
        let data = CommandRunner.repository.appending(path: "Datasets/small-sts/dev.tsv")
        try folder.write(
            recipe.replacing(data.path, with: folder.path("pipe")), to: "run/recipe.yaml")
        let first = try CommandRunner.start(
            ["train", "--resume", folder.path("run")], files: TemporaryFolder())
        let pipe = try FileHandle(forWritingTo: folder("pipe"))
        let second = try CommandRunner.run(["train", "--resume", folder.path("run")])
        #expect(second.status == 1)
        #expect(
            second.error.contains(
                "\(folder.path("run")): process \(first.processIdentifier) on "),
            "\(second.error)")
        #expect(second.error.contains("works on this run; wait until it ends, or end it first"))
        try pipe.write(contentsOf: Data(contentsOf: data))
        try pipe.close()
        first.waitUntilExit()
        #expect(first.terminationStatus == 0)
        #expect(!FileManager.default.fileExists(atPath: folder.path("run/run.lock")))
    }

    @Test func everyByteIsVerified() throws {
        let start = try folder.newModel()
        func verify(_ path: String) throws -> CommandRunner.Output {
            try CommandRunner.run(["inspect", path, "--verify"])
        }
        #expect(
            try verify(start).out.contains("verified         every byte, by the file's SHA-256"))
        let model = folder.path("model")
        try #require(try CommandRunner.run(["export", start, model]).status == 0)
        #expect(
            try verify(model).out.contains(
                "10 files, by the SHA-256 in simile-manifest.json"))
        var bytes = try folder.bytes(of: "model/model.safetensors")
        bytes[bytes.count - 3] ^= 1
        try folder.write(bytes, to: "model/model.safetensors")
        for command in [
            ["inspect", model, "--verify"], ["similarity", model, "a", "b"],
            ["import", model, folder.path("x.h5")],
        ] {
            let damaged = try CommandRunner.run(command)
            #expect(damaged.status == 1)
            #expect(
                damaged.error.contains("model.safetensors: changed after the model was written"))
        }
        try folder.removeManifest(of: "model")
        #expect(try verify(model).out.contains("the folder has no simile-manifest.json"))
    }

    /// What the shell leaves alone means the same place to everything.
    @Test func theHomeFolder() throws {
        let start = try folder.newModel()
        try FileManager.default.createDirectory(
            at: folder("home"), withIntermediateDirectories: false)
        let first = try train(start, "~/run")
        #expect(first.status == 0, "\(first.error)")
        #expect(FileManager.default.fileExists(atPath: folder.path("home/run/model")))
        let second = try CommandRunner.run(
            [
                "train", "--model", start, "--train", "Datasets/small-sts/dev.tsv",
                "--score-range=0...5", "--output=~/run",
            ], environment: ["HOME": folder.path("home")])
        #expect(second.status == 1)
        #expect(second.error.contains("\(folder.path("home/run")): exists and is not empty"))
        let texts = try CommandRunner.run(
            ["tokenize", "~/run", "~/not/a/path", "--tokens"],
            environment: ["HOME": folder.path("home")])
        #expect(texts.status == 0 && !texts.out.contains("home"), "\(texts.error)")
    }

    @Test func pipesAreNeitherReadNorReplaced() throws {
        let start = try folder.newModel()
        #expect(mkfifo(folder.path("pipe"), 0o600) == 0)
        for command in [
            ["export", start, folder.path("pipe"), "--format", "onnx"],
            ["export", start, folder.path("pipe"), "--format", "gguf"],
            ["import", start, folder.path("pipe")], ["inspect", folder.path("pipe")],
        ] {
            let output = try CommandRunner.run(command)
            #expect(output.status == 1, "\(command)")
            #expect(output.error.contains("pipe"), "\(output.error)")
        }
        var status = stat()
        #expect(lstat(folder.path("pipe"), &status) == 0 && status.st_mode & S_IFMT == S_IFIFO)
    }
}
