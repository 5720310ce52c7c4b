import Communication
import Foundation
import Kernels
import ModelFolders
import NeuralNetwork
import Serialization
import Tensors
import Tokenization

/// A sentence-embedding model: tokenizer, BERT, pooling and, if the model has them, further modules: dense layers,
/// normalisation, dropout.
///
/// As a siamese network (Reimers and Gurevych 2019, arXiv:1908.10084) it embeds both sentences of a pair
/// with the same weights. The model is not thread-safe; its kernels use all threads.
public final class SentenceTransformer {
    /// Tokens computed at a time when encoding: enough to keep every core busy, few enough for the caches.
    public static let defaultTokensPerBatch = 1024

    /// Text to ids.
    public let tokenizer: BertTokenizer
    /// The encoder.
    public let bert: Bert
    /// Token vectors to sentence vectors.
    public let pooling: Pooling
    /// What sentence vectors go through after the pooling, in order.
    public let modules: [SentenceModule]
    /// The dense layers among the modules, in order; none for most models.
    public let dense: [Dense]
    /// How embeddings are compared unless it is said otherwise, and the prompts that the model was trained with.
    public let settings: ModelSettings
    /// What is put in front of every text: first the default prompt of `settings`, mostly none.
    public private(set) var prompt = ""
    /// The tokens at the start of every sequence that are not pooled, because the prompt is not; mostly none.
    private var unpooledTokens = 0
    /// What a person should know about the files that the model was read from, in sentences.
    public internal(set) var notes: [String] = []
    /// The most tokens of a sentence that are read, both special tokens included: 3 or more, and no more than
    /// the encoder has positions.
    public var maxSequenceLength: Int {
        didSet {
            let lengths = 3...bert.configuration.maxPositionEmbeddings
            precondition(lengths.contains(maxSequenceLength), "a length outside \(lengths)")
        }
    }
    /// Length of what the modules give, before it is cut to `embeddingDimension`.
    public let wholeDimension: Int
    /// Length of an embedding, which is the first part of what the modules give; mostly all of it.
    public private(set) var embeddingDimension: Int
    /// Every parameter of the encoder and of the dense layers.
    public let parameters: ParameterStore
    /// Packs the encoder's weights once for all embeddings computed from now on, in numbers of a precision that must be
    /// available, until they change; nil: no longer.
    ///
    /// The packed weights come on top of the weights themselves: half as many bytes in bfloat16, a quarter in int8. In int8
    /// an embedding's cosine to that in float32 is about 0.998.
    public func packWeights(_ precision: GEMM.Precision?) {
        for layer in bert.linearLayers { layer.weight.pack(precision) }
    }

    /// Which encoder the files held that the model was read from.
    public internal(set) var encoder = EncoderKind.bert
    /// What the numbers of products with the model's weights are rounded to, as `torch.autocast` does it, and what a training
    /// keeps of activations: weights, gradients, sums, losses and the forward pass of LayerNorm and attention stay float32.
    /// It must be available on this processor.
    public var precision = GEMM.Precision.float32 {
        didSet { for parameter in allParameters { parameter.precision = precision } }
    }
    /// The processes that share what `encode` and evaluations compute: all have the same model and call them with the same
    /// texts, as otherwise they would wait for each other. nil: this one alone.
    public var processes: (any Communicator)?
    /// What is trained in place of the parameters, if anything is.
    public internal(set) var adapters: Adapters?
    /// The head that predicts tokens, where the model came with one or is trained with one; embeddings do not use it.
    public internal(set) var languageModelHead: MaskedLanguageModelHead?

    /// Creates a model that gets its weights from `source`.
    ///
    /// - Throws: `ConfigurationError` when there can be no such encoder, a dense layer does not fit the module
    ///   before it, or sentences would be cut to nothing; `ParameterError` when the weights do not fit;
    ///   `ModelError` when the vocabulary does not.
    public init(
        _ configuration: BertConfiguration, tokenizer: BertTokenizer, pooling: Pooling = Pooling(),
        modules: [SentenceModule] = [], settings: ModelSettings = ModelSettings(),
        maxSequenceLength: Int? = nil, source: ParameterSource
    ) throws {
        try configuration.validate()
        let tokens = tokenizer.vocabulary.reachableEnd
        guard tokens <= configuration.vocabularySize else {
            throw ModelError.vocabularyTooLarge(tokens: tokens, rows: configuration.vocabularySize)
        }
        wholeDimension = try DenseConfiguration.width(
            after: modules.denseLayers, from: configuration.hiddenSize * pooling.modes.count)
        embeddingDimension = wholeDimension
        self.tokenizer = tokenizer
        self.pooling = pooling
        self.modules = modules
        self.settings = settings
        self.maxSequenceLength = min(
            maxSequenceLength ?? configuration.maxPositionEmbeddings,
            configuration.maxPositionEmbeddings)
        guard self.maxSequenceLength >= 3 else {
            throw ConfigurationError(
                key: "max_seq_length", found: "\(self.maxSequenceLength)",
                expected: "3 or more tokens: two are special")
        }
        parameters = ParameterStore(source: source)
        let root = parameters.root
        bert = Bert(configuration, in: root)
        dense = modules.denseLayers.enumerated().map { index, layer in
            Dense(layer, in: root / ModuleWeights.name(index) / "linear")
        }
        try parameters.validate()
        try setPrompt(settings.defaultPrompt)
        // As sentence-transformers has it: a length above the model's cuts nothing.
        try truncateEmbeddings(to: settings.truncateDimension.map { min($0, wholeDimension) })
    }

