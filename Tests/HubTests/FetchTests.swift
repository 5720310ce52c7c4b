import Foundation
import Hub
import HubServer
import Testing

/// A hub that is well.
@Suite struct FetchTests {
    private let snapshot = "snapshots/\(FakeHub.commit)"

    @Test func downloadsWhatIsNeededIntoTheSharedLayout() throws {
        let scene = try Scene()
        let (folder, events) = try scene.fetch()
        #expect(folder.path == scene.cached.path + "/" + snapshot)
        let needed = [
            "1_Pooling/config.json", "config.json", "model.safetensors", "modules.json",
            "tokenizer.json", "vocab.txt",
        ]
        for file in needed {
            let path = folder.appending(path: file).path
            #expect(FileManager.default.contents(atPath: path) == Data(Scene.files[file] ?? [1]))
        }
        let blobs = needed.map {
            let content = Scene.files[$0] ?? []
            return "blobs/"
                + ($0 == "model.safetensors" ? FakeHub.sha256(content) : FakeHub.gitHash(content))
        }
        #expect(
            scene.paths
                == (blobs + needed.map { "\(snapshot)/\($0)" } + [
                    "blobs", "snapshots", snapshot, "\(snapshot)/1_Pooling", "refs", "refs/main",
                ]).sorted())
        let link = FileManager.default.destinationOfSymbolicLink(atPath:)
        #expect(
            try link(folder.appending(path: "model.safetensors").path)
                == "../../blobs/\(scene.weightsHash)")
        #expect(
            try link(folder.appending(path: "1_Pooling/config.json").path).hasPrefix(
                "../../../blobs/"))
        #expect(
            try String(contentsOf: scene.cached.appending(path: "refs/main"), encoding: .utf8)
                == FakeHub.commit)
        #expect(events.first == .resolved(commit: FakeHub.commit))
        #expect(events.last == .finished(file: "model.safetensors", size: 100_000))
    }

    @Test func secondCallDownloadsNothing() throws {
        let scene = try Scene()
        let first = try scene.fetch()
        let count = scene.server.hub.requests.count
        let second = try scene.fetch()
        #expect(second.folder == first.folder)
        #expect(scene.server.hub.requests.count == count + 1)
        #expect(scene.server.hub.requests.last?.path == "/api/models/org/model/revision/main")
        #expect(
            second.events.dropFirst().allSatisfy {
                if case .present = $0 { true } else { false }
            })
    }

    @Test func onlyTheHubSeesTheToken() throws {
        var scene = try Scene { $0.token = "hf_secret" }
        scene.settings.token = "hf_secret"
        _ = try scene.fetch()
        #expect(
            scene.server.hub.requests.allSatisfy {
                $0.headers["authorization"] == "Bearer hf_secret"
            })
        #expect(scene.server.store.requests.map(\.method) == ["GET"])
        #expect(scene.server.store.requests.allSatisfy { $0.headers["authorization"] == nil })
    }

    @Test func followsRedirectsWithinTheHub() throws {
        let scene = try Scene { behaviour in
            behaviour.override = { request, _ in
                request.path == "/api/models/org/model/revision/main"
                    ? .init(
                        307,
                        [("Location", "/api/models/org/model/revision/\(FakeHub.commit)")],
                        body: Array("moved".utf8)) : nil
            }
        }
        #expect(try scene.fetch().folder.lastPathComponent == FakeHub.commit)
    }

    @Test func aBranchWithASlashHasAReferenceOfItsOwn() throws {
        let scene = try Scene()
        _ = try scene.fetch("org/model@v1/b")
        #expect(
            scene.server.hub.requests.first?.path == "/api/models/org/model/revision/v1%2Fb")
        #expect(scene.paths.filter { $0.hasPrefix("refs") } == ["refs", "refs/v1", "refs/v1/b"])
        let cache = HubCache(folder: scene.folder.url)
        #expect(cache.snapshot(of: try HubModel("org/model@v1/b")) != nil)
        #expect(cache.snapshot(of: try HubModel("org/model@\(FakeHub.commit)")) != nil)
        #expect(cache.snapshot(of: try HubModel("org/model")) == nil)
    }

    @Test func takesOneFormOfWeights() throws {
        func weights(_ names: [String: String]) throws -> [String] {
            var files = Scene.files.filter { !$0.key.contains("model.") || $0.key == "model.onnx" }
            files["pytorch_model.bin"] = nil
            for (name, text) in names { files[name] = Array(text.utf8) }
            let scene = try Scene(files: files, large: [])
            let folder = try scene.fetch().folder
            #expect(
                HubCache(folder: scene.folder.url).snapshot(of: try HubModel("org/model")) != nil)
            return try FileManager.default.contentsOfDirectory(atPath: folder.path)
                .filter(names.keys.contains).sorted()
        }
        let index =
            #"{"weight_map": {"a": "m-2.safetensors", "b": "m-1.safetensors", "c": "m-1.safetensors"}}"#
        #expect(
            try weights([
                "model.safetensors.index.json": index, "m-1.safetensors": "1",
                "m-2.safetensors": "2", "m-3.safetensors": "3", "pytorch_model.bin": "4",
            ]) == ["m-1.safetensors", "m-2.safetensors", "model.safetensors.index.json"])
        #expect(
            try weights(["pytorch_model.bin": "1", "tf_model.h5": "2"]) == ["pytorch_model.bin"])
        #expect(try weights(["tf_model.h5": "2"]) == ["tf_model.h5"])
    }

    /// Modules with weights of their own, and the encoder in a folder of its own.
    @Test(arguments: ["", "0_Transformer"])
    func takesTheWeightsOfEveryModule(encoder: String) throws {
        func inside(_ name: String) -> String { encoder.isEmpty ? name : encoder + "/" + name }
        let type = "sentence_transformers.models."
        let texts = [
            "modules.json": """
            [{"path": "\(encoder)", "type": "\(type)Transformer"},
             {"path": "1_Pooling", "type": "\(type)Pooling"},
             {"path": "2_Dense", "type": "\(type)Dense"}, {"path": "3_Dense", "type": "\(type)Dense"}]
            """,
            "config_sentence_transformers.json": "{}", "1_Pooling/config.json": "{}",
            "2_Dense/config.json": "{}", "2_Dense/model.safetensors": "dense",
            "2_Dense/pytorch_model.bin": "not needed",
            "3_Dense/config.json": "{}",
            "3_Dense/pytorch_model.bin.index.json": #"{"weight_map": {"a": "one.bin"}}"#,
            "3_Dense/one.bin": "shard", inside("config.json"): "{}",
            inside("vocab.txt"): "a", inside("sentence_distilbert_config.json"): "{}",
            inside("model.safetensors"): "weights", inside("tf_model.h5"): "not needed",
        ]
        let files = texts.mapValues { Array($0.utf8) }
        let scene = try Scene(files: files, large: [])
        let (folder, events) = try scene.fetch()
        for (file, text) in texts {
            let found = FileManager.default.contents(atPath: folder.appending(path: file).path)
            #expect(found == (text == "not needed" ? nil : Data(text.utf8)), "\(file)")
        }
        #expect(events.last == .finished(file: inside("model.safetensors"), size: 7))
        let cache = HubCache(folder: scene.folder.url)
        let model = try HubModel("org/model")
        for file in [
            "3_Dense/one.bin", "2_Dense/model.safetensors", inside("model.safetensors"),
            inside("config.json"),
        ] {
            #expect(cache.snapshot(of: model)?.path == folder.path)
            try FileManager.default.removeItem(at: folder.appending(path: file))
            #expect(cache.snapshot(of: model) == nil, "\(file)")
            _ = try scene.fetch()
        }
        // Nothing is downloaded of a model that lacks the weights of a module.
        let lacking = try Scene(
            files: files.filter {
                !$0.key.hasPrefix("2_Dense/") || $0.key.hasSuffix("config.json")
            },
            large: [])
        #expect(
            lacking.failure()?.description.hasPrefix(
                "org/model: has no 2_Dense/model.safetensors, ")
                == true)
    }

    @Test func offlineAsksNobody() throws {
        var scene = try Scene()
        scene.settings.isOffline = true
        #expect(
            scene.failure()
                == .offline("org/model", cache: scene.folder.url.path))
        #expect(scene.server.hub.requests.isEmpty)
        scene.settings.isOffline = false
        let folder = try scene.fetch().folder
        let count = scene.server.hub.requests.count
        scene.settings.isOffline = true
        #expect(try scene.fetch().folder.path == folder.path)
        #expect(scene.server.hub.requests.count == count)
    }

    @Test func aPartOfAModelIsNotASnapshot() throws {
        let scene = try Scene()
        let folder = try scene.fetch().folder
        let cache = HubCache(folder: scene.folder.url)
        #expect(cache.snapshot(of: try HubModel("org/model"))?.path == folder.path)
        try FileManager.default.removeItem(at: folder.appending(path: "model.safetensors"))
        #expect(cache.snapshot(of: try HubModel("org/model")) == nil)
    }

    @Test func twoAtATimeDownloadOnce() async throws {
        let scene = try Scene()
        let settings = scene.settings
        let folders = try await withThrowingTaskGroup(of: URL.self) { group in
            for _ in 0..<2 {
                group.addTask { try HubClient(settings).fetch(HubModel(Scene.name)) }
            }
            return try await group.reduce(into: Set<URL>()) { $0.insert($1) }
        }
        #expect(folders.count == 1)
        #expect(scene.server.store.requests.count == 1)
    }
}
