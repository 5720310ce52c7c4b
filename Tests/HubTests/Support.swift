import Foundation
import Hub
import HubServer
import Synchronization
import TestSupport

typealias TemporaryFolder = TestSupport.TemporaryFolder

/// A hub with one small model, and a cache of its own.
struct Scene {
    static let name = "org/model"
    static let weights = (0..<100_000).map { UInt8(truncatingIfNeeded: $0 &* 31 ^ ($0 >> 7)) }
    static let files: [String: [UInt8]] = [
        "config.json": Array(#"{"model_type": "bert"}"#.utf8),
        "modules.json": Array(
            #"[{"path": "", "type": "T"}, {"path": "1_Pooling", "type": "P"}, {"path": "2_Normalize"}]"#
                .utf8),
        "1_Pooling/config.json": Array(#"{"pooling_mode_mean_tokens": true}"#.utf8),
        "vocab.txt": Array("[PAD]\nä\n".utf8),
        "tokenizer.json": [],
        "model.safetensors": weights,
        "pytorch_model.bin": Array("other weights".utf8),
        "onnx/model.onnx": Array("not needed".utf8),
        "README.md": Array("not needed".utf8),
    ]

    let folder: TemporaryFolder
    let server: FakeHub
    var settings: HubSettings

    init(
        files: [String: [UInt8]] = Scene.files, large: Set<String> = ["model.safetensors"],
        _ change: (inout FakeHub.Behaviour) -> Void = { _ in }
    ) throws {
        var behaviour = FakeHub.Behaviour()
        change(&behaviour)
        folder = TemporaryFolder()
        server = try FakeHub(Self.name, files: files, large: large, behaviour)
        settings = HubSettings(cacheFolder: folder.url)
        settings.endpoint = server.endpoint
        settings.pause = 0
    }

    /// The model's folder and what happened, without the progress.
    func fetch(_ name: String = Scene.name) throws -> (folder: URL, events: [HubEvent]) {
        let events = Events()
        let folder = try HubClient(settings).fetch(HubModel(name)) { events.add($0) }
        return (folder, events.all)
    }

    /// What fetching fails with.
    func failure(_ name: String = Scene.name) -> HubError? {
        do { _ = try fetch(name) } catch { return error as? HubError }
        return nil
    }

    /// `models--org--model` in the cache.
    var cached: URL { folder.url.appending(path: "models--org--model") }
    var weightsHash: String { FakeHub.sha256(Self.weights) }
    var blob: URL { cached.appending(path: "blobs/\(weightsHash)") }
    var partial: URL { cached.appending(path: "blobs/\(weightsHash).incomplete") }

    /// All paths below the cache's folder for the model, in order.
    var paths: [String] {
        (FileManager.default.enumerator(atPath: cached.path)?.compactMap { $0 as? String } ?? [])
            .sorted()
    }
}

final class Events: Sendable {
    private let list = Mutex<[HubEvent]>([])
    var all: [HubEvent] { list.withLock { $0 } }
    func add(_ event: HubEvent) {
        if case .received = event { return }
        list.withLock { $0.append(event) }
    }
}
