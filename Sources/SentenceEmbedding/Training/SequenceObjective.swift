import ExampleFiles
import Losses
import NeuralNetwork
import Settings
import Tokenization

/// A loss of the tokens of a table's texts, each text by itself.
public final class SequenceObjective: Objective {
    /// The training data.
    public let data: ExampleTable
    /// The loss with its parameters.
    public let module: LossModule
    private let loss: any SequenceLoss

    /// Joins a loss of sequences that was made for a model with data. A head that predicts tokens becomes the model's.
    ///
    /// - Throws: `LossError` when the loss is one of embeddings.
    public init(
        _ module: LossModule, data: ExampleTable, model: SentenceTransformer
    ) throws(LossError) {
        guard let loss = module.loss as? any SequenceLoss else {
            throw .unusable(
                loss: module.name, needs: "the embeddings of texts",
                found: "this objective has their tokens; take an EmbeddingObjective")
        }
        try type(of: loss).check(data)
        self.module = module
        self.data = data
        self.loss = loss
        if let loss = loss as? MaskedLanguageModelLoss { model.languageModelHead = loss.head }
    }

    /// Makes a loss of sequences for a model and some data; parameters that the model's files do not have begin with
    /// numbers drawn from `seed`.
    ///
    /// - Throws: `LossError` when the model is not what the loss needs, or a setting is out of range.
    public convenience init<L: SequenceLoss>(
        _ type: L.Type, _ configuration: L.Configuration = .init(), data: ExampleTable,
        model: SentenceTransformer, seed: UInt64 = 42
    ) throws(LossError) {
        try self.init(
            LossModule(
                type, configuration, context: LossContext(model, data), source: .random(seed: seed)),
            data: data, model: model)
    }

    /// The texts of all columns, row by row.
    public func prepare(_ rows: [Int], _ context: StepContext) -> PreparedStep {
        let texts = rows.flatMap { row in
            data.columnNames.indices.filter { data.text(row, $0) != nil }
                .map { TextPlace(row: row, column: $0) }
        }
        let prepared = loss.prepare(context.ids(texts), seed: context.seed)
        return PreparedStep(
            rows: rows, texts: texts, sequences: prepared.sequences,
            output: prepared.output == .embeddings ? .embeddings : .hiddenStates
        ) { outputs in prepared.loss(outputs[0]) }
    }
}

extension LossModule {
    /// The objective that the loss is on some data.
    ///
    /// - Throws: `LossError` when the data are not what the loss needs, or the modifiers do not go with it.
    func objective(
        on data: ExampleTable, for model: SentenceTransformer, modifiers: LossModifiers
    ) throws(LossError) -> any Objective {
        guard loss is any SequenceLoss else {
            return try EmbeddingObjective(self, data: data, modifiers: modifiers)
        }
        if modifiers != LossModifiers() {
            throw .unusable(
                loss: name, needs: "whole tokens",
                found: "matryoshka_dims and adaptive_layer are about embeddings; leave them out")
        }
        return try SequenceObjective(self, data: data, model: model)
    }
}

extension EncoderContext {
    /// What losses of sequences may ask of a model.
    public init(_ model: SentenceTransformer) {
        self.init(
            bert: model.bert, head: model.languageModelHead, tokens: TokenKinds(model.tokenizer))
    }
}

extension TokenKinds {
    /// The tokens of a tokenizer.
    public init(_ tokenizer: BertTokenizer) {
        let tokens = tokenizer.vocabulary.tokens
        let configuration = tokenizer.configuration
        let special = Set(tokenizer.addedTokens.filter(\.special).map(\.content))
        let prefix = configuration.continuingSubwordPrefix
        self.init(
            maskID: tokenizer.vocabulary.id(of: configuration.maskToken),
            isSpecial: tokens.map { $0.isEmpty || special.contains($0) },
            continuesWord: tokens.enumerated().map { id, token in
                id < tokenizer.wordPieceCount && !prefix.isEmpty && token.hasPrefix(prefix)
            })
    }
}
