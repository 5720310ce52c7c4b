import EvaluationMetrics
import Losses
import SentenceEmbedding
import Testing

/// Figures that are undefined, and evaluators that fail, beside those that are in order.
@Suite struct EvaluationTests {
    private struct Broken: Evaluator, Error {
        func evaluate(
            _ model: SentenceTransformer, losses: [String: any Loss]
        ) throws -> Evaluation { throw self }
    }
    private struct Fixed: Evaluator {
        let figure: String
        func evaluate(
            _ model: SentenceTransformer, losses: [String: any Loss]
        ) -> Evaluation {
            Evaluation([Figure(figure, 0.5)], primary: figure)
        }
    }

    @Test func whatIsNotGivenIsNamed() throws {
        for kind in Evaluations.all {
            let missing = kind.request == nil ? "queries" : "data"
            for (name, key) in [("a", "evaluate.a.\(missing)"), ("", missing)] {
                let error = #expect(throws: EvaluationError.self) {
                    try kind.init().evaluator(nil, name: name)
                }
                #expect(error == .missing(evaluation: name, key: missing))
                #expect(
                    error?.description
                        == "no \(key) is given, so there is nothing to measure on")
            }
        }
    }

    @Test func anUndefinedFigureTakesNoOtherAlong() throws {
        let evaluator = try EmbeddingSimilarityEvaluator(TinyModel.scored(5))
        let good = [0.1, 0.2, 0.3, 0.4, 0.6]
        let evaluation = evaluator.evaluation(
            of: [
                .cosine: good, .dot: [1, 1, 1, 1, 1], .euclidean: [0, 1, .nan, 2, 3],
                .manhattan: good,
            ], primary: .cosine)
        #expect(abs(evaluation.primary - 1) < 1e-12)
        #expect(evaluation["spearman_cosine"] == evaluation.primary)
        #expect(evaluation["spearman_manhattan"] == evaluation.primary)
        #expect(
            evaluation.figures.filter { $0.value.isNaN }.map(\.name) == [
                "spearman_dot", "pearson_dot", "spearman_euclidean", "pearson_euclidean",
            ])
        #expect(evaluation.defined.count == 4)
        #expect(
            evaluation.problems == [
                "spearman_dot, pearson_dot: \(CorrelationError.constant(series: 1, value: 1))",
                "spearman_euclidean, pearson_euclidean: \(CorrelationError.notFinite(series: 1, index: 2))",
            ])
    }

    @Test func similaritiesComputedOnceServeTwice() throws {
        let (model, evaluator) = (
            try TinyModel.make(), try EmbeddingSimilarityEvaluator(TinyModel.scored(10))
        )
        #expect(
            try evaluator.evaluation(of: evaluator.similarities(model), primary: .cosine)
                == evaluator.evaluate(model))
    }

    @Test func anEvaluatorThatFailsTakesNoOtherAlong() throws {
        let model = try TinyModel.make()
        let second = try Evaluators([Fixed(figure: "a"), Broken(), Fixed(figure: "b")]).evaluate(
            model)
        #expect(second.figures.map(\.name) == ["a", "b"])
        #expect(second.primaryName == "a")
        #expect(second.problems == ["Broken: Broken()"])
        // Another's figure never chooses in the place of the first one's.
        let first = try Evaluators([Broken(), Fixed(figure: "b")]).evaluate(model)
        #expect(first["b"] == 0.5)
        #expect(first.primaryName == nil)
        #expect(first.primary.isNaN)
        #expect(throws: Broken.self) { try Evaluators([Broken(), Broken()]).evaluate(model) }
    }

    @Test func aClassifierWithoutFiniteScoresHasNoAccuracy() throws {
        let model = try TinyModel.make()
        let loss = try TinyModel.softmax(model, TinyModel.labelled(6)).module
        let evaluator = try LabelAccuracyEvaluator(TinyModel.labelled(6))
        let losses = [TrainingTask.onlyName: try #require(loss.loss as? any Loss)]
        #expect(try evaluator.evaluate(model, losses: losses).primary.isFinite)
        let bias = try #require(loss.parameters.first { $0.name == "classifier.bias" })
        bias.setValues(of: bias.parts[0]) { $0[1] = .nan }
        let evaluation = try evaluator.evaluate(model, losses: losses)
        #expect(evaluation.primary.isNaN)
        #expect(
            evaluation.problems.first?.hasPrefix(
                "accuracy: the classifier's scores of row 0 (from 0) are not finite") == true)
    }
}
