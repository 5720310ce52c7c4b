import EvaluationMetrics
import ExampleFiles
import Foundation
import Losses
import NeuralNetwork
import Settings

/// How well the model's head predicts hidden tokens: the exponential of their mean cross-entropy.
///
/// Which tokens are hidden depends on the settings, the seed and the texts alone, so that models of the same vocabulary
/// can be compared, and one model with itself as it learns.
public struct PerplexityEvaluator: Evaluator {
    /// What its figures' names begin with.
    public let name: String
    /// `fill-mask`
    public let task = "fill-mask"
    /// The texts; every one of a row counts by itself.
    public let texts: ExampleTable
    /// Which tokens are hidden.
    public let masking: TokenMasking
    /// Decides which they are.
    public let seed: UInt64

    /// Creates an evaluator.
    ///
    /// - Throws: `EvaluationError.wrongData` when there is no text.
    public init(
        _ texts: ExampleTable, masking: TokenMasking = .init(), seed: UInt64 = 42, name: String = ""
    ) throws(EvaluationError) {
        guard texts.count > 0 else { throw .wrongData(path: texts.name, needs: "texts") }
        self.texts = texts
        self.masking = masking
        self.seed = seed
        self.name = name
    }

    /// Checks that there is a head.
    ///
    /// - Throws: `EvaluationError.noLanguageModelHead`.
    public func check(_ model: SentenceTransformer) throws(EvaluationError) {
        if model.languageModelHead == nil { throw .noLanguageModelHead }
    }

    /// One figure, `perplexity`, from 1 to about the size of the vocabulary; undefined where no token is hidden.
    ///
    /// - Throws: `EvaluationError.noLanguageModelHead`.
    public func evaluate(
        _ model: SentenceTransformer, losses: [String: any Loss]
    ) throws -> Evaluation {
        let tokens = TokenKinds(model.tokenizer)
        guard let head = model.languageModelHead, let maskID = tokens.maskID else {
            throw EvaluationError.noLanguageModelHead
        }
        let all = texts.columnNames.indices.flatMap { column in
            (0..<texts.count).compactMap { texts.text($0, column) }
        }
        let starts = Array(stride(from: 0, to: all.count, by: Self.textsPerBatch))
        // Of each batch the bits of its sum and its number of hidden tokens; 0 where another process has computed it.
        var bits = [UInt64](repeating: 0, count: 2 * starts.count)
        let (rank, processCount) = (model.processes?.rank ?? 0, model.processes?.size ?? 1)
        for (number, first) in starts.enumerated() where number % processCount == rank {
            let part = all[first..<min(first + Self.textsPerBatch, all.count)]
            let masked = model.tokenize(Array(part)).enumerated().map {
                masking($1, tokens, maskID: maskID, seed: seed, number: first + $0)
            }
            let hidden = model.bert(TokenBatch(masked.map(\.ids)))
            guard let mean = head.crossEntropy(hidden, masked) else { continue }
            let hiddenCount = masked.reduce(0) { $0 + $1.places.count }
            bits[2 * number] = (Double(mean.item()) * Double(hiddenCount)).bitPattern
            bits[2 * number + 1] = UInt64(hiddenCount)
        }
        // Some have fewer batches than others, or none: they wait here, where that is no sign of a hang.
        model.processes?.wait()
        model.processes?.formUnion(&bits)
        let (sum, count) = starts.indices.reduce((0.0, 0)) {
            ($0.0 + Double(bitPattern: bits[2 * $1]), $0.1 + Int(bits[2 * $1 + 1]))
        }
        let value = count == 0 ? .nan : exp(sum / Double(count))
        let reason = "no text has a token that could be hidden"
        return Evaluation(
            [Figure("perplexity", value, .lower)],
            undefined: count == 0 ? [Evaluation.Undefined(["perplexity"], reason)] : [],
            primary: "perplexity")
    }

    private static let textsPerBatch = 32
}

/// `perplexity`: texts, and how well hidden tokens of them are predicted.
public struct PerplexityEvaluation: EvaluationKind {
    /// `perplexity`
    public static let kind = "perplexity"
    /// One text or more.
    public static let request: ExampleRequest? = ExampleRequest(
        columns: MaskedLanguageModelLoss.columns, allowsMissingTexts: true)
    /// False.
    public static let measuresEmbeddings = false
    /// Which tokens are hidden.
    public var masking = TokenMasking()
    /// Decides which they are.
    public var seed: UInt64 = 42
    /// Creates it.
    public init() {}

    /// Every setting.
    public static let settings: [Setting<PerplexityEvaluation>] =
        TokenMasking.settings.map { $0.inside(\.masking) } + [
            Setting("mask_seed", \.seed, "Decides which tokens are hidden.")
        ]

    /// Makes the evaluator.
    public func evaluator(_ data: ExampleTable?, name: String) throws -> any Evaluator {
        guard let data else { throw EvaluationError.missing(evaluation: name, key: "data") }
        return try PerplexityEvaluator(data, masking: masking, seed: seed, name: name)
    }
}
