import Foundation
import JSON
import ModelLayout
import NeuralNetwork
import Tensors

extension SentenceTransformer {
    /// A model whose every weight is the weighted average of those of other models (Wortsman et al. 2022,
    /// arXiv:2203.05482), mostly of some that were trained from the same one.
    ///
    /// Settings that decide no embedding, such as dropout, are the first model's. Sums are formed in double precision.
    ///
    /// - Parameters:
    ///   - models: Two or more of one shape and vocabulary.
    ///   - weights: How much each counts, above 0, by their sum; equal when absent.
    /// - Throws: `MergeError`, which names the first difference between the models.
    public static func merging(
        _ models: [SentenceTransformer], weights: [Double]? = nil
    ) throws -> SentenceTransformer {
        guard models.count > 1, let first = models.first else {
            throw MergeError.tooFew(models.count)
        }
        let weights = weights ?? models.map { _ in 1 }
        guard weights.count == models.count else {
            throw MergeError.weightCount(found: weights.count, models: models.count)
        }
        if let wrong = weights.first(where: { !($0.isFinite && $0 > 0) }) {
            throw MergeError.weight(wrong)
        }
        for (index, model) in models.enumerated().dropFirst() {
            if let difference = try first.difference(from: model) {
                throw MergeError.different(
                    model: index, what: difference.what, first: difference.own,
                    other: difference.other)
            }
        }
        let largest = weights.max() ?? 1
        let parts = weights.map { $0 / largest }
        let sum = parts.reduce(0, +)
        let average = AverageWeights(
            models.map { ParameterWeights($0) }, shares: parts.map { $0 / sum })
        let merged = try SentenceTransformer(
            first.bert.configuration, tokenizer: first.tokenizer, pooling: first.pooling,
            modules: first.modules, settings: first.truncatedSettings,
            maxSequenceLength: first.maxSequenceLength, source: .weights(average))
        if models.contains(where: { $0.languageModelHead != nil }) {
            merged.notes.append(noHead)
        }
        return merged
    }

    private typealias Difference = (what: String, own: String, other: String)

    /// The first thing in which models differ that decides their embeddings, but for their weights.
    private func difference(from other: SentenceTransformer) throws -> Difference? {
        if let found = try Self.difference(
            bert.configuration, other.bert.configuration,
            except: ["hidden_dropout_prob", "attention_probs_dropout_prob", "initializer_range"])
        {
            return found
        }
        let (own, others) = (tokenizer.vocabulary.tokens, other.tokenizer.vocabulary.tokens)
        if let place = zip(own, others).enumerated().first(where: { $1.0 != $1.1 }) {
            return ("token \(place.offset) of the vocabulary", place.element.0, place.element.1)
        }
        if let found = try Self.difference(
            tokenizer.configuration, other.tokenizer.configuration, except: ["modelMaxLength"])
        {
            return found
        }
        return zip(facts, other.facts).first { $0.value != $1.value }
            .map { ($0.what, $0.value, $1.value) }
    }

    /// What else decides embeddings, in words.
    private var facts: [(what: String, value: String)] {
        let added: String = tokenizer.addedTokens.map(\.content).joined(separator: " ")
        let modes: String = pooling.modes.map(\.rawValue).joined(separator: ", ")
        var facts: [(what: String, value: String)] = []
        facts.append(("the size of the vocabulary", "\(tokenizer.vocabulary.count)"))
        facts.append(("the number of word pieces", "\(tokenizer.wordPieceCount)"))
        facts.append(("the added tokens", added))
        facts.append(("the pooling", modes))
        facts.append(("whether prompts are pooled", "\(pooling.includesPrompt)"))
        facts.append(("the modules", "\(modules)"))
        facts.append(("the length of an embedding", "\(embeddingDimension)"))
        facts.append(("max_seq_length", "\(maxSequenceLength)"))
        facts.append(("the similarity", settings.similarity.rawValue))
        facts.append(("the default prompt", settings.defaultPrompt))
        return facts
    }

    /// The first key, in alphabetical order, that two values have otherwise in JSON.
    private static func difference<Value: Encodable>(
        _ own: Value, _ other: Value, except keys: Set<String>
    ) throws -> Difference? {
        func members(_ value: Value) throws -> [String: JSONValue] {
            let json = try JSONValue(parsing: JSONEncoder().encode(value))
            return Dictionary(
                (json.members ?? []).map { ($0.key, $0.value) }, uniquingKeysWith: { $1 })
        }
        let (own, other) = (try members(own), try members(other))
        for key in Set(own.keys).union(other.keys).subtracting(keys).sorted()
        where own[key] != other[key] {
            return (key, own[key]?.summary ?? "absent", other[key]?.summary ?? "absent")
        }
        return nil
    }
}

/// The weighted average of the weights of models that have the same ones.
private struct AverageWeights: WeightReader {
    let source = "the average of models"
    let names: [String]
    private let models: [ParameterWeights]
    private let shares: [Double]

    init(_ models: [ParameterWeights], shares: [Double]) {
        names = models[0].names
        self.models = models
        self.shares = shares
    }

    func shape(of name: String) -> [Int]? { models[0].shape(of: name) }

    func read(_ name: String, into buffer: inout MutableSpan<Float>) throws {
        var sums = [Double](repeating: 0, count: buffer.count)
        for (model, share) in zip(models, shares) {
            try model.read(name, into: &buffer)
            for i in buffer.indices { sums[i] += share * Double(buffer[i]) }
        }
        for i in buffer.indices { buffer[i] = Float(sums[i]) }
    }
}

/// Why models cannot be merged.
public enum MergeError: Error, Equatable, LocalizedError, CustomStringConvertible {
    /// One model, or none.
    case tooFew(Int)
    /// Not as many weights as models.
    case weightCount(found: Int, models: Int)
    /// A weight is no number above 0.
    case weight(Double)
    /// A model, counted from 0, differs from the first one.
    case different(model: Int, what: String, first: String, other: String)

    /// What is wrong and what to do.
    public var description: String {
        switch self {
        case .tooFew(let count): "\(count) models to merge; give two or more"
        case .weightCount(let found, let models):
            "\(found) weights for \(models) models; give one for each"
        case .weight(let weight): "a model counts \(weight); expected a number above 0"
        case .different(let model, let what, let first, let other):
            "model \(model + 1) differs from model 1 in \(what): '\(other)', not '\(first)'; only models of one shape and vocabulary can be merged, such as those trained from the same one"
        }
    }

    /// `description`
    public var errorDescription: String? { description }
}
