import Foundation
import Hummingbird
import JSON
import NIOCore
import SentenceEmbedding

/// Answers requests with a model.
struct Endpoints: Sendable {
    let model: ServedModel
    let limits: ServingLimits
    let queue: EncodingQueue
    let metrics: ServerMetrics
    let page: Page
    /// When the model was opened, in seconds since 1970.
    let created: Int

    /// The routes; those that need the key are behind it if there is one.
    func router(key: AccessKey?) -> Router<ServingContext> {
        let router = Router(context: ServingContext.self, options: .autoGenerateHeadEndpoints)
        router.add(middleware: AccessLog(metrics: metrics))
        router.add(middleware: ErrorMiddleware())
        let guarded = router.group()
        if let key { guarded.add(middleware: KeyMiddleware(key: key)) }
        for endpoint in Endpoint.allCases {
            let group: any RouterMethods<ServingContext> = endpoint.isOpen ? router : guarded
            group.on(RouterPath(stringLiteral: endpoint.path), method: endpoint.method) {
                request, context in
                try await answer(endpoint, request, context)
            }
        }
        // The name of a model may have slashes in it.
        guarded.get(RouterPath(stringLiteral: Endpoint.models.path + "/**")) { request, context in
            try self.models(named: context.parameters.getCatchAll().joined(separator: "/"))
        }
        return router
    }

    private func answer(
        _ endpoint: Endpoint, _ request: Request, _ context: ServingContext
    ) async throws -> Response {
        switch endpoint {
        case .page: page.response
        case .health: Response(json: ["status": "ok"])
        case .metrics: metrics.response(queue.depth)
        case .models: Response(json: ["object": "list", "data": [description]])
        case .embeddings:
            try await embeddings(
                EmbeddingsRequest(request.jsonBody(limits), model: model, limits: limits), context)
        case .rerank, .rerankOfVersion1:
            try await rerank(
                RerankRequest(request.jsonBody(limits), model: model, limits: limits), context)
        case .tokenize: try tokenize(try await request.jsonBody(limits))
        }
    }

    // MARK: - Models

    private var description: JSONValue {
        [
            "id": .string(model.name), "object": "model", "created": .integer(created),
            "owned_by": "simile", "dimensions": .integer(model.encoder.dimension),
            "max_tokens": .integer(model.encoder.maxSequenceLength),
            "similarity": .string(model.encoder.settings.similarity.rawValue),
            "prompts": .array(model.promptNames.map { .string($0) }),
        ]
    }

    private func models(named name: String) throws(APIError) -> Response {
        try model.check(name.removingPercentEncoding ?? name)
        return Response(json: description)
    }

    // MARK: - Computing

    private func embeddings(
        _ request: EmbeddingsRequest, _ context: ServingContext
    ) async throws -> Response {
        let values = try await encode(request.sequences, context)
        let width = model.encoder.dimension
        var text = ByteBuffer(string: #"{"object":"list","data":["#)
        for row in request.sequences.ids.indices {
            let whole = values[row * width..<(row + 1) * width]
            text.writeString(row == 0 ? "{" : ",{")
            text.writeString(#""object":"embedding","index":\#(row),"embedding":"#)
            if let dimensions = request.dimensions {
                request.encoding.write(Self.normalized(whole.prefix(dimensions)), to: &text)
            } else {
                request.encoding.write(whole, to: &text)
            }
            text.writeString("}")
        }
        let usage = Self.usage(request.sequences.tokens).line
        text.writeString(#"],"model":\#(JSONValue.string(model.name).line),"usage":\#(usage)}"#)
        return Response(json: text)
    }

    private func rerank(
        _ request: RerankRequest, _ context: ServingContext
    ) async throws -> Response {
        let tokens = request.query.tokens + request.documents.tokens
        let width = model.encoder.dimension
        let query = try await encode(request.query, context)
        let documents = try await encode(request.documents, context)
        let similarity = model.encoder.settings.similarity
        let scores = request.texts.indices.map { row in
            similarity(query.span, documents.span.extracting(row * width..<(row + 1) * width))
        }
        let order = scores.indices.sorted { (scores[$1], $0) < (scores[$0], $1) }
        let results = order.prefix(request.count).map { row in
            var members: [JSONValue.Member] = [
                .init("index", .integer(row)), .init("relevance_score", .number(scores[row])),
            ]
            if request.returnsDocuments {
                members.append(.init("document", ["text": .string(request.texts[row])]))
            }
            return JSONValue.object(members)
        }
        return Response(json: [
            "object": "list", "model": .string(model.name), "results": .array(results),
            "usage": Self.usage(tokens),
        ])
    }

    /// The embeddings of texts, row after row, in time or not at all.
    private func encode(
        _ sequences: TokenSequences, _ context: ServingContext
    ) async throws -> [Float] {
        context.work.add(sequences)
        let values = try await withTimeLimit(
            limits.timeout, APIError.computingTooSlow(limits.timeout)
        ) { try await queue.encode(sequences) }
        guard values.allSatisfy(\.isFinite) else { throw APIError.notFinite }
        return values
    }

    private static func usage(_ tokens: Int) -> JSONValue {
        ["prompt_tokens": .integer(tokens), "total_tokens": .integer(tokens)]
    }

    /// A vector at length 1; one of zeros stays as it is.
    private static func normalized(_ values: ArraySlice<Float>) -> [Float] {
        let squares = values.reduce(0.0) { $0 + Double($1) * Double($1) }
        let length = max(squares.squareRoot(), .leastNormalMagnitude)
        return values.map { Float(Double($0) / length) }
    }

    // MARK: - Tokens

    private func tokenize(_ body: JSONBody) throws -> Response {
        try model.check(body.string("model"))
        let texts: [String]
        switch body.member("input") {
        case .string(let text): texts = [text]
        case .array(let elements): texts = try InputTexts.texts(elements, "input")
        default: throw body.invalid("input", expected: "a text or a list of texts")
        }
        guard texts.count <= limits.maxInputs else {
            throw APIError.invalid(
                "input has \(texts.count) texts, and this server takes \(limits.maxInputs) at a time",
                param: "input")
        }
        let prompt = try body.prompt(of: model) ?? model.prompt
        let (tokenizer, longest) = (model.encoder.tokenizer, model.encoder.maxSequenceLength)
        let data = texts.enumerated().map { index, text -> JSONValue in
            let whole = tokenizer.encode(prompt.text + text, maxLength: longest + 1)
            let isCut = whole.count > longest
            let ids =
                isCut ? tokenizer.encode(prompt.text + text, maxLength: longest) : whole
            return [
                "index": .integer(index), "ids": .array(ids.map { .integer(Int($0)) }),
                "tokens": .array(tokenizer.tokens(of: ids).map { .string($0) }),
                "truncated": .bool(isCut),
            ]
        }
        return Response(json: ["model": .string(model.name), "data": .array(data)])
    }
}
