import JSON

/// The body of a request to order documents by their similarity to a query, as Cohere, Jina and llama.cpp have it.
struct RerankRequest {
    let query: TokenSequences
    let documents: TokenSequences
    let texts: [String]
    /// How many of the best are wanted.
    let count: Int
    let returnsDocuments: Bool

    init(_ body: JSONBody, model: ServedModel, limits: ServingLimits) throws(APIError) {
        try model.check(body.string("model"))
        guard let query = try body.string("query") else {
            throw .invalid("there is no query; expected a text", param: "query")
        }
        let key = try Self.documentsKey(body)
        texts = try Self.documents(body.list(key), key)
        if texts.isEmpty {
            throw .invalid("\(key) is an empty list; expected one text at least", param: key)
        }
        let (asked, askedToo) = (try body.bool("return_documents"), try body.bool("return_text"))
        returnsDocuments = asked ?? askedToo ?? false
        count =
            try body.read("top_n", "1 or more") { $0.int.flatMap { $0 < 1 ? nil : $0 } }
            ?? texts.count
        let reader = try body.texts(model, limits.maxInputs)
        self.query = try reader.sequences(of: [query], "query", model.queryPrompt) { _ in "query" }
        documents = try reader.sequences(of: texts, key, model.documentPrompt) { "\(key)[\($0)]" }
    }

    private static func documentsKey(_ body: JSONBody) throws(APIError) -> String {
        switch (body.member("documents") != nil, body.member("texts") != nil) {
        case (true, false): return "documents"
        case (false, true): return "texts"
        case (true, true):
            throw .invalid("documents and texts are both given; leave one of them", param: "texts")
        case (false, false):
            throw .invalid("there are no documents; expected a list of texts", param: "documents")
        }
    }

    /// Texts, or objects that have them as `text`.
    private static func documents(
        _ elements: [JSONValue], _ key: String
    ) throws(APIError) -> [String] {
        var texts: [String] = []
        for (index, element) in elements.enumerated() {
            guard let text = element.string ?? element["text"]?.string else {
                throw .invalidValue(
                    file: "", key: "\(key)[\(index)]", found: element.summary,
                    expected: "a text, or an object with a 'text'")
            }
            texts.append(text)
        }
        return texts
    }
}
