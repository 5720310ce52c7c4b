import Foundation
import TestSupport
import Testing

/// Runs the `simile` command that was built beside the tests.
struct CommandRunner {
    struct Output {
        let status: Int32
        let out: String
        let error: String
    }

    /// A program that was built beside the tests.
    static func program(_ name: String) -> URL? {
        Bundle.main.executableURL?.deletingLastPathComponent().appending(path: name)
    }
    static let repository = URL(filePath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent()
        .deletingLastPathComponent()

    /// Starts the command with its output going to files, by way of a launcher and its arguments if there is one.
    static func start(
        _ arguments: [String], in folder: URL = repository, input: String? = nil,
        environment: [String: String] = [:], files: TemporaryFolder, program: String = "simile",
        launcher: [String] = []
    ) throws -> Process {
        let process = Process()
        let own = self.program(program)
        process.executableURL = launcher.first.map { URL(filePath: $0) } ?? own
        process.arguments =
            launcher.isEmpty ? arguments : launcher.dropFirst() + [own?.path ?? ""] + arguments
        process.currentDirectoryURL = folder
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        for name in ["out", "err"] { try Data().write(to: files(name)) }
        process.standardOutput = try FileHandle(forWritingTo: files("out"))
        process.standardError = try FileHandle(forWritingTo: files("err"))
        if let input {
            try Data(input.utf8).write(to: files("in"))
            process.standardInput = try FileHandle(forReadingFrom: files("in"))
        } else {
            process.standardInput = FileHandle.nullDevice
        }
        try process.run()
        return process
    }

    /// Runs the command to its end.
    static func run(
        _ arguments: [String], in folder: URL = repository, input: String? = nil,
        environment: [String: String] = [:], program: String = "simile", launcher: [String] = []
    ) throws -> Output {
        let files = TemporaryFolder()
        let process = try start(
            arguments, in: folder, input: input, environment: environment, files: files,
            program: program, launcher: launcher)
        process.waitUntilExit()
        return Output(
            status: process.terminationStatus,
            out: try String(contentsOf: files("out"), encoding: .utf8),
            error: try String(contentsOf: files("err"), encoding: .utf8))
    }
}

typealias TemporaryFolder = TestSupport.TemporaryFolder

extension TemporaryFolder {
    /// A tiny model from scratch.
    func newModel(hiddenSize: Int = 32, layers: Int = 1) throws -> String {
        let path = self("start.h5").path
        let output = try CommandRunner.run([
            "new", path, "--texts", "Datasets/small-sts/train.tsv", "--vocabulary-size", "600",
            "--hidden-size", "\(hiddenSize)", "--layers", "\(layers)", "--heads", "2",
            "--max-seq-length", "64",
        ])
        try #require(output.status == 0, "\(output.error)")
        return path
    }
}
