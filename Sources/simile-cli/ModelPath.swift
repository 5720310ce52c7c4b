import Foundation
import Hub
import Simile

/// What a command's MODEL stands for.
enum ModelPath {
    /// Opens a model and says what a person should know about its files.
    static func open(_ text: String) throws -> SentenceTransformer {
        let model = try SentenceTransformer(path: resolve(text), base: base)
        for note in model.notes { Console.note(note) }
        return model
    }

    /// Opens the model that adapters belong to.
    static func base(_ text: String) throws -> SentenceTransformer {
        try SentenceTransformer.plain(path: resolve(text))
    }

    /// The path itself, or the folder of a downloaded model if it is the name of one.
    ///
    /// Nothing is downloaded: that is for `simile fetch` alone.
    static func resolve(_ text: String) throws -> String {
        if FileManager.default.fileExists(atPath: text) { return text }
        guard let model = try? HubModel(text) else { throw ModelError.noModel(path: text) }
        let settings = try HubSettings(environment: ProcessInfo.processInfo.environment)
        if let snapshot = HubCache(folder: settings.cacheFolder).snapshot(of: model) {
            return snapshot.path
        }
        throw CommandError.input(
            "\(text): no such file or folder; if it is a model on the hub, download it: simile fetch \(text)"
        )
    }
}
