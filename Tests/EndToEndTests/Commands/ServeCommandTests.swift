import Foundation
import Simile
import Testing

/// `simile serve` as a process of its own, asked over a socket.
@Suite struct ServeCommandTests {
    @Test func answersUntilItIsStopped() async throws {
        let folder = TemporaryFolder()
        let path = try folder.newModel()
        let server = try RunningServer([path, "--model-name", "mine", "--log", "json"])
        let expected = try SentenceTransformer(path: path).encode(["a dog"]).values
        let answer = try server.post("/v1/embeddings", #"{"input": "a dog", "model": "mine"}"#)
        struct Result: Decodable {
            struct Item: Decodable { let embedding: [Float] }
            let data: [Item]
            let model: String
        }
        #expect(answer.status == 200)
        let result = try JSONDecoder().decode(Result.self, from: Data(answer.body.utf8))
        #expect(result.model == "mine")
        #expect(zip(result.data[0].embedding, expected).allSatisfy { abs($0 - $1) < 1e-5 })
        #expect(result.data[0].embedding.count == expected.count)
        #expect(try server.get("/").body.contains("<title>Simile</title>"))

        // A request that has begun is finished, and nothing begins any more.
        let body = #"{"input": "a dog"}"#
        let connection = try Connection(port: server.port)
        try connection.send(
            "POST /v1/embeddings HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
                + "Content-Length: \(body.utf8.count)\r\n\r\n" + body.prefix(5))
        while try !server.get("/metrics").body.contains("simile_requests_open 2") {}
        server.process.terminate()
        while (try? Connection(port: server.port)) != nil {}
        try connection.send(String(body.dropFirst(5)))
        #expect(try connection.readToEnd().status == 200)
        server.process.waitUntilExit()
        #expect(server.process.terminationStatus == 0)
        let log = try server.log()
        #expect(log.contains(#""path":"/v1/embeddings","status":200"#))
        #expect(!log.contains("dog"))
    }

    @Test func theKeyIsNeverShown() throws {
        let folder = TemporaryFolder()
        let path = try folder.newModel()
        let server = try RunningServer([path], environment: ["SIMILE_API_KEY": "s3cret"])
        let body = #"{"input": "a dog"}"#
        #expect(try server.post("/v1/embeddings", body).status == 401)
        let header = "Authorization: Bearer s3cret\r\n"
        #expect(try server.post("/v1/embeddings", body, headers: header).status == 200)
        server.process.interrupt()
        server.process.waitUntilExit()
        #expect(server.process.terminationStatus == 0)
        #expect(try !server.log().contains("s3cret"))

        let file = try folder.write("two words\n", to: "key")
        let bad = try CommandRunner.run(["serve", path, "--port", "0", "--key-file", file])
        #expect(bad.status == 1)
        #expect(bad.error.contains("a key is one word"))
        #expect(!bad.error.contains("two words"))
    }

    @Test func aPortThatIsInUse() throws {
        let folder = TemporaryFolder()
        let path = try folder.newModel()
        let server = try RunningServer([path])
        let second = try CommandRunner.run(["serve", path, "--port", "\(server.port)"])
        #expect(second.status == 1)
        #expect(
            second.error.contains(
                "cannot listen at 127.0.0.1, port \(server.port): Address already in use"))
        let host = try CommandRunner.run([
            "serve", path, "--port", "0", "--host", "no.such.invalid",
        ])
        #expect(host.status == 1)
        #expect(host.error.contains("cannot listen at no.such.invalid"))
        let limit = try CommandRunner.run(["serve", path, "--max-inputs", "0"])
        #expect(limit.status == 64)
        #expect(limit.error.contains("--max-inputs is 0; expected 1...1000000"))
    }

    /// What is no HTTP, stops in the middle or is too large ends one connection and nothing else.
    @Test func strangeClients() throws {
        let folder = TemporaryFolder()
        let server = try RunningServer([try folder.newModel(), "--max-body-bytes", "2048"])
        for text in [
            "hello\r\n\r\n", "GET / HTTP/9.9\r\n\r\n",
            "POST /v1/embeddings HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
            "GET /\(String(repeating: "a", count: 100_000)) HTTP/1.1\r\n\r\n",
        ] {
            let connection = try Connection(port: server.port)
            try? connection.send(text)
            let status = try? connection.readToEnd().status
            #expect(status == nil || (400..<600).contains(status ?? 0), "\(text.prefix(40))")
        }
        do {
            let gone = try Connection(port: server.port)
            try gone.send("POST /v1/embeddings HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{")
        }
        let large = String(repeating: "a", count: 5000)
        #expect(try server.post("/v1/embeddings", "{\"input\": \"\(large)\"}").status == 413)
        #expect(try server.get("/health").body == #"{"status":"ok"}"#)
    }

    /// A body that does not come is not waited for for ever.
    @Test func aBodyThatDoesNotCome() throws {
        let folder = TemporaryFolder()
        let server = try RunningServer([try folder.newModel(), "--timeout", "0.2"])
        let connection = try Connection(port: server.port)
        try connection.send(
            "POST /v1/embeddings HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{"
        )
        let answer = try connection.readToEnd()
        #expect(answer.status == 408)
        #expect(answer.body.contains("did not arrive in time"))
    }
}
