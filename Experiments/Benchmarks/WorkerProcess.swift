import Foundation

/// A worker at the other end of a pipe.
final class WorkerProcess {
    /// From the start of the process to the end of its first step.
    private(set) var startSeconds = 0.0
    private let process = Process()
    private let input = Pipe()
    private let output = Pipe()
    private let file: URL
    private var buffer = Data()

    /// Starts the program of the work's setting, which for all but ours needs a Python that has it, and waits until it is
    /// ready.
    init(_ work: Work, peerPython: String?) throws {
        file = FileManager.default.temporaryDirectory.appending(
            path: "simile-benchmark-\(UUID().uuidString).json")
        try JSONEncoder().encode(work).write(to: file)
        if work.setting.engine != .simile, let peerPython {
            let script = URL(filePath: #filePath).deletingLastPathComponent()
                .appending(path: "peer.py").path
            process.executableURL = URL(filePath: peerPython)
            process.arguments = [script, file.path]
        } else {
            process.executableURL = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath()
            process.arguments = ["worker", file.path]
        }
        var environment = ProcessInfo.processInfo.environment
        environment["OMP_NUM_THREADS"] = "\(work.threads)"
        environment["HF_HUB_OFFLINE"] = "1"
        environment["TOKENIZERS_PARALLELISM"] = work.kind == .tokenize ? "false" : nil
        process.environment = environment
        process.standardInput = input
        process.standardOutput = output
        if work.setting.engine != .simile { process.standardError = FileHandle.nullDevice }
        let start = ContinuousClock.now
        try process.run()
        guard try line() == "ready" else {
            throw Failure(work: "\(work.name), \(work.setting.name)")
        }
        startSeconds = start.duration(to: .now) / .seconds(1)
    }

    /// One round.
    func round() throws -> Round {
        try input.fileHandleForWriting.write(contentsOf: Data("round\n".utf8))
        return try JSONDecoder().decode(Round.self, from: Data(try line().utf8))
    }

    deinit {
        try? input.fileHandleForWriting.close()
        process.waitUntilExit()
        try? FileManager.default.removeItem(at: file)
    }

    private func line() throws -> String {
        while true {
            if let end = buffer.firstIndex(of: UInt8(ascii: "\n")) {
                defer { buffer = Data(buffer[buffer.index(after: end)...]) }
                return String(decoding: buffer[..<end], as: UTF8.self)
            }
            let more = output.fileHandleForReading.availableData
            if more.isEmpty { throw Failure(work: process.arguments?.first ?? "") }
            buffer.append(more)
        }
    }

    /// A worker that ended before its work was done.
    struct Failure: Error, CustomStringConvertible {
        let work: String
        var description: String { "the worker '\(work)' ended early; its own message is above" }
    }
}
