import Fuzzing
import HTTPTypes
import JSON
import Testing

@testable import Serving

/// What cannot be answered is told why, and ends nothing.
@Suite struct RefusalTests {
    @Test(arguments: [
        ("", "the body is not JSON"),
        ("{", "the body is not JSON: line 1"),
        ("[1]", "the body is a list of 1; expected an object"),
        (#"{"input": "a" "model": 1}"#, "the body is not JSON"),
        (#"{}"#, "there is no input"),
        (#"{"input": null}"#, "there is no input"),
        (#"{"input": ""}"#, "input is empty: the tokenizer makes no token of it"),
        (#"{"input": ["a", " "]}"#, "input[1] is empty"),
        (#"{"input": []}"#, "input is an empty list"),
        (#"{"input": 3}"#, "input is 3; expected a text, a list of texts, a list of token ids"),
        (#"{"input": {"a": 1}}"#, "input is an object of 1 keys"),
        (#"{"input": ["a", 1]}"#, "input[1] is 1; expected a text"),
        (#"{"input": [true]}"#, "input[0] is true; expected a list of token ids"),
        (#"{"input": [1, "a"]}"#, "input is a list of 2; expected a text"),
        (#"{"input": [[2, 5, 3], "a"]}"#, "input[1] is 'a'; expected a list of token ids"),
        (#"{"input": [[]]}"#, "input[0] is not a sequence of this model's ids"),
        (#"{"input": [5, 6]}"#, "from 2 to 3"),
        (#"{"input": [2, 3]}"#, "with one at least between"),
        (#"{"input": [2, 99, 3]}"#, "input has the id 99; the model's are 0...14"),
        (#"{"input": [2, -1, 3]}"#, "input has the id -1"),
        (#"{"input": [2, 1e300, 3]}"#, "input is a list of 3"),
        (#"{"input": "a", "model": 3}"#, "model is 3; expected a string"),
        (
            #"{"input": "a", "encoding_format": "hex"}"#,
            "encoding_format is 'hex'; expected float or base64"
        ),
        (#"{"input": "a", "dimensions": 33}"#, "dimensions is 33; expected 1...32"),
        (#"{"input": "a", "dimensions": 0}"#, "dimensions is 0"),
        (#"{"input": "a", "dimensions": 1.5}"#, "dimensions is 1.5"),
        (#"{"input": "a", "truncate": "yes"}"#, "truncate is 'yes'; expected true or false"),
        (String(repeating: "[", count: 100_000), "nested more than 64 deep"),
        (#"{"input": "\#u{0}"}"#, "a control character inside a string"),
        (#"{"input": "\ud800"}"#, "half a surrogate pair"),
    ])
    func bodies(body: String, reason: String) async throws {
        let answer = try await TinyServer().embeddings(body)
        #expect(answer.status == 400)
        #expect(answer.message.contains(reason), "\(answer.message)")
        #expect(answer.json["error"]?["type"] == "invalid_request_error")
        #expect(answer.json["error"]?["code"] == .some(.null))
    }

    @Test func paramsAndCodes() async throws {
        let tiny = try TinyServer(names: ["tiny", "text-embedding-3-small"])
        let dimensions = try await tiny.embeddings(#"{"input": "a", "dimensions": 0}"#)
        #expect(dimensions.json["error"]?["param"] == "dimensions")
        let other = try await tiny.embeddings(#"{"input": "a", "model": "gpt"}"#)
        #expect(other.status == 404)
        #expect(other.json["error"]?["code"] == "model_not_found")
        #expect(
            other.message
                == "the model 'gpt' is not served here; there is 'tiny', 'text-embedding-3-small'"
        )
        let alias = try await tiny.embeddings(
            #"{"input": "a", "model": "text-embedding-3-small"}"#)
        #expect(alias.json["model"] == "tiny")
    }

    @Test func pathsMethodsAndKinds() async throws {
        let tiny = try TinyServer()
        let nothing = try await tiny.get("/v2?secret")
        #expect(nothing.status == 404)
        #expect(nothing.message.contains("there is nothing at /v2; there are GET /, GET /health"))
        let method = try await tiny.get("/v1/embeddings")
        #expect(method.status == 405)
        #expect(method.headers[.allow] == "POST")
        let kind = try await tiny.post(
            "/v1/embeddings", #"{"input": "a"}"#, headers: [.contentType: "text/plain"])
        #expect(kind.status == 415)
        #expect(kind.message.contains("the header is 'text/plain'"))
        let charset = try await tiny.post(
            "/v1/embeddings", #"{"input": "a"}"#,
            headers: [.contentType: "Application/JSON; charset=utf-8"])
        #expect(charset.status == 200)
    }

    @Test func limits() async throws {
        var limits = ServingLimits()
        limits.maxBodyBytes = 1024
        limits.maxInputs = 2
        let tiny = try TinyServer(limits: limits)
        let large = try await tiny.embeddings(
            #"{"input": "\#(String(repeating: "a", count: 2000))"}"#)
        #expect(large.status == 413)
        #expect(large.message.contains("more than 1024 bytes"))
        let announced = try await tiny.post(
            "/v1/embeddings", "{}",
            headers: [.contentType: "application/json", .contentLength: "99999999"])
        #expect(announced.status == 413)
        let many = try await tiny.embeddings(#"{"input": ["a", "a", "a"]}"#)
        #expect(many.status == 400)
        #expect(many.message.contains("input has 3 texts, and this server takes 2 at a time"))
        #expect(try await tiny.embeddings(#"{"input": ["a", "a"]}"#).status == 200)
        var wrong = ServingLimits()
        wrong.maxInputs = 0
        #expect(throws: (any Error).self) { try TinyServer(limits: wrong) }
    }

    @Test func theKey() async throws {
        let tiny = try TinyServer(key: AccessKey("s3cret", source: "test"))
        for path in ["/", "/health"] { #expect(try await tiny.get(path).status == 200) }
        for path in ["/metrics", "/v1/models", "/v1/models/tiny"] {
            #expect(try await tiny.get(path).status == 401)
        }
        let missing = try await tiny.embeddings(#"{"input": "a"}"#)
        #expect(missing.status == 401)
        #expect(missing.headers[.wwwAuthenticate] == "Bearer")
        #expect(missing.json["error"]?["code"] == "invalid_api_key")
        for wrong in ["s3cret", "Bearer s3cre", "Bearer s3cret1", "Bearer ", "Bearer s3cres", "x"] {
            let answer = try await tiny.post(
                "/v1/embeddings", #"{"input": "a"}"#, headers: [.authorization: wrong])
            #expect(answer.status == 401)
            #expect(!answer.text.contains("s3cret"))
        }
        for right in ["Bearer s3cret", "bearer s3cret"] {
            let answer = try await tiny.post(
                "/v1/embeddings", #"{"input": "a"}"#, headers: [.authorization: right])
            #expect(answer.status == 200)
        }
        #expect(throws: AccessKeyError.empty(source: "x")) { try AccessKey("", source: "x") }
        #expect(throws: AccessKeyError.notPrintable(source: "x")) {
            try AccessKey("a b", source: "x")
        }
    }

    /// Whatever comes, an answer goes out.
    @Test func damagedBodies() async throws {
        let tiny = try TinyServer()
        let proper = [
            #"{"model": "tiny", "input": ["the dog runs", "a cat"], "encoding_format": "float"}"#,
            #"{"input": [[2, 5, 6, 3], [2, 7, 3]], "dimensions": 4, "truncate": true}"#,
            #"{"query": "a dog", "documents": ["a cat", {"text": "the dog"}], "top_n": 1}"#,
        ]
        var mutator = Mutator(seed: 1)
        var statuses: Set<Int> = []
        for round in 0..<300 {
            let index = round % proper.count
            let answer = try await tiny.ask(
                .post, index == 2 ? "/rerank" : "/v1/embeddings",
                body: mutator.damaged(Array(proper[index].utf8)),
                headers: [.contentType: "application/json"])
            statuses.insert(answer.status)
        }
        #expect(statuses.isSubset(of: [200, 400, 404]))
        #expect(statuses.contains(400))
    }
}
