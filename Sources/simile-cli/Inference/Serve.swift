import ArgumentParser
import Foundation
import Logging
import SentenceEmbedding
import Serving
import Settings
import Simile
import Support
import Synchronization

struct Serve: Subcommand {
    /// The environment variable that a key may be in.
    private static let keyVariable = "SIMILE_API_KEY"

    static let examples = [
        "simile serve run",
        "SIMILE_API_KEY=secret simile serve run --host 0.0.0.0 --port 8080",
    ]
    static let configuration = CommandConfiguration(
        abstract: "Serves embeddings over HTTP, as OpenAI's API has them.",
        discussion: """
            Answers POST /v1/embeddings, /rerank and /tokenize, GET /v1/models, /health and /metrics, and shows a page \
            at /, until Ctrl-C or SIGTERM; what has begun is finished then. Texts of all requests are computed together.

            Whoever reaches the port may ask, unless the environment variable \(keyVariable) or a file has a key that \
            requests must carry: Authorization: Bearer KEY.
            """, examples: examples)

    @Argument(help: "A model's folder, run or checkpoint.", completion: .file())
    var model: String
    @Option(help: "The address or name of the interface to listen at; 0.0.0.0 is every one.")
    var host = "127.0.0.1"
    @Option(help: "The port; 0 for a free one, which is printed.")
    var port = 8080
    @Option(
        name: .customLong("model-name"),
        help: ArgumentHelp(
            "What requests may call the model; several may be given, and answers have the first. By default as MODEL is called.",
            valueName: "name"))
    var names: [String] = []
    @Option(help: "A file with the key that requests must carry.", completion: .file())
    var keyFile: String?
    @Option(help: "A line on standard error for each request: text, json, or errors for none.")
    var log = LogFormat.text
    @OptionGroup(title: "Limits") var limits: SettingFlags<ServingLimits>
    @OptionGroup var embedding: EmbeddingOptions
    @OptionGroup var compute: ComputeOptions
    @OptionGroup var console: ConsoleOptions

    func validate() throws {
        guard (0...65535).contains(port) else {
            throw ValidationError("--port is \(port); expected 0...65535")
        }
        if names.contains("") {
            throw ValidationError("--model-name is empty; expected the name of a model")
        }
    }

    func run() throws {
        try compute.prepare()
        let key = try key()
        if key == nil, !isLoopback {
            Console.note(
                "anyone who reaches \(host) may use the model: there is no key (\(Self.keyVariable), --key-file)"
            )
        }
        let logger = Logger(label: "simile") { [log] _ in LogLines(log) { Console.note($0) } }
        let server = try EmbeddingServer(
            encoder(), names: names.isEmpty ? [name] : names,
            limits: limits.applied(to: ServingLimits()), key: key, logger: logger)
        try finish { [host, port] in
            try await server.run(host: host, port: port) { port in
                let shown = host.contains(":") ? "[\(host)]" : host
                try? Console.print("http://\(shown):\(port)")
            }
        }
    }

    private func encoder() throws -> SentenceEncoder {
        let model = try ModelPath.open(model)
        try model.requireFinite()
        try embedding.apply(to: model)
        return SentenceEncoder(model)
    }

    /// The last part of the model's path, or the name of one that was downloaded.
    private var name: String {
        guard FileManager.default.mayExist(atPath: model) else { return model }
        let name = URL(fileURLWithPath: model).standardizedFileURL.lastPathComponent
        return name.hasSuffix(".h5") ? String(name.dropLast(3)) : name
    }

    private func key() throws -> AccessKey? {
        let text = ProcessInfo.processInfo.environment[Self.keyVariable]
        switch (text, keyFile) {
        case (nil, nil): return nil
        case (let text?, nil): return try AccessKey(text, source: Self.keyVariable)
        case (nil, let file?): return try AccessKey(file: file)
        case (.some, .some):
            throw CommandError.input(
                "there are two keys, in \(Self.keyVariable) and by --key-file; leave one of them")
        }
    }

    private var isLoopback: Bool {
        host == "localhost" || host == "::1" || host.hasPrefix("127.")
    }

    /// Waits on this thread, which is none of those that tasks run on, until a task is done.
    private func finish(_ body: @escaping @Sendable () async throws -> Void) throws {
        let (done, outcome) = (DispatchSemaphore(value: 0), Outcome())
        Task.detached {
            do { try await body() } catch { outcome.error.withLock { $0 = error } }
            done.signal()
        }
        done.wait()
        if let error = outcome.error.withLock({ $0 }) { throw error }
    }
}

/// What came of a task.
private final class Outcome: Sendable {
    let error = Mutex<(any Error)?>(nil)
}

extension LogFormat: ExpressibleByArgument {}
