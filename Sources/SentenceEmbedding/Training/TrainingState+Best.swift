import EvaluationMetrics
import Foundation

/// Which evaluation is the best, and which count for patience.
extension TrainingState {
    /// Keeps an evaluation's score; true when it is the best so far.
    ///
    /// The evaluation before the first step is a candidate only if `startMayWin`. One in which a watched figure fell too
    /// far is none: see `regressions(_:)`, which is to be asked afterwards.
    mutating func note(
        _ evaluation: Evaluation, minDelta: Double = 0, startMayWin: Bool = false
    ) -> Bool {
        let figure = evaluation.primaryFigure
        var score = figure.flatMap { $0.value.isFinite ? $0.value : nil }
        lowerIsBetter = figure?.direction == .lower ? true : lowerIsBetter
        if step == 0 {
            before = evaluation.defined
            watchedBefore = evaluation.watched.isEmpty ? nil : evaluation.watchedValues
            scoreBefore = score
            guard startMayWin, score != nil else { return false }
        }
        if !regressions(evaluation).isEmpty { score = nil }
        evaluationsSinceBest += 1
        guard let score else { return false }
        // The first step's score counts however little it is.
        if (scoreToBeat ?? bestScore).map({ isBetter(score, than: $0, by: minDelta) }) ?? true {
            scoreToBeat = score
            evaluationsSinceBest = 0
        }
        guard bestScore.map({ isBetter(score, than: $0) }) ?? true else { return false }
        bestScore = score
        bestStep = step
        return true
    }

    /// The watched figures that fell further under their values before training than they may.
    ///
    /// One that has no value, or had none, counts as fallen: nobody knows that it did not.
    func regressions(_ evaluation: Evaluation) -> [Regression] {
        guard step > 0 else { return [] }
        return evaluation.watched.compactMap { watched in
            let before = watchedBefore?[watched.evaluation]
            if let before, watched.value.isFinite {
                let fall =
                    watched.direction == .lower ? watched.value - before : before - watched.value
                if fall <= watched.allowedFall { return nil }
            }
            return Regression(
                evaluation: watched.evaluation, before: before ?? .nan, now: watched.value,
                allowedFall: watched.allowedFall)
        }
    }

    private func isBetter(_ score: Double, than other: Double, by least: Double = 0) -> Bool {
        lowerIsBetter == true ? score < other - least : score > other + least
    }

    /// Whether the best evaluation beats the one before the first step; nil while one of them is missing.
    public var beatsStart: Bool? {
        guard let scoreBefore, let bestScore else { return nil }
        return isBetter(bestScore, than: scoreBefore)
    }
}

/// A watched figure that fell too far.
public struct Regression: Sendable, Equatable, CustomStringConvertible {
    /// The evaluation whose primary figure it is.
    public let evaluation: String
    /// The value before training; NaN when there was none.
    public let before: Double
    /// The value now; NaN when there is none.
    public let now: Double
    /// By how much it may fall.
    public let allowedFall: Double

    /// What happened, and what comes of it.
    public var description: String {
        let what =
            before.isFinite && now.isFinite
            ? "went from \(before.short) before training to \(now.short), which is more than the \(allowedFall) that it may lose"
            : "has no value \(before.isFinite ? "now" : "from before training"), so that nobody knows what it lost"
        return "REGRESSION: \(evaluation) \(what); this step cannot become the best"
    }
}

extension Double {
    fileprivate var short: String { String(format: "%.4f", self) }
}
