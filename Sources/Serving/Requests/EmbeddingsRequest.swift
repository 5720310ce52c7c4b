import JSON

/// The body of a request for embeddings, as OpenAI has it, with `prompt_name` and `truncate` besides.
struct EmbeddingsRequest {
    let sequences: TokenSequences
    let encoding: EmbeddingEncoding
    /// How many numbers of each embedding are wanted, at length 1; nil for the embedding as it is.
    let dimensions: Int?

    init(_ body: JSONBody, model: ServedModel, limits: ServingLimits) throws(APIError) {
        try model.check(body.string("model"))
        encoding =
            try body.read("encoding_format", "float or base64") {
                $0.string.flatMap(EmbeddingEncoding.init)
            } ?? .float
        let lengths = 1...model.encoder.dimension
        dimensions = try body.read("dimensions", "\(lengths), the numbers of an embedding") {
            $0.int.flatMap { lengths.contains($0) ? $0 : nil }
        }
        guard let input = body.member("input") else {
            throw .invalid("there is no input; expected a text or a list of texts", param: "input")
        }
        let prompt = try body.prompt(of: model)
        sequences = try body.texts(model, limits.maxInputs).sequences(input, prompt: prompt)
    }
}

extension JSONBody {
    /// The prompt that the request names.
    func prompt(of model: ServedModel) throws(APIError) -> ServedModel.Prompt? {
        guard let name = try string("prompt_name") else { return nil }
        return try model.prompt(named: name)
    }

    /// What reads the texts of the request.
    func texts(_ model: ServedModel, _ limit: Int) throws(APIError) -> InputTexts {
        InputTexts(model: model, limit: limit, truncates: try bool("truncate") ?? true)
    }
}
