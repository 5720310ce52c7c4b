import JSON
import Testing

@testable import Serving

/// What there is besides embeddings.
@Suite struct OtherEndpointTests {
    @Test func rerank() async throws {
        let tiny = try TinyServer()
        let (query, documents) = ("red dog", ["a cat sleeps", "the red dog", "dog"])
        try tiny.model.setPrompt("the big ")
        let asked = tiny.model.encode([query])
        try tiny.model.setPrompt("a small ")
        let scores = documents.map { document in
            tiny.model.encode([document]).cosineSimilarity(asked).item()
        }
        let order = scores.indices.sorted { scores[$0] > scores[$1] }
        let body =
            #""query": "\#(query)", "documents": \#(JSONValue.array(documents.map { .string($0) }).line)"#
        let answer = try await tiny.post("/rerank", "{\(body)}")
        let results = answer.json["results"]?.elements ?? []
        #expect(results.compactMap { $0["index"]?.int } == order)
        for result in results {
            let score = scores[result["index"]?.int ?? 0]
            #expect(abs((result["relevance_score"]?.double ?? 9) - Double(score)) < 1e-5)
            #expect(result["document"] == nil)
        }
        let best = try await tiny.post(
            "/v1/rerank", "{\(body), \"top_n\": 1, \"return_documents\": true}")
        #expect(best.json["results"]?.elements?.count == 1)
        #expect(
            best.json["results"]?.elements?.first?["document"]
                == ["text": .string(documents[order[0]])])
        let objects = try await tiny.post(
            "/rerank", #"{"query": "a", "texts": [{"text": "dog"}, "cat"]}"#)
        #expect(objects.json["results"]?.elements?.count == 2)
    }

    @Test(arguments: [
        (#"{"documents": ["a"]}"#, "there is no query"),
        (#"{"query": "a"}"#, "there are no documents"),
        (#"{"query": "a", "documents": []}"#, "documents is an empty list"),
        (#"{"query": "a", "documents": "b"}"#, "documents is 'b'; expected a list"),
        (#"{"query": "a", "documents": [3]}"#, "documents[0] is 3; expected a text"),
        (#"{"query": "a", "texts": ["a", ""]}"#, "texts[1] is empty"),
        (#"{"query": " ", "texts": ["a"]}"#, "query is empty"),
        (#"{"query": "a", "texts": ["a"], "documents": ["a"]}"#, "both given"),
        (#"{"query": "a", "texts": ["a"], "top_n": 0}"#, "top_n is 0; expected 1 or more"),
    ])
    func refusedRankings(body: String, reason: String) async throws {
        let answer = try await TinyServer().post("/rerank", body)
        #expect(answer.status == 400)
        #expect(answer.message.contains(reason), "\(answer.message)")
    }

    @Test func tokens() async throws {
        let tiny = try TinyServer()
        let answer = try await tiny.post(
            "/tokenize", #"{"input": ["a dog", "\#(String(repeating: "a ", count: 20))"]}"#)
        let data = answer.json["data"]?.elements ?? []
        #expect(data.first?["tokens"] == ["[CLS]", "a", "dog", "[SEP]"])
        #expect(data.first?["ids"] == [2, 5, 9, 3])
        #expect(data.map { $0["truncated"] } == [false, true])
        #expect(data.last?["ids"]?.elements?.count == 16)
        let prompted = try await tiny.post(
            "/tokenize", #"{"input": "dog", "prompt_name": "query"}"#)
        #expect(
            prompted.json["data"]?.elements?.first?["tokens"]
                == ["[CLS]", "the", "big", "dog", "[SEP]"])
        #expect(try await tiny.post("/tokenize", #"{"input": 1}"#).status == 400)
    }

    @Test func models() async throws {
        let tiny = try TinyServer(names: ["org/tiny"])
        let list = try await tiny.get("/v1/models")
        let model = list.json["data"]?.elements?.first
        #expect(model?["id"] == "org/tiny")
        #expect(model?["dimensions"] == 32)
        #expect(model?["max_tokens"] == 16)
        #expect(model?["prompts"] == ["query", "document"])
        for path in ["/v1/models/org/tiny", "/v1/models/org%2Ftiny"] {
            #expect(try await tiny.get(path).json["id"] == "org/tiny")
        }
        #expect(try await tiny.get("/v1/models/other").status == 404)
    }

    @Test func healthAndPage() async throws {
        let tiny = try TinyServer()
        #expect(try await tiny.get("/health").json == ["status": "ok"])
        #expect(try await tiny.ask(.head, "/health").text == "")
        let page = try await tiny.get("/")
        #expect(page.text.contains("<title>Simile</title>"))
        let policy = page.headers[.contentSecurityPolicy] ?? ""
        #expect(policy.contains("default-src 'none'"))
        #expect(policy.contains("script-src 'sha256-"))
        #expect(!policy.contains("unsafe"))
    }

    @Test func metrics() async throws {
        let tiny = try TinyServer(names: ["a\"b"])
        _ = try await tiny.embeddings(#"{"input": ["a dog", "a"]}"#)
        _ = try await tiny.embeddings("{}")
        _ = try await tiny.get("/made-up")
        let lines = try await tiny.get("/metrics").text.split(separator: "\n")
        for line in [
            #"simile_model_info{model="a\"b",dimension="32"} 1"#,
            #"simile_requests_total{route="/v1/embeddings",status="200"} 1"#,
            #"simile_requests_total{route="/v1/embeddings",status="400"} 1"#,
            #"simile_requests_total{route="other",status="404"} 1"#,
            #"simile_request_duration_seconds_count{route="/v1/embeddings"} 2"#,
            #"simile_request_duration_seconds_bucket{route="/v1/embeddings",le="+Inf"} 2"#,
            "simile_requests_open 1", "simile_queue_texts 0", "simile_queue_tokens 0",
            #"simile_batch_texts_bucket{le="1"} 0"#, #"simile_batch_texts_bucket{le="2"} 1"#,
            "simile_tokens_total 7", "simile_texts_total 2",
        ] { #expect(lines.contains(Substring(line)), "\(line)") }
    }

    /// A line for each request, of which no text, no key and no made-up path is part.
    @Test(arguments: [LogFormat.text, .json]) func accessLog(format: LogFormat) async throws {
        let tiny = try TinyServer(key: AccessKey("s3cret", source: "x"), logFormat: format)
        _ = try await tiny.post(
            "/v1/embeddings?q=hidden", #"{"input": ["the dog", "hidden"]}"#,
            headers: [.authorization: "Bearer s3cret"])
        _ = try await tiny.get("/hidden")
        let lines = tiny.log.lines
        #expect(lines.count == 2)
        let all = lines.joined()
        for secret in ["hidden", "dog", "s3cret"] { #expect(!all.contains(secret)) }
        if format == .json {
            let first = try JSONValue(parsing: lines[0].utf8)
            #expect(first["status"] == 200)
            #expect(first["path"] == "/v1/embeddings")
            #expect(first["texts"] == 2)
        } else {
            #expect(lines[0].contains(" info request method=POST ms="))
            #expect(lines[0].contains("path=/v1/embeddings status=200 texts=2 tokens=7"))
            #expect(lines[1].contains("path=other status=404"))
        }
    }
}