    /// Who multiplies, and what, on which the last bits of everything computed depend: `own`, `library`, `bfloat16`,
    /// `AMX bfloat16` or `int8`.
    var products: String {
        precision == .float32 ? GEMM.Engine.preferred.rawValue : precision.arithmetic
    }

    /// The numbers in all parameters.
    public var parameterCount: Int { parameters.reduce(0) { $0 + $1.shape.count } }

    /// Whether whole embeddings are scaled to length 1.
    public var normalizes: Bool { modules.normalizes }

    /// Whether embeddings have length 1: they are scaled, and not cut afterwards.
    public var givesUnitLength: Bool { normalizes && embeddingDimension == wholeDimension }

    /// Puts a text in front of every sentence from now on, in place of the prompt that was there; "" is none.
    ///
    /// It is as if the sentences themselves began with it, but for models that do not pool a prompt's tokens: those
    /// pool what comes after as many tokens as the prompt has when it stands alone.
    ///
    /// - Throws: `ModelError.promptTooLong` when it leaves no token to a sentence.
    public func setPrompt(_ prompt: String) throws(ModelError) {
        let ids = tokenizer.encode(prompt, maxLength: maxSequenceLength)
        guard ids.count < maxSequenceLength else {
            throw .promptTooLong(prompt: prompt, maxLength: maxSequenceLength)
        }
        self.prompt = prompt
        unpooledTokens = unpooledTokens(of: prompt)
    }

    /// How many tokens at the start of every sequence are not pooled when this prompt is in front.
    func unpooledTokens(of prompt: String) -> Int {
        if pooling.includesPrompt || prompt.isEmpty { return 0 }
        return tokenizer.encode(prompt, maxLength: maxSequenceLength).count - 1
    }

    /// Puts the model's prompt of this name, or a text, in front of every sentence; without either, the one that is there
    /// is measured anew, for the longest sequence may have changed since.
    ///
    /// - Throws: `ModelError.promptTooLong`, and what `ModelSettings` throws for a name that it does not have.
    public func setPrompt(name: String?, text: String?) throws {
        try setPrompt(text ?? name.map { try settings.prompt(named: $0) } ?? prompt)
    }

    /// Keeps the first numbers of each embedding from now on (`truncate_dim`), as models trained for that allow; nil for
    /// all. They are cut as they are: a length of 1 is lost.
    ///
    /// `encode` gives such embeddings; training computes whole ones.
    ///
    /// - Throws: `ConfigurationError` for a length outside 1 and `wholeDimension`.
    public func truncateEmbeddings(to dimension: Int?) throws(ConfigurationError) {
        let dimension = dimension ?? wholeDimension
        guard (1...wholeDimension).contains(dimension) else {
            throw ConfigurationError(
                key: "truncate_dim", found: "\(dimension)",
                expected: "1...\(wholeDimension), the numbers in an embedding of the model")
        }
        embeddingDimension = dimension
    }

    /// What `body` makes of the model while its embeddings are whole.
    func withWholeEmbeddings<Result>(_ body: (SentenceTransformer) -> Result) -> Result {
        let before = embeddingDimension
        defer { embeddingDimension = before }
        embeddingDimension = wholeDimension
        return body(self)
    }

    /// Checks that every weight is finite, and so an embedding: to be called before the model is handed on.
    ///
    /// - Throws: `NonFiniteError` naming the first array with a NaN or an infinity, or
    ///   `ModelError.embeddingNotFinite`.
    public func requireFinite() throws {
        try allParameters.requireFinite()
        // Finite weights can be so large that nothing computed with them is.
        let count = min(16, maxSequenceLength)
        let ids = (0..<count).map { Int32($0 * tokenizer.vocabulary.reachableEnd / count) }
        guard self(TokenBatch([ids])).values.allSatisfy(\.isFinite) else {
            throw ModelError.embeddingNotFinite
        }
    }

