import ArgumentParser
import Foundation
import Hub

struct Fetch: Subcommand {
    static let examples = [
        "simile fetch sentence-transformers/all-MiniLM-L6-v2",
        "simile fetch BAAI/bge-small-en-v1.5@main",
    ]
    static let configuration = CommandConfiguration(
        abstract: "Downloads a model from the Hugging Face hub.",
        discussion: """
            Prints the model's folder, which is in the cache that Python's tools use too; after that, ORG/NAME \
            can be given as MODEL to the other commands. A download that was cut off goes on where it ended. \
            HF_TOKEN gives access to private and gated models, HF_HOME is the folder above the cache, \
            HF_ENDPOINT another hub, HF_HUB_OFFLINE=1 keeps off the network.
            """, examples: examples)

    @Argument(
        help: "ORG/NAME or ORG/NAME@REVISION, such as sentence-transformers/all-MiniLM-L6-v2.")
    var model: String
    @OptionGroup var console: ConsoleOptions

    func run() throws {
        let model = try HubModel(model)
        let settings = try HubSettings(environment: ProcessInfo.processInfo.environment)
        let progress = FetchProgress()
        defer { Console.endProgress() }
        let folder = try HubClient(settings).fetch(model) { progress.handle($0) }
        try Console.print(folder.path)
    }
}

/// Shows a download: a bar on a terminal, a line for each file elsewhere.
final class FetchProgress {
    private var lastShown: ContinuousClock.Instant?
    private var begun = (time: ContinuousClock.now, bytes: Int64(0))

    func handle(_ event: HubEvent) {
        switch event {
        case .resolved(let commit): Console.note("commit \(commit)")
        case .present(let file): Console.note("\(file): in the cache")
        case .waiting(let file): Console.note("\(file): another process downloads it; waiting")
        case .retrying(let what, let reason): Console.note("\(what): \(reason); trying again")
        case .started(let file, _, let from):
            begun = (.now, from)
            lastShown = nil
            if from > 0 { Console.note("\(file): going on after \(Self.size(from))") }
        case .received(let file, let bytes, let size):
            let now = ContinuousClock.now
            guard Console.isTerminal, lastShown.map({ now - $0 > .milliseconds(100) }) ?? true
            else { return }
            lastShown = now
            Console.progress(line(file, bytes, size))
        case .finished(let file, let size): Console.note("\(file): \(Self.size(size))")
        }
    }

    private func line(_ file: String, _ bytes: Int64, _ size: Int64?) -> String {
        let seconds = max((ContinuousClock.now - begun.time) / .seconds(1), 1e-3)
        let rate = Double(bytes - begun.bytes) / seconds
        var text = "\(file)  \(Self.size(bytes))"
        if let size, size > 0 {
            let filled = Int(min(bytes, size) * 20 / size)
            text =
                "[" + String(repeating: "#", count: filled)
                + String(repeating: ".", count: 20 - filled) + "] \(text) of \(Self.size(size))"
        }
        return text + "  \(Self.size(Int64(max(rate, 0))))/s"
    }

    private static func size(_ bytes: Int64) -> String {
        bytes < 1_000_000 ? "\(bytes) bytes" : "\((Double(bytes) / 1e6).fixed(1)) MB"
    }
}
