import ArgumentParser
import JSON
import Simile

struct Similarity: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Prints the cosine similarity of a sentence with others.")

    @Argument(help: "A model's folder or checkpoint.")
    var model: String
    @Argument(help: "The sentence to compare.")
    var sentence: String
    @Argument(help: "The sentences to compare it with.")
    var others: [String]
    @Flag(help: "Show the shapes on the way from text to embedding.")
    var explain = false
    @Flag(help: "Print JSON.")
    var json = false
    @OptionGroup var compute: ComputeOptions

    func validate() throws {
        if others.isEmpty { throw ValidationError("give at least one other sentence") }
    }

    func run() throws {
        try compute.prepare()
        let model = try SentenceTransformer(path: ModelPath.resolve(model))
        try model.parameters.requireFinite()
        let sentences = [sentence] + others
        let embeddings = explain ? try explained(model, sentences) : model.encode(sentences)
        let first = embeddings.gather(Array(repeating: 0, count: others.count))
        let cosines = first.cosineSimilarity(embeddings.slice(1..<sentences.count)).values
        if json {
            let rows = zip(others, cosines).enumerated().map { index, row -> JSONValue in
                [
                    "index": .integer(index + 1), "sentence": .string(row.0),
                    "cosine": .float(row.1),
                ]
            }
            return try Console.json([
                "sentence": .string(sentence), "similarities": .array(rows),
            ])
        }
        let width = others.map(\.count).max() ?? 0
        func row(_ index: String, _ sentence: String, _ cosine: String) throws {
            let indent = String(repeating: " ", count: max(0, 5 - index.count))
            try Console.print("\(indent)\(index)  \(sentence.padded(width))  \(cosine)")
        }
        try row("index", "sentence", "cosine")
        try row("0", sentence, "")
        for (index, other) in others.enumerated() {
            try row("\(index + 1)", other, Double(cosines[index]).fixed(4))
        }
    }

    /// The model by its parts, with the shape after each.
    private func explained(_ model: SentenceTransformer, _ sentences: [String]) throws -> Tensor {
        let ids = model.tokenize(sentences)
        let batch = TokenBatch(ids)
        let hidden = model.bert(batch)
        let pooled = model.pooling(hidden, batch.layout)
        let longest = ids.map(\.count).max() ?? 0
        let width = hidden.shape[1]
        Console.note(
            """
            token ids            [\(sentences.count), \(longest)] at most; packed without padding: [\(batch.ids.count)]
            last hidden state    [\(sentences.count), \(longest), \(width)] at most; packed: \(hidden.shape)
            mask counts          \(ids.map(\.count))
            pooled (\(model.pooling.modes.map(\.rawValue).joined(separator: ", ")))        \(pooled.shape)\(Inspect.dense(model))\(model.normalizes ? ", then scaled to length 1" : "")
            """)
        for (sentence, ids) in zip(sentences, ids) {
            Console.note(
                "  \(model.tokenizer.tokens(of: ids).joined(separator: " "))    \(sentence)")
        }
        return model.finished(pooled)
    }
}
