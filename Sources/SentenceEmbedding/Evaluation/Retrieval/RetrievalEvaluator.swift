import EvaluationMetrics
import ExampleFiles
import Losses
import ModelFolders
import Serialization
import Settings
import Tensors

/// How well the documents that belong to a query are found among all, as `InformationRetrievalEvaluator` of
/// sentence-transformers.
///
/// Accuracy, precision, recall, reciprocal rank, nDCG and mean average precision at several ranks, by the model's own
/// similarity; nDCG at 10 is the primary figure. Memory holds the embeddings of 4096 documents at a time.
public struct RetrievalEvaluator: Evaluator {
    /// What its figures' names begin with.
    public let name: String
    /// `information-retrieval`
    public let task = "information-retrieval"
    private let queries: (identifiers: [String], texts: [String])
    private let documents: (identifiers: [String], texts: [String])
    private let relevant: [Set<String>]
    private let tieRanks: [Int]
    private let prompts: (query: String?, document: String?)

    /// Reads the files of a test.
    ///
    /// - Parameters:
    ///   - queries: A path: an identifier and a text a line, TSV, or JSON lines with `_id` and `text`.
    ///   - documents: A path, in the same formats.
    ///   - relevant: A path: a query's identifier, a document's, and a number above 0 if it is relevant.
    ///   - queryPrompt: What is put in front of every query; nil for the model's prompt.
    ///   - documentPrompt: What is put in front of every document; nil for the model's prompt.
    /// - Throws: `ExampleFileError` or `RunError.file` for what cannot be read, and identifiers that do not fit together.
    public init(
        queries: String, documents: String, relevant: String, queryPrompt: String? = nil,
        documentPrompt: String? = nil, name: String = ""
    ) throws {
        let all = try RetrievalFiles.texts(queries)
        self.documents = try RetrievalFiles.texts(documents)
        let pairs = try RetrievalFiles.relevant(relevant)
        let known = Set(self.documents.identifiers)
        for (query, found) in pairs.sorted(by: { $0.key < $1.key }) {
            guard found.isSubset(of: known) else {
                let missing = found.subtracting(known).sorted()[0]
                throw RunError.file(
                    "\(relevant): the document '\(missing)' of the query '\(query)' is not in \(documents)"
                )
            }
        }
        // A query to which nothing is relevant says nothing.
        let asked = all.identifiers.indices.filter { pairs[all.identifiers[$0]] != nil }
        guard !asked.isEmpty else {
            throw RunError.file("\(relevant): none of its queries is in \(queries)")
        }
        self.queries = (asked.map { all.identifiers[$0] }, asked.map { all.texts[$0] })
        self.relevant = asked.map { pairs[all.identifiers[$0]] ?? [] }
        tieRanks = Ranking.tieRanks(self.documents.identifiers)
        prompts = (queryPrompt, documentPrompt)
        self.name = name
    }

    /// Figures such as `cosine_ndcg@10`.
    ///
    /// - Throws: `EvaluationError.promptNotPooled` for prompts with a model that does not pool them.
    public func evaluate(
        _ model: SentenceTransformer, losses: [String: any Loss]
    ) throws -> Evaluation {
        if prompts.query != nil || prompts.document != nil, !model.pooling.includesPrompt {
            throw EvaluationError.promptNotPooled
        }
        let similarity = model.settings.similarity
        var metrics = RetrievalMetrics()
        let best = self.best(metrics.depth, model, similarity)
        for (query, found) in best.enumerated() {
            let isRelevant = found.map { relevant[query].contains(documents.identifiers[$0]) }
            metrics.add(isRelevant, relevantCount: relevant[query].count)
        }
        return Evaluation(
            metrics.figures.map { $0.prefixed("\(similarity)_") }, primary: "\(similarity)_ndcg@10")
    }

    /// For each query the documents that are most similar, best first.
    private func best(
        _ count: Int, _ model: SentenceTransformer, _ similarity: SimilarityFunction
    ) -> [[Int]] {
        let asked = model.encode(queries.texts, prompt: prompts.query)
        var kept = [(documents: [Int], scores: [Float])](
            repeating: ([], []), count: queries.texts.count)
        for first in stride(from: 0, to: documents.texts.count, by: 4096) {
            let range = first..<min(first + 4096, documents.texts.count)
            let found = model.encode(Array(documents.texts[range]), prompt: prompts.document)
            let scores = similarity.ofTensors.ofAll(asked, found).values
            for query in kept.indices {
                let row = scores[query * range.count..<(query + 1) * range.count]
                let candidates = kept[query].documents + Array(range)
                let all = kept[query].scores + row
                let order = Ranking.best(
                    count, of: all, tieRanks: candidates.map { tieRanks[$0] })
                kept[query] = (order.map { candidates[$0] }, order.map { all[$0] })
            }
        }
        return kept.map(\.documents)
    }
}

extension SimilarityFunction {
    /// The same function of tensors.
    fileprivate var ofTensors: Similarity {
        switch self {
        case .cosine: .cosine
        case .dot: .dot
        case .euclidean: .euclidean
        case .manhattan: .manhattan
        }
    }
}

/// `retrieval`: queries, documents, and which of them belong together.
public struct RetrievalEvaluation: EvaluationKind {
    /// `retrieval`
    public static let kind = "retrieval"
    /// None: it reads files of its own.
    public static let request: ExampleRequest? = nil
    /// The file of queries.
    public var queries: String?
    /// The file of documents.
    public var corpus: String?
    /// The file that says which document is relevant to which query.
    public var relevant: String?
    /// What is put in front of every query.
    public var queryPrompt: String?
    /// What is put in front of every document.
    public var corpusPrompt: String?
    /// Creates it without files.
    public init() {}

    /// Every setting.
    public static let settings: [Setting<RetrievalEvaluation>] = [
        Setting(path: "queries", \.queries, "The file of queries."),
        Setting(path: "corpus", \.corpus, "The file of documents."),
        Setting(
            path: "relevant", \.relevant,
            "The file that says which document is relevant to which query."),
        Setting(
            "query_prompt", \.queryPrompt, expected: "a text",
            "What is put in front of every query; by default the model's prompt."),
        Setting(
            "corpus_prompt", \.corpusPrompt, expected: "a text",
            "What is put in front of every document; by default the model's prompt."),
    ]
    /// The three files.
    public static var paths: [WritableKeyPath<RetrievalEvaluation, String?>] {
        [\.queries, \.corpus, \.relevant]
    }

    /// Makes the evaluator.
    public func evaluator(_ data: ExampleTable?, name: String) throws -> any Evaluator {
        for (key, path) in [("queries", queries), ("corpus", corpus), ("relevant", relevant)]
        where path == nil {
            throw EvaluationError.missing(evaluation: name, key: key)
        }
        return try RetrievalEvaluator(
            queries: queries ?? "", documents: corpus ?? "", relevant: relevant ?? "",
            queryPrompt: queryPrompt, documentPrompt: corpusPrompt, name: name)
    }
}
