import ExampleFiles
import Foundation
import NeuralNetwork
import TestSupport
import Testing
import Tokenization

@testable import SentenceEmbedding

@Suite struct MergingTests {
    @Test func weightsAreAveraged() throws {
        let models = try [1, 2, 3].map { try TinyModel.make(normalizes: true, seed: $0) }
        let merged = try SentenceTransformer.merging(models, weights: [2, 1, 1])
        let values = (models + [merged]).map { $0.parameters.map { $0.tensor.values } }
        for parameter in values[3].indices {
            for i in values[3][parameter].indices {
                let parts = values.map { Double($0[parameter][i]) }
                #expect(
                    values[3][parameter][i] == Float(parts[0] / 2 + parts[1] / 4 + parts[2] / 4))
            }
        }
        #expect(merged.normalizes)
        #expect(merged.tokenizer.vocabulary.tokens == models[0].tokenizer.vocabulary.tokens)
        // A model with itself is itself.
        let same = try SentenceTransformer.merging([models[0], models[0]])
        #expect(same.parameters.bits == models[0].parameters.bits)
    }

    @Test func theCardSaysWhatItIsOf() throws {
        let card = ModelCard(
            try TinyModel.make(), mergedFrom: [("a/model", 3), ("b|c", 1)]
        ).text
        #expect(card.contains("| `a/model` | 0.7500 |\n| `b_c` | 0.2500 |"))
        #expect(card.contains("- \"merge\""))
    }

    private func other(
        vocabulary: [String]? = nil, lowercase: Bool = true,
        _ change: (inout BertConfiguration) -> Void = { _ in }
    ) throws -> SentenceTransformer {
        let model = try TinyModel.make()
        var configuration = model.bert.configuration
        change(&configuration)
        var tokenizer = BertTokenizerConfiguration()
        tokenizer.lowercase = lowercase
        let tokens = vocabulary ?? model.tokenizer.vocabulary.tokens
        return try SentenceTransformer(
            configuration,
            tokenizer: BertTokenizer(
                vocabulary: Vocabulary(tokens: tokens), configuration: tokenizer),
            source: .random(seed: 4))
    }

    @Test func theFirstDifferenceIsNamed() throws {
        let model = try TinyModel.make()
        func refusal(_ other: SentenceTransformer) -> String {
            let error = #expect(throws: MergeError.self) {
                try SentenceTransformer.merging([model, other])
            }
            return error?.description ?? "no error"
        }
        var words = model.tokenizer.vocabulary.tokens
        words[7] = "wolf"
        let cases: [(SentenceTransformer, String)] = [
            (try other { $0.intermediateSize = 32 }, "intermediate_size: '32', not '64'"),
            (try other { $0.layerCount = 1 }, "num_hidden_layers: '1', not '2'"),
            (try other { $0.maxPositionEmbeddings = 16 }, "max_position_embeddings"),
            (try other(vocabulary: words), "token 7 of the vocabulary: 'wolf', not 'man'"),
            (try other(lowercase: false), "lowercase: 'false', not 'true'"),
            (try TinyModel.make(pooling: [.cls]), "the pooling: 'cls', not 'mean'"),
            (try TinyModel.make(normalizes: true), "the modules"),
        ]
        for (other, message) in cases {
            let text = refusal(other)
            #expect(text.hasPrefix("model 2 differs from model 1 in "), "\(text)")
            #expect(text.contains(message), "\(text)")
        }
        // Dropout is no shape.
        _ = try SentenceTransformer.merging([model, TinyModel.make(dropout: 0)])
    }

    @Test func weightsThatCannotBe() throws {
        let model = try TinyModel.make()
        func error(_ models: [SentenceTransformer], _ weights: [Double]?) -> MergeError? {
            #expect(throws: MergeError.self) {
                try SentenceTransformer.merging(models, weights: weights)
            }
        }
        #expect(error([model], nil) == .tooFew(1))
        #expect(error([model, model], [1]) == .weightCount(found: 1, models: 2))
        #expect(error([model, model], [1, 0]) == .weight(0))
        #expect(error([model, model], [1, -1]) == .weight(-1))
        #expect(error([model, model], [.infinity, 1]) == .weight(.infinity))
    }
}
