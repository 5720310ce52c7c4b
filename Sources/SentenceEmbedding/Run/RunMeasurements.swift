import EvaluationMetrics
import Losses

/// An evaluation of a recipe, ready to measure.
struct RunEvaluation {
    let recipe: EvaluationRecipe
    let evaluator: any Evaluator
}

/// What a run measures on held-out data: dev as it goes, test before and after it, and what each made of every row.
///
/// What was measured on the weights that are delivered is not measured again.
final class RunMeasurements: TrainingCallback {
    let dev: [RunEvaluation]
    let test: [RunEvaluation]
    /// Where predictions are kept, if this process keeps them.
    private let folder: RunFolder?
    private let note: (TrainingNote) -> Void
    /// The evaluations of the last and of the best step that this process measured.
    private var measured: [(step: Int, evaluation: Evaluation)] = []
    /// What this process measured of the rows before training, by the name of the evaluation.
    private var before: [String: Predictions] = [:]

    init(
        dev: [RunEvaluation], test: [RunEvaluation], folder: RunFolder?,
        note: @escaping (TrainingNote) -> Void
    ) {
        (self.dev, self.test, self.folder, self.note) = (dev, test, folder, note)
    }

    func handle(_ event: TrainingEvent, _ trainer: Trainer) -> TrainingControl {
        let step = trainer.state.step
        switch event {
        case .started where step == 0: measureTest(before: trainer)
        case .evaluated(let evaluation, let isBest):
            if isBest { measured = [] }
            // The best stays, and the last is replaced.
            measured = measured.prefix(1) + [(step, evaluation)]
            if step == 0 {
                for (item, part) in zip(dev, evaluation.parts) {
                    keepBefore(part?.predictions, of: item)
                }
            }
        default: break
        }
        return .proceed
    }

    private func measureTest(before trainer: Trainer) {
        if test.isEmpty { return }
        note(.doing("measuring test before training"))
        let evaluations = test.map { item in
            try? trainer.withSavedWeights {
                try item.evaluator.evaluate(trainer.model, losses: trainer.losses)
                    .named(item.evaluator.name)
            }
        }
        var figures: [String: Double] = [:]
        for evaluation in evaluations { figures.merge(evaluation?.defined ?? [:]) { $1 } }
        trainer.state.testBefore = figures
        for (item, evaluation) in zip(test, evaluations) {
            keepBefore(evaluation?.predictions, of: item)
        }
    }

    /// What an evaluation gave for the model that is delivered.
    struct Measurement {
        let item: RunEvaluation
        let evaluation: Evaluation
        /// The interval of the change of its primary figure.
        let interval: ClosedRange<Double>?
    }

    /// Measures the model that is delivered, in the order of the recipe's evaluations.
    ///
    /// - Parameter step: The step whose weights the model has to the last bit; nil for none.
    func measure(
        _ model: SentenceTransformer, _ losses: [String: any Loss], ofStep step: Int?
    ) -> [Measurement] {
        let known: [Evaluation?] =
            measured.last { $0.step == step }?.evaluation.parts ?? dev.map { _ in nil }
        let all = Array(zip(dev + test, known + test.map { _ in nil }))
        return all.compactMap { item, evaluation -> Measurement? in
            do {
                let evaluation = try evaluation ?? measure(item, model, losses)
                return Measurement(
                    item: item, evaluation: evaluation,
                    interval: interval(evaluation.predictions, of: item))
            } catch {
                // The model is worth keeping all the same.
                note(.other("\(item.recipe.split): no evaluation: \(error)"))
                return nil
            }
        }
    }

    private func measure(
        _ item: RunEvaluation, _ model: SentenceTransformer, _ losses: [String: any Loss]
    ) throws -> Evaluation {
        note(.doing("measuring \(item.recipe.name)"))
        return try item.evaluator.evaluate(model, losses: losses).named(item.evaluator.name)
    }

    // MARK: - Rows

    private func keepBefore(_ predictions: Predictions?, of item: RunEvaluation) {
        before[item.recipe.name] = predictions
        write(item) { try $0.write(before: predictions, after: nil) }
    }

    /// Writes the predictions of the rows beside those before training, and compares the two.
    private func interval(
        _ after: Predictions?, of item: RunEvaluation
    ) -> ClosedRange<Double>? {
        guard let after else { return nil }
        var before = self.before[item.recipe.name]
        write(item) { file in
            if before == nil { before = try file.before(like: after) }
            try file.write(before: before, after: after)
        }
        return before.flatMap { PairedBootstrap.interval(from: $0, to: after) }
    }

    private func write(_ item: RunEvaluation, _ body: (PredictionFile) throws -> Void) {
        guard let folder, let table = item.evaluator.table else { return }
        do { try body(PredictionFile(folder, name: item.recipe.name, table)) } catch {
            note(.other("\(item.recipe.name): its predictions are not kept: \(error)"))
        }
    }
}
