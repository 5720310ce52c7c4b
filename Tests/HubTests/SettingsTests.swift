import Foundation
import Testing

@testable import Hub

@Suite struct SettingsTests {
    private func settings(_ environment: [String: String]) throws -> HubSettings {
        try HubSettings(environment: environment)
    }

    @Test func theDefaults() throws {
        let settings = try settings(["HOME": "/nobody"])
        #expect(settings.endpoint == "https://huggingface.co")
        #expect(settings.cacheFolder.path == "/nobody/.cache/huggingface/hub")
        #expect(settings.token == nil)
        #expect(!settings.isOffline)
    }

    @Test func theFolders() throws {
        func folder(_ environment: [String: String]) throws -> String {
            try settings(environment.merging(["HOME": "/nobody"]) { $1 }).cacheFolder.path
        }
        #expect(try folder(["XDG_CACHE_HOME": "/x"]) == "/x/huggingface/hub")
        #expect(try folder(["XDG_CACHE_HOME": "/x", "HF_HOME": "/h"]) == "/h/hub")
        #expect(try folder(["HF_HOME": "~/h"]) == "/nobody/h/hub")
        #expect(try folder(["HF_HOME": "/h", "HF_HUB_CACHE": "/c"]) == "/c")
    }

    @Test func theToken() throws {
        let folder = TemporaryFolder()
        let home = folder.url.path
        #expect(try settings(["HF_TOKEN": " hf_a\n"]).token == "hf_a")
        try Data("hf_file\n".utf8).write(to: folder.url.appending(path: "token"))
        #expect(try settings(["HF_HOME": home]).token == "hf_file")
        #expect(try settings(["HF_HOME": home, "HF_TOKEN": "hf_b"]).token == "hf_b")
        #expect(throws: HubError.badToken(source: "HF_TOKEN")) {
            try settings(["HF_TOKEN": "a\r\nHost: evil"])
        }
    }

    @Test(arguments: [("1", true), ("yes", true), ("True", true), ("0", false), ("", false)])
    func offline(value: String, expected: Bool) throws {
        #expect(try settings(["HF_HUB_OFFLINE": value]).isOffline == expected)
    }

    @Test func theEndpoint() throws {
        #expect(try settings(["HF_ENDPOINT": "http://h:80/p//"]).endpoint == "http://h:80/p")
        for bad in ["nowhere", "ftp://h", "http://", "http://a@b", "https://h?x", "http://a b"] {
            #expect(throws: HubError.self) { try settings(["HF_ENDPOINT": bad]) }
        }
        #expect(
            HubError.badEndpoint("x", reason: "not an address").description
                == "HF_ENDPOINT is 'x': not an address; expected an address such as https://huggingface.co"
        )
    }

    @Test func names() throws {
        #expect(try HubModel("a/b").revision == "main")
        #expect(try HubModel("a-1/b_2.c@refs/pr/3").revision == "refs/pr/3")
        #expect(try HubModel("a/b@v1").description == "a/b@v1")
        for bad in [
            "", "a", "a/b/c", "/b", "a/", "../b", "a/..", "a/b--c", "-a/b", "a/b.git", "a b/c",
            "ä/b", "a/b@", "a/b@../x", "a/b@/x", "a/b@x//y",
            "a/\(String(repeating: "b", count: 97))",
        ] {
            #expect(throws: HubError.self) { try HubModel(bad) }
        }
        #expect(
            HubError.badName("x", expected: "ORG/NAME").description
                == "'x' is not the name of a model on the hub; expected ORG/NAME")
    }

    @Test func hashes() throws {
        func hash(_ text: String, _ kind: BlobHash?) throws -> String? {
            var rest = Array(text.utf8)[...]
            return try #require(kind).computed(size: Int64(rest.count)) { buffer in
                // Piece by piece.
                let count = min(2, rest.count)
                buffer.copyBytes(from: rest.prefix(count))
                rest = rest.dropFirst(count)
                return count
            }
        }
        #expect(
            try hash("abc", BlobHash(String(repeating: "0", count: 64)))
                == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
        #expect(
            try hash("hello\n", BlobHash(String(repeating: "0", count: 40)))
                == "ce013625030ba8dba906f756967f9e9ca394464a")
        #expect(BlobHash("../../x") == nil)
        #expect(BlobHash(String(repeating: "A", count: 40)) == nil)
    }

    @Test func paths() {
        #expect(RelativePath.isSafe("1_Pooling/config.json"))
        for bad in ["", "/a", "a/", "a//b", "./a", "a/..", "a\\b", "C:x", "a\u{7}", "a\u{0}b"] {
            #expect(!RelativePath.isSafe(bad), "\(bad)")
        }
        #expect(RelativePath.escaped("a b/ä%.x", keepingSlashes: true) == "a%20b/%C3%A4%25.x")
        #expect(RelativePath.escaped("a/b", keepingSlashes: false) == "a%2Fb")
    }
}
