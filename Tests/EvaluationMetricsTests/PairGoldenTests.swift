import JSON
import Testing

@testable import EvaluationMetrics

/// Figures of pairs, triplets and single texts beside those of sentence-transformers and scikit-learn.
@Suite(.enabled(if: GoldenEvaluators.isPresent)) struct PairGoldenTests {
    @Test func embeddingSimilarity() throws {
        let part = try GoldenEvaluators.part("embedding_similarity")
        var compared = 0
        for item in try part.list("cases") {
            let options = try item.at("options")
            // Quantized embeddings are another subject.
            if options["precision"] != nil { continue }
            let width = options["truncate_dim"]?.int
            let (a, b) = (try part.rows("a", width: width), try part.rows("b", width: width))
            let gold = try item.numbers("labels")
            let names =
                options["main_similarity"] == nil ? GoldenEvaluators.similarities : ["cosine"]
            let groups = try names.map { name in
                let scores = zip(a, b).map {
                    Double(GoldenEvaluators.similarity(name, $0, $1))
                }
                return [
                    Figure("pearson_", try Correlation.pearson(scores, gold)),
                    Figure("spearman_", try Correlation.spearman(scores, gold)),
                ]
            }
            let all = names.count > 1 ? [("max", Figure.best(of: groups))] : []
            let figures = (Array(zip(names, groups)) + all).flatMap { name, group in
                group.map { Figure($0.name + name, $0.value) }
            }
            GoldenEvaluators.expect(figures, try item.at("metrics"), options.line, tolerance: 1e-5)
            compared += 1
        }
        #expect(compared >= 6)
        let correlation = try GoldenEvaluators.part("ce_correlation")
        let (scores, labels) = (
            try correlation.numbers("scores"), try correlation.numbers("labels")
        )
        GoldenEvaluators.expect(
            [
                Figure("pearson", try Correlation.pearson(scores, labels)),
                Figure("spearman", try Correlation.spearman(scores, labels)),
            ], try correlation.at("metrics"), "ce_correlation")
    }

    @Test func binaryClassification() throws {
        let cases = try #require(try GoldenEvaluators.part("binary_classification").elements)
        for item in cases {
            let labels = try item.numbers("labels").map { $0 == 1 }
            let groups = try GoldenEvaluators.similarities.map { name in
                let isDistance = name == "euclidean" || name == "manhattan"
                let scores = try item.at("scores").floats(name)
                return BinaryClassification.figures(
                    scores: isDistance ? scores.map { -$0 } : scores, labels: labels,
                    higherIsPositive: !isDistance)
            }
            var figures = zip(GoldenEvaluators.similarities, groups).flatMap { name, group in
                group.map { $0.prefixed("\(name)_") }
            }
            figures += Figure.best(of: groups).map { $0.prefixed("max_") }
            GoldenEvaluators.expect(
                figures, try item.at("metrics"), item["id"]?.string ?? "")
        }
        #expect(cases.count >= 5)
    }

    @Test func crossEncoderClassification() throws {
        let cases = try #require(try GoldenEvaluators.part("ce_classification").elements)
        #expect(cases.count == 2)
        for item in cases {
            let labels = try item.numbers("labels").map { Int($0) }
            if try item.list("scores").first?.elements == nil {
                let figures = BinaryClassification.figures(
                    scores: try item.floats("scores"), labels: labels.map { $0 == 1 })
                let named = figures.filter { $0.name != "mcc" }.map {
                    $0.name == "ap" ? Figure("average_precision", $0.value) : $0
                }
                GoldenEvaluators.expect(named, try item.at("metrics"), "one score")
            } else {
                let rows = try item.rows("scores")
                let predictions = Classification.predictions(
                    rows.flatMap { $0 }, classes: rows[0].count)
                GoldenEvaluators.expect(
                    Classification.f1(predictions, labels), try item.at("metrics"), "classes")
            }
        }
    }

    @Test func labelAccuracy() throws {
        let part = try GoldenEvaluators.part("label_accuracy")
        let rows = try part.rows("logits")
        let predictions = Classification.predictions(
            rows.flatMap { $0 }, classes: rows[0].count)
        let labels = try part.numbers("labels").map { Int($0) }
        GoldenEvaluators.expect(
            [Classification.accuracy(predictions, labels)], try part.at("metrics"), "accuracy")
    }

    @Test func triplets() throws {
        let part = try GoldenEvaluators.part("triplet")
        let cases = try part.list("cases")
        #expect(cases.count >= 5)
        for item in cases {
            let options = try item.at("options")
            let width = options["truncate_dim"]?.int
            let anchor = try part.rows("anchor", width: width)
            let positive = try part.rows("positive", width: width)
            let negative = try part.rows("negative", width: width)
            let groups = GoldenEvaluators.similarities.map { name in
                let margin = options["margin"]?.double ?? options["margin"]?[name]?.double ?? 0
                return [
                    TripletAccuracy.figure(
                        positive: zip(anchor, positive).map {
                            GoldenEvaluators.similarity(name, $0, $1)
                        },
                        negative: zip(anchor, negative).map {
                            GoldenEvaluators.similarity(name, $0, $1)
                        }, margin: Float(margin))
                ]
            }
            let figures = zip(GoldenEvaluators.similarities, groups).flatMap { name, group in
                group.map { $0.prefixed("\(name)_") }
            }
            GoldenEvaluators.expect(
                figures + Figure.best(of: groups).map { $0.prefixed("max_") },
                try item.at("metrics"), options.line)
        }
    }

    @Test func meanSquaredError() throws {
        let cases = try #require(try GoldenEvaluators.part("mse").elements)
        #expect(cases.count >= 2)
        for item in cases {
            let width = try item.at("options")["truncate_dim"]?.int
            let figure = MeanSquaredError.figure(
                student: try item.rows("student", width: width).flatMap { $0 },
                teacher: try item.rows("teacher", width: width).flatMap { $0 })
            GoldenEvaluators.expect([figure], try item.at("metrics"), "mse")
        }
    }

    @Test func translation() throws {
        let part = try GoldenEvaluators.part("translation")
        let (source, target) = (try part.rows("source"), try part.rows("target"))
        let figures = TranslationAccuracy.figures(
            source: source.flatMap { $0 }, target: target.flatMap { $0 }, width: source[0].count,
            sourceTexts: try part.texts("source_text"), targetTexts: try part.texts("target_text"))
        GoldenEvaluators.expect(figures, try part.at("metrics"), "translation")
    }

    @Test func paraphraseMining() throws {
        let part = try GoldenEvaluators.part("paraphrase_mining")
        let ids = try part.texts("ids")
        // A duplicate of a text that there is not is left out.
        let given = try part.list("duplicates").compactMap { pair -> (Int, Int)? in
            let rows = (pair.strings ?? []).compactMap { ids.firstIndex(of: $0) }
            return rows.count == 2 ? (min(rows[0], rows[1]), max(rows[0], rows[1])) : nil
        }
        let cases = try part.list("cases")
        #expect(cases.count >= 5)
        for item in cases {
            let options = try item.at("options")
            let rows = try part.rows("embeddings", width: options["truncate_dim"]?.int)
            let duplicates =
                options["add_transitive_closure"] == nil ? given : PairMining.closure(of: given)
            let isDuplicate = Set(duplicates.map { $0.0 * ids.count + $0.1 })
            let pairs = PairMining.pairs(
                rows.flatMap { $0 }, width: rows[0].count,
                neighbours: options["top_k"]?.int ?? 100,
                count: options["max_pairs"]?.int ?? 500_000)
            #expect(isDuplicate.count == item["total_duplicates"]?.int)
            let figures = PairMining.figures(
                pairs.map { ($0.score, isDuplicate.contains($0.first * ids.count + $0.second)) },
                duplicates: isDuplicate.count)
            GoldenEvaluators.expect(figures, try item.at("metrics"), options.line)
        }
    }
}
