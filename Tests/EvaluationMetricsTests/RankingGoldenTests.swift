import JSON
import Testing

@testable import EvaluationMetrics

/// Figures of rankings beside those of sentence-transformers and trec_eval.
@Suite(.enabled(if: GoldenEvaluators.isPresent)) struct RankingGoldenTests {
    @Test func informationRetrieval() throws {
        let part = try GoldenEvaluators.part("information_retrieval")
        let (queryIDs, corpusIDs) = (try part.texts("query_ids"), try part.texts("corpus_ids"))
        let tieRanks = Ranking.tieRanks(corpusIDs)
        let cases = try part.list("cases")
        #expect(cases.count >= 4)
        for item in cases {
            let options = try item.at("options")
            let width = options["truncate_dim"]?.int
            let queries = try part.rows("queries", width: width)
            let corpus = try part.rows("corpus", width: width)
            func ranks(_ key: String) -> [Int]? {
                options[key]?.elements.map { $0.compactMap(\.int) }
            }
            var figures: [Figure] = []
            for name in ["cosine", "dot"] {
                var metrics = RetrievalMetrics(
                    accuracyAt: ranks("accuracy_at_k") ?? [1, 3, 5, 10],
                    precisionRecallAt: ranks("precision_recall_at_k") ?? [1, 3, 5, 10],
                    ndcgAt: ranks("ndcg_at_k") ?? [10], mrrAt: ranks("mrr_at_k") ?? [10],
                    mapAt: ranks("map_at_k") ?? [100])
                for (id, query) in zip(queryIDs, queries) {
                    let relevant = Set(try part.at("relevant").texts(id))
                    let scores = corpus.map { GoldenEvaluators.similarity(name, query, $0) }
                    let found = Ranking.best(metrics.depth, of: scores, tieRanks: tieRanks)
                    metrics.add(
                        found.map { relevant.contains(corpusIDs[$0]) },
                        relevantCount: relevant.count)
                }
                figures += metrics.figures.map { $0.prefixed("\(name)_") }
            }
            GoldenEvaluators.expect(figures, try item.at("metrics"), options.line)
        }
    }

    @Test func reranking() throws {
        let part = try GoldenEvaluators.part("reranking")
        let embeddings = try part.at("embeddings")
        let cases = try part.list("cases")
        #expect(cases.count >= 4)
        for item in cases {
            let options = try item.at("options")
            let name = options["similarity_fct"]?.string == "dot_score" ? "dot" : "cosine"
            var metrics = RerankingMetrics(at: options["at_k"]?.int ?? 10)
            for sample in try part.list("samples") {
                let (positive, negative) = (
                    try sample.texts("positive"), try sample.texts("negative")
                )
                if positive.isEmpty || negative.isEmpty { continue }
                let query = try embeddings.floats(try #require(sample["query"]?.string))
                metrics.add(
                    scores: try (positive + negative).map {
                        GoldenEvaluators.similarity(name, query, try embeddings.floats($0))
                    },
                    isRelevant: positive.map { _ in true } + negative.map { _ in false })
            }
            GoldenEvaluators.expect(metrics.figures, try item.at("metrics"), options.line)
        }
    }

    /// The documents in their order, and as a cross-encoder's scores order them.
    @Test func crossEncoderReranking() throws {
        let part = try GoldenEvaluators.part("ce_reranking")
        var scores: [String: Float] = [:]
        for triple in try part.list("scores") {
            let elements = try #require(triple.elements)
            scores[try #require(elements[1].string)] = Float(elements[2].double ?? .nan)
        }
        let cases = try part.list("cases")
        #expect(cases.count >= 4)
        for item in cases {
            let options = try item.at("options")
            let k = options["at_k"]?.int ?? 10
            var (base, reranked) = (RerankingMetrics(at: k), RerankingMetrics(at: k))
            for sample in try item.list("samples") {
                let positive = try sample.texts("positive")
                let documents = try sample["documents"] == nil ? nil : sample.texts("documents")
                let others = try documents ?? sample.texts("negative")
                var isRelevant = others.map(positive.contains)
                if documents != nil {
                    let missing = positive.count - isRelevant.count { $0 }
                    let all = isRelevant + Array(repeating: true, count: missing)
                    let inOrder = all.indices.map { Float(all.count - $0) }
                    base.add(scores: inOrder, isRelevant: all)
                }
                var ranked = others
                if options["always_rerank_positives"]?.bool != false {
                    ranked = positive + others.filter { !positive.contains($0) }
                    isRelevant = ranked.map(positive.contains)
                }
                reranked.add(
                    scores: ranked.map { scores[$0] ?? .nan }, isRelevant: isRelevant,
                    irrelevantFirst: true)
            }
            let figures =
                reranked.figures
                + (base.count == 0 ? [] : base.figures.map { $0.prefixed("base_") })
            GoldenEvaluators.expect(figures, try item.at("metrics"), options.line)
        }
    }

    @Test func gradedRelevance() throws {
        let part = try GoldenEvaluators.part("graded")
        let (judged, runs) = (try part.at("qrels"), try part.at("run"))
        var queries: [[Figure]] = []
        for query in try #require(judged.members) {
            let grades = (query.value.members ?? []).map { ($0.key, $0.value.int ?? 0) }
            let found = try #require(runs.at(query.key).members)
                .map { ($0.key, Float($0.value.double ?? .nan)) }
            let figures = GradedRetrieval.figures(
                grades: Dictionary(uniqueKeysWithValues: grades),
                scores: Dictionary(uniqueKeysWithValues: found))
            GoldenEvaluators.expect(figures, try part.at("metrics").at(query.key), query.key)
            queries.append(figures)
        }
        #expect(queries.count >= 6)
        GoldenEvaluators.expect(GradedRetrieval.mean(queries), try part.at("mean"), "mean")
    }
}
