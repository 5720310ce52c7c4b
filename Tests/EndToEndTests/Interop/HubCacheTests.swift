import Foundation
import HubServer
import Simile
import Testing

extension Interop {
    /// The cache in the real `huggingface_hub`, in both directions.
    @Suite(.enabled(if: Python.has("huggingface_hub"), Python.missing("huggingface_hub")))
    struct HubCacheTests {
        @Test func pythonFindsWhatWeFetched() throws {
            let scene = try FetchCommandTests.Scene()
            let fetched = try scene.run(["fetch", "org/tiny"])
            try #require(fetched.status == 0, "\(fetched.error)")
            struct Result: Decodable {
                let snapshot: String
                let cached: String
                let warnings: [String]
                let revisions: [[String]]
            }
            let script = """
                import json, sys
                from huggingface_hub import scan_cache_dir, snapshot_download, try_to_load_from_cache
                home = sys.argv[1] + "/hub"
                info = scan_cache_dir(home)
                print(json.dumps({
                    "snapshot": snapshot_download("org/tiny", cache_dir=home, local_files_only=True),
                    "cached": try_to_load_from_cache("org/tiny", "1_Pooling/config.json", cache_dir=home),
                    "warnings": [str(warning) for warning in info.warnings],
                    "revisions": [sorted(r.refs) + [r.commit_hash] for repo in info.repos for r in repo.revisions]}))
                """
            let result = try Python.value(
                of: script, [scene.files("home").path], as: Result.self)
            let snapshot = fetched.out.trimmingCharacters(in: .newlines)
            #expect(result.snapshot == snapshot)
            #expect(result.cached == snapshot + "/1_Pooling/config.json")
            #expect(result.warnings == [])
            #expect(result.revisions == [["main", FakeHub.commit]])
        }

        /// And the other way round: nothing that Python has downloaded is downloaded again.
        @Test func weFindWhatPythonFetched() throws {
            let scene = try FetchCommandTests.Scene()
            let script = """
                import os, sys
                os.environ["HF_HUB_OFFLINE"] = "0"
                os.environ["HF_ENDPOINT"] = sys.argv[2]
                from huggingface_hub import hf_hub_download
                for name in sys.argv[3:]:
                    hf_hub_download("org/tiny", name, cache_dir=sys.argv[1] + "/hub")
                """
            let names = try #require(FileManager.default.enumerator(atPath: scene.exported))
                .compactMap { $0 as? String }.filter { $0.contains(".") && $0 != "README.md" }
            let python = try Python.run(
                script, [scene.files("home").path, scene.server.endpoint] + names)
            try #require(python.status == 0, "\(python.error)")
            let count = scene.server.hub.requests.count
            #expect(try scene.run(["inspect", "org/tiny"]).status == 0)
            let fetched = try scene.run(["fetch", "org/tiny"])
            #expect(fetched.status == 0, "\(fetched.error)")
            #expect(scene.server.hub.requests.count == count + 1)
        }

        @Test(
            .enabled(
                if: Python.has("sentence_transformers"), Python.missing("sentence_transformers")))
        func sentenceTransformersLoadsWhatWeFetched() throws {
            let scene = try FetchCommandTests.Scene()
            try #require(try scene.run(["fetch", "org/tiny"]).status == 0)
            let script = """
                import json, os, sys
                os.environ["HF_HOME"] = sys.argv[1]
                from sentence_transformers import SentenceTransformer
                print(json.dumps(SentenceTransformer("org/tiny", device="cpu").encode(sys.argv[2:]).tolist()))
                """
            let theirs = try Python.value(
                of: script, [scene.files("home").path, "the dog runs"], as: [[Float]].self)
            let ours = try SentenceTransformer(path: scene.exported).encode(["the dog runs"]).values
            #expect(zip(theirs.joined(), ours).allSatisfy { abs($0 - $1) < 1e-5 })
            #expect(theirs.joined().count == ours.count)
        }
    }
}
