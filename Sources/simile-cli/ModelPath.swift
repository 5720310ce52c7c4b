import Foundation
import Hub
import Simile
import Support
import Synchronization

/// What a command's MODEL stands for.
enum ModelPath {
    /// What was said of runs, each once.
    private static let said = Mutex<Set<String>>([])

    /// Opens a model and says what a person should know about its files.
    static func open(_ text: String) throws -> SentenceTransformer {
        let path = try resolve(text)
        Console.detail("\(text): opening \(path)")
        let model = try SentenceTransformer(path: path, base: base)
        for note in model.notes { Console.note(note) }
        return model
    }

    /// Opens the model that adapters belong to.
    static func base(_ text: String) throws -> SentenceTransformer {
        try SentenceTransformer.plain(path: resolve(text))
    }

    /// The path itself; of a run's folder, its model or a checkpoint; the folder of a downloaded model if it is the name
    /// of one.
    ///
    /// Nothing is downloaded: that is for `simile fetch` alone.
    ///
    /// - Parameter hasLosses: Whether a checkpoint is wanted, for the losses of the run.
    static func resolve(_ text: String, withLosses hasLosses: Bool = false) throws -> String {
        if FileManager.default.mayExist(atPath: text) {
            return try ofRun(text, withLosses: hasLosses)
        }
        let meant = closestPath(to: text)
        guard let model = try? HubModel(text) else {
            if let meant {
                throw CommandError.input(
                    "\(text): no such file or folder; did you mean '\(meant)'?")
            }
            throw ModelError.noModel(path: text)
        }
        let settings = try HubSettings(environment: ProcessInfo.processInfo.environment)
        if let snapshot = HubCache(folder: settings.cacheFolder).snapshot(of: model) {
            return snapshot.path
        }
        throw CommandError.input(
            "\(text): no such file or folder; "
                + (meant.map { "did you mean '\($0)'?" }
                    ?? "if it is a model on the hub, download it: simile fetch \(text)"))
    }

    /// What stands for a run's folder; any other path itself.
    static func ofRun(_ path: String, withLosses hasLosses: Bool = false) throws -> String {
        if ["gguf", "onnx"].contains(URL(filePath: path).pathExtension.lowercased()) {
            throw CommandError.input(
                "\(path): GGUF and ONNX files are written, not read; give the model that it was exported from"
            )
        }
        guard let found = RunFolder.model(inFolder: path, withLosses: hasLosses) else {
            return path
        }
        let note = "\(path): taking \(found.path), \(found.reason)"
        if said.withLock({ $0.insert(note).inserted }) { Console.note(note) }
        return found.path
    }
}