    /// Whole embeddings of a packed batch: [sequences, dimension]. Recorded when there is a tape.
    public func callAsFunction(_ batch: TokenBatch, on tape: Tape? = nil) -> Tensor {
        finished(pooled(bert(batch, on: tape), batch.layout))
    }

    /// Whole embeddings of a packed batch by the model as it would be if it ended after each of some layers, as
    /// `Bert.hiddenStates` counts them: of each [sequences, dimension].
    public func embeddings(
        _ batch: TokenBatch, afterLayers layers: [Int], on tape: Tape? = nil
    ) -> [Tensor] {
        bert.hiddenStates(batch, afterLayers: layers, on: tape)
            .map { finished(pooled($0, batch.layout)) }
    }

    /// The token vectors of each sequence as one: [tokens, hidden] to [sequences, width].
    public func pooled(_ hidden: Tensor, _ layout: SequenceLayout) -> Tensor {
        pooling(hidden, layout, skipping: unpooledTokens)
    }

    /// What comes after the pooling: [sequences, width] to [sequences, dimension].
    public func finished(_ pooled: Tensor) -> Tensor {
        var layers = dense.makeIterator()
        return modules.reduce(pooled) { x, module in
            switch module {
            case .dense: layers.next().map { $0(x) } ?? x
            case .normalize: x.normalized()
            case .dropout(let probability): x.dropout(probability)
            }
        }
    }

    /// The ids of each sentence with the prompt, by default the model's, in front, cut at `maxSequenceLength`, on all
    /// threads.
    public func tokenize(_ sentences: [String], prompt: String? = nil) -> [[Int32]] {
        tokenize(sentences, prompt: prompt ?? self.prompt, maxLength: maxSequenceLength)
    }

    func tokenize(_ sentences: [String], prompt: String, maxLength: Int) -> [[Int32]] {
        var ids = [[Int32]](repeating: [], count: sentences.count)
        ids.withUnsafeMutableBufferPointer { ids in
            nonisolated(unsafe) let ids = ids
            ThreadPool.shared.ranges(sentences.count, grain: 4) { range in
                for i in range {
                    ids[i] = tokenizer.encode(
                        prompt.isEmpty ? sentences[i] : prompt + sentences[i],
                        maxLength: maxLength)
                }
            }
        }
        return ids
    }

    /// Embeddings of sentences in their order: [sentences, dimension].
    ///
    /// Sentences of similar length are computed together, up to `tokensPerBatch` tokens at a time, and those
    /// with the same ids once. An embedding does not depend on the sentences around it: not at all with our own
    /// matrix products (`GEMM.Engine`), and with a BLAS library's but for the rounding of the last bits.
    public func encode(
        _ sentences: [String], prompt: String? = nil,
        tokensPerBatch: Int = SentenceTransformer.defaultTokensPerBatch
    ) -> Tensor {
        encode(
            tokenize(sentences, prompt: prompt),
            unpooledTokens: prompt.map(unpooledTokens(of:)) ?? unpooledTokens,
            tokensPerBatch: tokensPerBatch)
    }

    /// With so many batches for each thread the threads end at about the same time though they share none.
    private static let batchesPerThread = 4

    /// Sentences in an order in batches of up to so many tokens; a longer sentence is a batch.
    private static func batches(
        of order: [Int], _ tokensPerBatch: Int, count: (Int) -> Int
    ) -> [ArraySlice<Int>] {
        var batches: [ArraySlice<Int>] = []
        var next = 0
        while next < order.count {
            var (end, tokens) = (next, 0)
            repeat {
                tokens += count(order[end])
                end += 1
            } while end < order.count && tokens + count(order[end]) <= tokensPerBatch
            batches.append(order[next..<end])
            next = end
        }
        return batches
    }

    /// Gives every process the rows of all sentences; each has computed the batches that were dealt to it, in turn.
    private static func exchange(
        _ batches: [ArraySlice<Int>], among processes: any Communicator, in result: Storage,
        width: Int
    ) {
        // Some at a time, for the copies that travel.
        let largest = batches.map(\.count).max() ?? 1
        let round = max(1, (256 << 20) / (width * MemoryLayout<Float>.stride * largest))
        for first in stride(from: 0, to: batches.count, by: round) {
            let some = first..<min(first + round, batches.count)
            let sentences = (0..<processes.size).map { rank in
                some.filter { $0 % processes.size == rank }.flatMap { batches[$0] }
            }
            let all = Storage(sentences.reduce(0) { $0 + $1.count } * width)
            let own = Storage(sentences[processes.rank].count * width)
            for (row, sentence) in sentences[processes.rank].enumerated() {
                (own.base + row * width).update(from: result.base + sentence * width, count: width)
            }
            let bytes = width * MemoryLayout<Float>.stride
            processes.gather(
                UnsafeRawBufferPointer(
                    start: own.base, count: sentences[processes.rank].count * bytes),
                into: UnsafeMutableRawBufferPointer(
                    start: all.base, count: all.count / width * bytes),
                counts: sentences.map { $0.count * bytes })
            for (row, sentence) in sentences.joined().enumerated() {
                (result.base + sentence * width).update(from: all.base + row * width, count: width)
            }
        }
    }

