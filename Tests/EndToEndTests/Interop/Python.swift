import Foundation
import Testing

/// The tests that have other people's tools at the other end; each is skipped where its tool is missing.
@Suite enum Interop {}

/// The Python that has the tools at the other end, named by `SIMILE_PYTHON`; `make interop` makes one.
enum Python {
    static let path = ProcessInfo.processInfo.environment["SIMILE_PYTHON"].flatMap {
        FileManager.default.isExecutableFile(atPath: $0) ? $0 : nil
    }

    /// Whether a module is installed there.
    static func has(_ module: String) -> Bool {
        guard path != nil, let found = try? run("import \(module)", []) else { return false }
        return found.status == 0
    }

    /// Why a test of a tool is skipped.
    static func missing(_ module: String) -> Comment {
        "skipped: SIMILE_PYTHON names no Python with \(module); `make interop` installs it"
    }

    /// Runs a script; its arguments are in `sys.argv[1:]`.
    static func run(_ script: String, _ arguments: [String]) throws -> CommandRunner.Output {
        let files = TemporaryFolder()
        let process = Process()
        process.executableURL = URL(filePath: path ?? "python3")
        process.arguments = ["-c", script] + arguments
        var environment = ProcessInfo.processInfo.environment
        environment["HF_HUB_OFFLINE"] = "1"
        process.environment = environment
        for name in ["out", "err"] { try Data().write(to: files(name)) }
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = try FileHandle(forWritingTo: files("out"))
        process.standardError = try FileHandle(forWritingTo: files("err"))
        try process.run()
        process.waitUntilExit()
        return CommandRunner.Output(
            status: process.terminationStatus,
            out: try String(contentsOf: files("out"), encoding: .utf8),
            error: try String(contentsOf: files("err"), encoding: .utf8))
    }

    /// Runs a script that prints one JSON value, and decodes it.
    static func value<Value: Decodable>(
        of script: String, _ arguments: [String], as type: Value.Type = Value.self
    ) throws -> Value {
        let output = try run(script, arguments)
        try #require(output.status == 0, "\(output.error)")
        let value = try? JSONDecoder().decode(Value.self, from: Data(output.out.utf8))
        return try #require(value, "\(output.out.prefix(300))")
    }
}
