import Foundation
import HubServer
import Simile
import Testing

/// `simile fetch` and commands on what it downloaded.
@Suite struct FetchCommandTests {
    /// A hub with a tiny model, and the environment in which the command finds it.
    struct Scene {
        let files: TemporaryFolder
        let server: FakeHub
        var environment: [String: String]
        let exported: String

        init() throws {
            files = TemporaryFolder()
            exported = files("exported").path
            let output = try CommandRunner.run(["export", try files.newModel(), exported])
            try #require(output.status == 0, "\(output.error)")
            var contents: [String: [UInt8]] = [:]
            for case let path as String in FileManager.default.enumerator(atPath: exported)
                ?? .init()
            {
                contents[path] = FileManager.default.contents(atPath: exported + "/" + path)
                    .map(Array.init)
            }
            server = try FakeHub("org/tiny", files: contents, large: ["model.safetensors"])
            environment = [
                "HF_ENDPOINT": server.endpoint, "HF_HOME": files("home").path,
            ]
        }

        func run(_ arguments: [String]) throws -> CommandRunner.Output {
            try CommandRunner.run(arguments, environment: environment)
        }
    }

    @Test func fetchesAndUses() throws {
        var scene = try Scene()
        let missing = try scene.run(["inspect", "org/tiny"])
        #expect(missing.status == 1)
        #expect(
            missing.error
                == "Error: org/tiny: no such file or folder; if it is a model on the hub, download it: simile fetch org/tiny\n"
        )
        #expect(scene.server.hub.requests.isEmpty)

        let fetched = try scene.run(["fetch", "org/tiny"])
        #expect(fetched.status == 0, "\(fetched.error)")
        let snapshot =
            scene.files("home").path + "/hub/models--org--tiny/snapshots/\(FakeHub.commit)"
        #expect(fetched.out == snapshot + "\n")
        #expect(fetched.error.hasPrefix("commit \(FakeHub.commit)\nmodules.json: "))
        #expect(!fetched.error.contains("\u{1B}"))

        let count = scene.server.hub.requests.count
        let direct = try scene.run(["similarity", scene.exported, "a dog", "a cat", "--json"])
        let named = try scene.run(["similarity", "org/tiny", "a dog", "a cat", "--json"])
        #expect(named.status == 0, "\(named.error)")
        #expect(named.out == direct.out)
        #expect(scene.server.hub.requests.count == count)

        scene.environment["HF_HUB_OFFLINE"] = "1"
        #expect(try scene.run(["fetch", "org/tiny"]).out == fetched.out)
        let offline = try scene.run(["fetch", "org/other"])
        #expect(offline.status == 1)
        #expect(offline.error.contains("org/other: not in \(scene.files("home").path)/hub, and"))
        #expect(scene.server.hub.requests.count == count)
    }

    @Test func saysWhatIsWrong() throws {
        let scene = try Scene()
        let unknown = try scene.run(["fetch", "org/other"])
        #expect(unknown.status == 1)
        #expect(
            unknown.error
                == "Error: org/other: no such model on \(scene.server.endpoint); check the spelling, or set HF_TOKEN if it is private\n"
        )
        let name = try scene.run(["fetch", "minilm"])
        #expect(name.status == 1)
        #expect(name.error.hasPrefix("Error: 'minilm' is not the name of a model on the hub; "))
    }
}
