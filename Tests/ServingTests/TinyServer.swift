import Foundation
import Hummingbird
import JSON
import Logging
import ModelFolders
import NIOEmbedded
import NeuralNetwork
import SentenceEmbedding
import Synchronization
import Tokenization

@testable import Serving

/// A model of a few thousand numbers and the responder of a server of it, without a socket.
struct TinyServer {
    static let settings =
        #"{"prompts": {"query": "the big ", "document": "a small "}, "similarity_fn_name": "cosine"}"#
    let model: SentenceTransformer
    let server: EmbeddingServer
    let log = LogCollector()
    private let responder: RouterResponder<ServingContext>

    init(
        names: [String] = ["tiny"], limits: ServingLimits = ServingLimits(),
        key: AccessKey? = nil, logFormat: LogFormat = .text, poolsPrompt: Bool = true
    ) throws {
        model = try Self.model(poolsPrompt: poolsPrompt)
        let log = self.log
        server = try EmbeddingServer(
            SentenceEncoder(copying: model), names: names, limits: limits, key: key,
            logger: Logger(label: "test") { _ in LogLines(logFormat) { log.add($0) } })
        responder = server.endpoints.router(key: key).buildResponder()
    }

    static func model(poolsPrompt: Bool = true) throws -> SentenceTransformer {
        let words = ["a", "the", "big", "small", "dog", "cat", "runs", "sleeps", "red", "."]
        let vocabulary = try Vocabulary(
            tokens: ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"] + words)
        var configuration = BertConfiguration(
            vocabularySize: vocabulary.count, hiddenSize: 32, layerCount: 2, headCount: 4,
            intermediateSize: 64)
        configuration.maxPositionEmbeddings = 16
        return try SentenceTransformer(
            configuration, tokenizer: BertTokenizer(vocabulary: vocabulary),
            pooling: Pooling([.mean], includesPrompt: poolsPrompt),
            settings: ModelSettings(json: settings, source: "test"), source: .random(seed: 1))
    }

    /// An answer: its status, its headers and its body.
    struct Answer {
        let status: Int
        let headers: HTTPFields
        let text: String
        var json: JSONValue { (try? JSONValue(parsing: text.utf8)) ?? .null }
        /// The text of an error object.
        var message: String { json["error"]?["message"]?.string ?? "no error in \(text)" }

        /// The embeddings that were sent as numbers.
        var embeddings: [[Float]] {
            (json["data"]?.elements ?? []).map { item in
                (item["embedding"]?.elements ?? []).compactMap { $0.double.map { Float($0) } }
            }
        }
    }

    func ask(
        _ method: HTTPRequest.Method, _ path: String, body: [UInt8]? = nil,
        headers: HTTPFields = [:]
    ) async throws -> Answer {
        let context = ServingContext(
            source: ApplicationRequestContextSource(
                channel: NIOAsyncTestingChannel(), logger: server.logger))
        let request = Request(
            head: HTTPRequest(
                method: method, scheme: "http", authority: "test", path: path,
                headerFields: headers),
            body: RequestBody(buffer: ByteBuffer(bytes: body ?? [])))
        let response = try await responder.respond(to: request, context: context)
        let writer = BodyCollector()
        try await response.body.write(writer)
        return Answer(
            status: response.status.code, headers: response.headers, text: writer.text)
    }

    func get(_ path: String, headers: HTTPFields = [:]) async throws -> Answer {
        try await ask(.get, path, headers: headers)
    }

    func post(_ path: String, _ body: String, headers: HTTPFields = [:]) async throws -> Answer {
        var headers = headers
        if headers[.contentType] == nil { headers[.contentType] = "application/json" }
        return try await ask(.post, path, body: Array(body.utf8), headers: headers)
    }

    func embeddings(_ body: String) async throws -> Answer {
        try await post("/v1/embeddings", body)
    }
}

/// Keeps what a response writes.
private final class BodyCollector: ResponseBodyWriter, Sendable {
    private let bytes = Mutex(ByteBuffer())

    var text: String { bytes.withLock { String(buffer: $0) } }

    func write(_ buffer: ByteBuffer) async throws {
        bytes.withLock { _ = $0.writeImmutableBuffer(buffer) }
    }

    func finish(_ trailers: HTTPFields?) async throws {}
}

/// Keeps the lines of a log.
final class LogCollector: Sendable {
    private let kept = Mutex<[String]>([])

    var lines: [String] { kept.withLock { $0 } }

    func add(_ line: String) { kept.withLock { $0.append(line) } }
}
