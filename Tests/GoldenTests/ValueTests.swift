import Foundation
import Simile
import Testing

extension Golden {
    struct TokenizerLine: Decodable {
        let text: String
        let ids: [Int32]
    }
    // swift-format-ignore: AlwaysUseLowerCamelCase
    struct MiniLMValues: Decodable {
        let sentences: [String]
        let ids: [[Int32]]
        let mean_pooled: [[Float]]
        let cosine_of_0: [Float]
    }
    struct LossValues: Decodable {
        struct Case: Decodable {
            let value: Float
            let label: [Float]?
            let grad: [[[Float]]]
            enum CodingKeys: CodingKey { case value, label, grad }
            init(from decoder: any Decoder) throws {
                let keys = try decoder.container(keyedBy: CodingKeys.self)
                value = try keys.decode(Float.self, forKey: .value)
                label = try? keys.decode([Float].self, forKey: .label)
                grad = try keys.decode([[[Float]]].self, forKey: .grad)
            }
        }
        let embeddings: [[[Float]]]
        let losses: [String: Case]
    }
    struct CorrelationCase: Decodable {
        let a: [Double]
        let b: [Double]
        let spearman: Double
        let pearson: Double
    }

    @Test(.enabled(if: miniLM != nil, needsMiniLM)) func tokenization() throws {
        let tokenizer = try BertTokenizer(folder: try #require(Self.miniLM))
        let lines = try String(
            contentsOf: Self.folder.appending(path: "tokenizer.jsonl"), encoding: .utf8)
        var count = 0
        for line in lines.split(separator: "\n") {
            let expected = try JSONDecoder().decode(TokenizerLine.self, from: Data(line.utf8))
            #expect(
                tokenizer.encode(expected.text, maxLength: 128) == expected.ids,
                "\(expected.text.debugDescription.prefix(80))")
            count += 1
        }
        #expect(count > 20)
    }

    @Test(.enabled(if: miniLM != nil, needsMiniLM)) func miniLMEmbeddings() throws {
        let expected = try Self.decode(MiniLMValues.self, from: "minilm.json")
        let model = try SentenceTransformer(folder: try #require(Self.miniLM))
        model.maxSequenceLength = 128
        #expect(model.tokenize(expected.sentences) == expected.ids)
        let batch = TokenBatch(expected.ids)
        let pooled = model.pooling(model.bert(batch), batch.layout)
        let differences = zip(pooled.values, expected.mean_pooled.joined()).map { abs($0 - $1) }
        #expect(differences.count == pooled.values.count)
        #expect((differences.max() ?? 1) < 1e-4)
        #expect(differences.reduce(0, +) / Float(differences.count) < 1e-5)

        let others = expected.sentences.count - 1
        let first = pooled.gather(Array(repeating: 0, count: others))
        Self.expectClose(
            first.cosineSimilarity(pooled.slice(1..<others + 1)).values, expected.cosine_of_0,
            tolerance: 1e-5,
            "cosine_of_0")
    }

    @Test func cosineSimilarityLoss() throws {
        let expected = try Self.decode(LossValues.self, from: "losses.json")
        let loss = try #require(expected.losses["CosineSimilarityLoss"])
        let tape = Tape()
        let inputs = expected.embeddings.prefix(2).map { rows in
            tape.watch(Tensor(Array(rows.joined()), [rows.count, rows[0].count]))
        }
        let own = try CosineSimilarityLoss(
            .init(), LossContext(dimension: inputs[0].shape[1], columns: 2),
            in: ParameterStore(source: .random(seed: 0)).root)
        let value = own(inputs, labels: try #require(loss.label))
        #expect(abs(value.item() - loss.value) < 1e-5)
        let gradients = tape.backward(from: value)
        for (input, expected) in zip(inputs, loss.grad) {
            let values = Array(expected.joined())
            Self.expectClose(
                try #require(gradients[input]).values, values, tolerance: 1e-4,
                scale: values.map(abs).max() ?? 1, "gradient")
        }
    }

    @Test func correlations() throws {
        for test in try Self.decode([CorrelationCase].self, from: "metrics.json") {
            #expect(abs(try Correlation.spearman(test.a, test.b) - test.spearman) < 1e-12)
            #expect(abs(try Correlation.pearson(test.a, test.b) - test.pearson) < 1e-12)
        }
    }
}
