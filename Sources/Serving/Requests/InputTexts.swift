import JSON

/// Reads the texts of a request as ids.
struct InputTexts {
    let model: ServedModel
    /// The most texts.
    let limit: Int
    /// Whether what is longer than the model reads is cut; else it is refused.
    let truncates: Bool

    /// The ids of `input`: a text, a list of texts, a list of ids, or a list of such lists.
    ///
    /// - Parameter prompt: What texts have in front; nil when the request does not say. Ids have none.
    func sequences(
        _ input: JSONValue, prompt: ServedModel.Prompt?
    ) throws(APIError) -> TokenSequences {
        if case .string(let text) = input {
            return try sequences(of: [text], "input", prompt ?? model.prompt) { _ in "input" }
        }
        guard let elements = input.elements else { throw Self.wrongKind("input", input) }
        guard let first = elements.first else {
            throw .invalid("input is an empty list; expected one text at least", param: "input")
        }
        if case .string = first {
            return try sequences(of: Self.texts(elements, "input"), "input", prompt ?? model.prompt)
            { "input[\($0)]" }
        }
        if prompt != nil {
            throw .invalid(
                "prompt_name is for texts; token ids already have in front what they have",
                param: "prompt_name")
        }
        if first.int != nil { return TokenSequences([try ids(input, "input")]) }
        try checkCount(elements.count, "input")
        var all: [[Int32]] = []
        for (index, element) in elements.enumerated() {
            all.append(try ids(element, "input[\(index)]"))
        }
        return TokenSequences(all)
    }

    /// The ids of texts; `name` says where the text of an index stands.
    func sequences(
        of texts: [String], _ param: String, _ prompt: ServedModel.Prompt, name: (Int) -> String
    ) throws(APIError) -> TokenSequences {
        try checkCount(texts.count, param)
        let (tokenizer, longest) = (model.encoder.tokenizer, model.encoder.maxSequenceLength)
        var all: [[Int32]] = []
        all.reserveCapacity(texts.count)
        for (index, text) in texts.enumerated() {
            if tokenizer.isEmpty(text) {
                throw .invalid(
                    "\(name(index)) is empty: the tokenizer makes no token of it", param: param)
            }
            let whole = prompt.text.isEmpty ? text : prompt.text + text
            let ids = tokenizer.encode(whole, maxLength: truncates ? longest : longest + 1)
            if ids.count > longest { throw tooLong(name(index), param) }
            all.append(ids)
        }
        return TokenSequences(all, unpooledTokens: prompt.unpooledTokens)
    }

    /// The texts of a list.
    static func texts(_ elements: [JSONValue], _ key: String) throws(APIError) -> [String] {
        var texts: [String] = []
        texts.reserveCapacity(elements.count)
        for (index, element) in elements.enumerated() {
            guard let text = element.string else {
                throw .invalidValue(
                    file: "", key: "\(key)[\(index)]", found: element.summary,
                    expected: "a text, as the first one is")
            }
            texts.append(text)
        }
        return texts
    }

    private func checkCount(_ count: Int, _ param: String) throws(APIError) {
        guard count <= limit else {
            throw .invalid(
                "\(param) has \(count) texts, and this server takes \(limit) at a time; send them in several requests",
                param: param)
        }
    }

    /// A sequence of ids, which must be framed as the tokenizer frames one.
    private func ids(_ value: JSONValue, _ name: String) throws(APIError) -> [Int32] {
        let vocabulary = model.encoder.tokenizer.vocabulary
        guard let numbers = value.integers else { throw Self.wrongKind(name, value) }
        let known = 0..<vocabulary.reachableEnd
        if let bad = numbers.first(where: { !known.contains($0) }) {
            throw .invalid(
                "\(name) has the id \(bad); the model's are \(known.lowerBound)...\(known.upperBound - 1)",
                param: "input")
        }
        let frame = model.encoder.tokenizer.encode("", maxLength: 2)
        guard numbers.count > 2, numbers[0] == frame[0], numbers[numbers.count - 1] == frame[1]
        else {
            throw .invalid(
                "\(name) is not a sequence of this model's ids: expected them as \(Endpoint.tokenize.path) gives them, from \(frame[0]) to \(frame[1]) with one at least between",
                param: "input")
        }
        let longest = model.encoder.maxSequenceLength
        if numbers.count <= longest { return numbers.map { Int32($0) } }
        guard truncates else { throw tooLong(name, "input") }
        return numbers.prefix(longest - 1).map { Int32($0) } + [frame[1]]
    }

    private func tooLong(_ name: String, _ param: String) -> APIError {
        .invalid(
            "\(name) has more than the \(model.encoder.maxSequenceLength) tokens that the model reads, and 'truncate' is false",
            param: param)
    }

    private static func wrongKind(_ key: String, _ value: JSONValue) -> APIError {
        .invalidValue(
            file: "", key: key, found: value.summary,
            expected: key == "input"
                ? "a text, a list of texts, a list of token ids, or a list of such lists"
                : "a list of token ids; a list has texts alone, or such lists alone")
    }
}
