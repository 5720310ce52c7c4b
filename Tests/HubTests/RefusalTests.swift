import Foundation
import Hub
import HubServer
import Testing

/// Refusals, answers that no hub gives, and names that must not be believed.
@Suite struct RefusalTests {
    @Test func saysWhatIsMissing() throws {
        var scene = try Scene()
        let endpoint = scene.settings.endpoint
        #expect(
            scene.failure("org/other")?.description
                == "org/other: no such model on \(endpoint); check the spelling, or set HF_TOKEN if it is private"
        )
        #expect(
            scene.failure("org/model@v9")?.description
                == "org/model: has no branch, tag or commit 'v9'; without @v9 the branch main is taken"
        )
        scene.settings.token = "t"
        #expect(
            scene.failure("org/other")
                == .noRepository("org/other", endpoint: endpoint, hasToken: true))
        let lying = try Scene { $0.listed = ["special_tokens_map.json"] }
        #expect(
            lying.failure()?.description
                == "org/model: the hub lists special_tokens_map.json but does not have it; try again later or another revision"
        )
    }

    @Test func saysHowToGetAccess() throws {
        var scene = try Scene { $0.token = "right" }
        let page = "\(scene.settings.endpoint)/org/model"
        #expect(
            scene.failure()?.description
                == "org/model: access refused (401, Access is restricted); it is gated or private: accept its conditions at \(page) and set HF_TOKEN to a token that may read it"
        )
        scene.settings.token = "wrong"
        #expect(
            scene.failure()?.description.hasSuffix(
                "accept its conditions at \(page), and check that HF_TOKEN is valid and may read it"
            )
                == true)
        #expect(scene.failure()?.description.contains("wrong") == false)
    }

    @Test func aRepositoryWithoutAModel() throws {
        var files = Scene.files
        files["config.json"] = nil
        #expect(
            try Scene(files: files).failure()
                == .notAModel(repository: "org/model", missing: "config.json"))
        let bare = try Scene(
            files: Scene.files.filter { !$0.key.hasPrefix("model") && !$0.key.hasPrefix("py") })
        #expect(
            bare.failure()?.description
                == "org/model: has no model.safetensors, model.safetensors.index.json, pytorch_model.bin, pytorch_model.bin.index.json, tf_model.h5; give a BERT model with config.json and weights"
        )
    }

    @Test(arguments: [
        "", "{}", "[1]", #"{"sha": "../../x", "siblings": []}"#,
        #"{"sha": "0123456789ABCDEF0123456789abcdef01234567", "siblings": []}"#,
    ])
    func anAnswerThatIsNoList(body: String) throws {
        let scene = try Scene { $0.override = { _, _ in .init(200, body: Array(body.utf8)) } }
        #expect(
            scene.failure()
                == .malformed(
                    url: "\(scene.settings.endpoint)/api/models/org/model/revision/main",
                    reason: "no commit and list of files"))
    }

    @Test(arguments: ["../../escape", "/etc/passwd", "a/../../b", "1_Pooling\\..", "..", "a//b"])
    func aModulePathThatLeavesTheFolder(path: String) throws {
        var files = Scene.files
        files["modules.json"] = try JSONSerialization.data(withJSONObject: [["path": path]]).map(
            \.self)
        files[path + "/config.json"] = [1]
        let scene = try Scene(files: files)
        #expect(
            scene.failure()?.description.hasSuffix(
                "modules.json: not the answer of a hub: it does not name files of the model; check HF_ENDPOINT and https_proxy"
            ) == true)
        #expect(!scene.server.hub.requests.contains { $0.path.contains("escape") })
    }

    @Test(arguments: ["../x", "/x", "sub/x", ".."]) func aShardThatLeavesTheFolder(name: String)
        throws
    {
        var files = Scene.files
        files["model.safetensors"] = nil
        files["model.safetensors.index.json"] = try JSONSerialization.data(
            withJSONObject: ["weight_map": ["a": name]]
        ).map(\.self)
        files[name] = [1]
        guard case .malformed = try Scene(files: files).failure() else {
            Issue.record("not refused")
            return
        }
    }

    /// Hostile names in the list are never asked for.
    @Test func namesInTheListAreNotBelieved() throws {
        let scene = try Scene { $0.listed = ["../../evil", "/etc/evil", "x\u{0}evil"] }
        _ = try scene.fetch()
        #expect(!scene.server.hub.requests.contains { $0.path.contains("evil") })
    }

    /// A module's folder may not be a link that leads elsewhere.
    @Test func linksInTheCacheAreNotFollowed() throws {
        let scene = try Scene()
        let outside = TemporaryFolder()
        let snapshot = scene.cached.appending(path: "snapshots/\(FakeHub.commit)")
        try FileManager.default.createDirectory(at: snapshot, withIntermediateDirectories: true)
        try FileManager.default.createSymbolicLink(
            at: snapshot.appending(path: "1_Pooling"), withDestinationURL: outside.url)
        #expect(scene.failure()?.description.contains("it is not a folder") == true)
        #expect(try FileManager.default.contentsOfDirectory(atPath: outside.url.path) == [])
    }

    @Test(arguments: ["\"../../evil\"", "\"abc\"", "", "\"\(String(repeating: "g", count: 40))\""])
    func anETagThatIsNoHash(etag: String) throws {
        let scene = try Scene { behaviour in
            behaviour.override = { request, _ in
                request.method == "HEAD" ? .init(200, [("ETag", etag)]) : nil
            }
        }
        #expect(scene.failure()?.description.contains("expected a SHA-1 or SHA-256") == true)
    }

    @Test func anotherCommitThanAskedFor() throws {
        let scene = try Scene { behaviour in
            behaviour.override = { request, _ in
                request.method == "HEAD"
                    ? .init(200, [("X-Repo-Commit", "\u{1B}" + String(repeating: "f", count: 40))])
                    : nil
            }
        }
        #expect(scene.failure()?.description.contains("X-Repo-Commit is ffff") == true)
    }

    @Test(arguments: ["file:///etc/passwd", "gopher://x/", "/api/models/org/model/revision/main"])
    func aRedirectToNowhere(location: String) throws {
        let scene = try Scene {
            $0.override = { _, _ in .init(302, [("Location", location)]) }
        }
        guard case .malformed(_, let reason) = scene.failure() else {
            Issue.record("not refused")
            return
        }
        #expect(reason.hasPrefix("it leads to") || reason == "more than 10 redirects")
    }

    @Test func aFolderThatCannotBeWritten() throws {
        var scene = try Scene()
        let file = scene.folder.url.appending(path: "file")
        try Data().write(to: file)
        scene.settings.cacheFolder = file
        #expect(
            scene.failure()?.description.contains("check the permissions, or set HF_HOME") == true)
    }

    /// The hub says that a file is larger than any disk.
    @Test func noRoom() throws {
        let scene = try Scene { behaviour in
            behaviour.override = { request, _ in
                request.method == "HEAD"
                    ? .init(
                        200,
                        [
                            ("X-Linked-Etag", String(repeating: "a", count: 64)),
                            ("X-Linked-Size", "\(Int64.max)"),
                        ]) : nil
            }
        }
        #expect(
            scene.failure()?.description.hasSuffix(
                "no space left for 9223372036854775807 more bytes; free some, or set HF_HOME to a folder on a larger disk"
            ) == true)
    }
}