    /// Embeddings of sentences that are ids already, a prompt's in front of them, in their order:
    /// [sentences, dimension].
    func encode(_ ids: [[Int32]], unpooledTokens: Int, tokensPerBatch: Int) -> Tensor {
        var known: [[Int32]: Int] = [:]
        let original = ids.enumerated().map { index, ids in
            if let first = known[ids] { return first }
            known[ids] = index
            return index
        }
        let order = ids.indices.filter { original[$0] == $0 }
            .sorted { (ids[$1].count, $0) < (ids[$0].count, $1) }
        let width = embeddingDimension
        let result = Storage(ids.count * width)
        func compute(_ sentences: ArraySlice<Int>) {
            let tokens = TokenBatch(sentences.map { ids[$0] })
            let batch = finished(pooling(bert(tokens), tokens.layout, skipping: unpooledTokens))
            for (row, sentence) in sentences.enumerated() {
                (result.base + sentence * width).update(
                    from: batch.base + row * wholeDimension, count: width)
            }
        }
        let batches = Self.batches(of: order, tokensPerBatch) { ids[$0].count }
        let own = stride(from: processes?.rank ?? 0, to: batches.count, by: processes?.size ?? 1)
            .map { batches[$0] }
        if own.count < Self.batchesPerThread * ThreadPool.shared.count {
            own.forEach(compute)
        } else {
            // Each thread a batch of its own: none waits for another, and what it computes stays in its caches. No
            // optimizer may owe the weights anything then.
            for parameter in allParameters { _ = parameter.value }
            ThreadPool.shared.run(own.count) { batch, _ in compute(own[batch]) }
        }
        if let processes {
            // Those that had nothing to compute do not know how long it takes.
            if batches.count < processes.size { processes.wait() }
            Self.exchange(batches, among: processes, in: result, width: width)
        }
        for (sentence, first) in original.enumerated() where sentence != first {
            (result.base + sentence * width).update(from: result.base + first * width, count: width)
        }
        return Tensor([ids.count, width], result)
    }
}

/// Parts of a model that do not fit together.
public enum ModelError: Error, Equatable, CustomStringConvertible {
    /// The tokenizer can produce ids for which there is no embedding.
    case vocabularyTooLarge(tokens: Int, rows: Int)
    /// The vocabulary of a folder is shorter than the table of embeddings.
    case vocabularyTooSmall(path: String, tokens: Int, rows: Int)
    /// Weights that are finite, but lead to embeddings that are not.
    case embeddingNotFinite
    /// A prompt fills the longest sequence that the model reads.
    case promptTooLong(prompt: String, maxLength: Int)
    /// A token to be added that is no text to the tokenizer.
    case emptyToken(String)
    /// There is nothing at the path.
    case noModel(path: String)

    /// What happened and what to do.
    public var description: String {
        switch self {
        case .vocabularyTooLarge(let tokens, let rows):
            "the vocabulary has \(tokens) tokens, but the weights have rows for only \(rows) (vocab_size in config.json): use the vocabulary that the model was trained with"
        case .vocabularyTooSmall(let path, let tokens, let rows):
            "\(path): the vocabulary has \(tokens) tokens, but vocab_size in config.json is \(rows): it was probably cut off, fetch vocab.txt and tokenizer.json again. If the table of embeddings is larger on purpose, add tokens such as [unused0] up to that number"
        case .embeddingNotFinite:
            "embeddings are NaN or infinite, though each weight is finite: they are far too large, because training diverged; use an earlier checkpoint, or train again with a lower learning rate"
        case .promptTooLong(let prompt, let maxLength):
            "the prompt '\(prompt)' leaves no token to a sentence: the model reads \(maxLength) at most, the special ones included; give a shorter one"
        case .emptyToken(let token):
            "the token \(token.debugDescription) cannot be added: the tokenizer reads it as no text at all; take it out"
        case .noModel(let path):
            "\(path): no such file or folder; give the folder of a BERT model (config.json, model.safetensors, vocab.txt) or a checkpoint (.h5)"
        }
    }
}
