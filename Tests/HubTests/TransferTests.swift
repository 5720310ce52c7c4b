import Foundation
import Hub
import HubServer
import Testing

/// Connections and servers that are not well.
@Suite struct TransferTests {
    @Test func aCutConnectionGoesOnWhereItEnded() throws {
        let scene = try Scene { behaviour in
            behaviour.overrideLarge = { request, count in
                guard count < 7 else { return nil }
                var answer = FakeHub.content(Scene.weights, request)
                answer.headers.append(("Content-Length", "\(answer.body.count)"))
                answer.cutAfter = 10_000
                return answer
            }
        }
        let (folder, events) = try scene.fetch()
        let weights = folder.appending(path: "model.safetensors").path
        #expect(FileManager.default.contents(atPath: weights) == Data(Scene.weights))
        #expect(
            scene.server.store.requests.map { $0.headers["range"] }
                == [nil] + (1...7).map { "bytes=\($0)0000-" })
        let retries = events.filter { if case .retrying = $0 { true } else { false } }
        #expect(retries.count == 7)
    }

    @Test func givesUpWithoutProgressAndKeepsWhatThereIs() throws {
        let scene = try Scene { behaviour in
            behaviour.overrideLarge = { _, _ in
                // It ignores the range and always ends at the same place.
                .init(200, [("Content-Length", "100000")], body: Scene.weights, cutAfter: 30_000)
            }
        }
        let failure = scene.failure()
        guard case .interrupted(let file, 30_000, 100_000, 5, let reason) = failure else {
            Issue.record("\(String(describing: failure))")
            return
        }
        #expect(file == "model.safetensors")
        #expect(
            failure?.description
                == "model.safetensors: the connection was lost after 30000 of 100000 bytes (\(reason)), 5 times without progress; run the command again to go on from there"
        )
        #expect(scene.server.store.requests.count == 5)
        #expect(FileManager.default.contents(atPath: scene.partial.path)?.count == 30_000)
        #expect(!scene.paths.contains { $0.hasPrefix("refs") })
    }

    @Test func resumesWhatAnEarlierProcessLeft() throws {
        let scene = try Scene()
        try FileManager.default.createDirectory(
            at: scene.cached.appending(path: "blobs"), withIntermediateDirectories: true)
        try Data(Scene.weights[..<60_000]).write(to: scene.partial)
        let events = try scene.fetch().events
        #expect(events.contains(.started(file: "model.safetensors", size: 100_000, from: 60_000)))
        #expect(scene.server.store.requests.map { $0.headers["range"] } == ["bytes=60000-"])
        #expect(FileManager.default.contents(atPath: scene.blob.path) == Data(Scene.weights))
    }

    @Test func aWholeLeftoverNeedsNoTransfer() throws {
        let scene = try Scene()
        try FileManager.default.createDirectory(
            at: scene.cached.appending(path: "blobs"), withIntermediateDirectories: true)
        try Data(Scene.weights).write(to: scene.partial)
        _ = try scene.fetch()
        #expect(scene.server.store.requests.isEmpty)
        #expect(FileManager.default.contents(atPath: scene.blob.path) == Data(Scene.weights))
    }

    @Test(arguments: [(200, ""), (206, "bytes 0-99999/100000")])
    func aServerThatIgnoresTheRange(status: Int, range: String) throws {
        let scene = try Scene { behaviour in
            behaviour.overrideLarge = { request, _ in
                .init(status, [("Content-Range", range)], body: Scene.weights)
            }
        }
        try FileManager.default.createDirectory(
            at: scene.cached.appending(path: "blobs"), withIntermediateDirectories: true)
        try Data(repeating: 7, count: 500).write(to: scene.partial)
        if status == 200 {
            _ = try scene.fetch()
            #expect(FileManager.default.contents(atPath: scene.blob.path) == Data(Scene.weights))
        } else {
            #expect(
                scene.failure()?.description.contains("another range than was asked for") == true)
            #expect(FileManager.default.contents(atPath: scene.partial.path) == Data())
        }
    }

    @Test func damagedContentIsDeleted() throws {
        var wrong = Scene.weights
        wrong[50_000] ^= 1
        let body = wrong
        let scene = try Scene { behaviour in
            behaviour.overrideLarge = { request, count in
                count == 0 ? .init(200, body: body) : nil
            }
        }
        let failure = scene.failure()
        #expect(
            failure
                == .damaged(
                    file: "model.safetensors", kind: "SHA-256", found: FakeHub.sha256(wrong),
                    expected: scene.weightsHash))
        #expect(
            failure?.description
                == "model.safetensors: the SHA-256 of what was downloaded is \(FakeHub.sha256(wrong)), expected \(scene.weightsHash); it has been deleted: run the command again"
        )
        #expect(!FileManager.default.fileExists(atPath: scene.partial.path))
        #expect(!FileManager.default.fileExists(atPath: scene.blob.path))
        _ = try scene.fetch()
        #expect(FileManager.default.contents(atPath: scene.blob.path) == Data(Scene.weights))
    }

    @Test func smallFilesAreCheckedToo() throws {
        let scene = try Scene { behaviour in
            behaviour.override = { request, _ in
                request.method == "GET" && request.path.hasSuffix("vocab.txt")
                    ? .init(200, body: Array("[PAD]\nö\n".utf8)) : nil
            }
        }
        guard case .damaged("vocab.txt", "git SHA-1", _, _) = scene.failure() else {
            Issue.record("not refused")
            return
        }
    }

    @Test(arguments: [99_999, 100_001]) func aWrongSizeIsRefused(size: Int) throws {
        let scene = try Scene { behaviour in
            behaviour.overrideLarge = { _, _ in
                .init(200, body: Array((Scene.weights + [0])[..<size]))
            }
        }
        guard case .damaged(_, "size", _, "100000") = scene.failure() else {
            Issue.record("not refused")
            return
        }
        #expect(!FileManager.default.fileExists(atPath: scene.partial.path))
    }

    @Test func aBusyHubIsAskedAgain() throws {
        let scene = try Scene { behaviour in
            behaviour.override = { _, count in count < 2 ? .init(503) : nil }
        }
        _ = try scene.fetch()
        let broken = try Scene { $0.override = { _, _ in .init(503) } }
        #expect(
            broken.failure()?.description
                == "\(broken.settings.endpoint)/api/models/org/model/revision/main: the hub answered 503; try again later"
        )
        #expect(broken.server.hub.requests.count == 5)
    }

    @Test func aSilentServerDoesNotHang() throws {
        var scene = try Scene { behaviour in
            behaviour.override = { _, _ in
                var answer = HubServer.Answer(200)
                answer.isSilent = true
                return answer
            }
        }
        scene.settings.timeout = 1
        scene.settings.attempts = 1
        guard case .unreachable(_, let reason) = scene.failure() else {
            Issue.record("not noticed")
            return
        }
        #expect(reason.contains("too slow"))
    }

    @Test func nobodyThere() throws {
        let folder = TemporaryFolder()
        var settings = HubSettings(cacheFolder: folder.url)
        settings.endpoint = "http://127.0.0.1:1"
        settings.pause = 0
        let error = #expect(throws: HubError.self) {
            try HubClient(settings).fetch(HubModel("org/model"))
        }
        let text = error?.description ?? ""
        #expect(
            text.hasPrefix(
                "http://127.0.0.1:1/api/models/org/model/revision/main: no connection ("))
        #expect(text.hasSuffix("check the network, https_proxy and HF_ENDPOINT"))
    }
}
