/// Whether a threshold on scores tells positive pairs from negative ones, as sentence-transformers'
/// `BinaryClassificationEvaluator`.
///
/// Every threshold between two different scores, above all and below all is tried; equal scores are never
/// split. A NaN among the scores makes every figure NaN.
public enum BinaryClassification {
    /// Accuracy, F1 with precision and recall, each at its best threshold, average precision, and Matthews'
    /// correlation at the threshold of F1.
    ///
    /// - Parameters:
    ///   - scores: A similarity or distance for each pair.
    ///   - labels: Whether the pair is positive.
    ///   - higherIsPositive: False for distances. The thresholds are in the unit of the scores.
    public static func figures(
        scores: [Float], labels: [Bool], higherIsPositive: Bool = true
    ) -> [Figure] {
        precondition(scores.count == labels.count, "a label for every score")
        // Distances as similarities, so that one direction is enough; negation is exact.
        let similarities = higherIsPositive ? scores : scores.map { -$0 }
        let isDefined = !scores.contains(where: \.isNaN) && !scores.isEmpty
        let cuts = isDefined ? cuts(similarities, labels) : []
        let positives = labels.count { $0 }
        let accuracy = bestAccuracy(cuts, similarities, positives: positives)
        let f1 = bestF1(cuts, positives: positives)
        let unit: Double = higherIsPositive ? 1 : -1
        func defined(_ value: Double) -> Double { isDefined ? value : .nan }
        return [
            Figure("accuracy", defined(accuracy.value)),
            Figure("accuracy_threshold", defined(unit * accuracy.threshold), .information),
            Figure("f1", defined(f1.value)),
            Figure("f1_threshold", defined(unit * f1.threshold), .information),
            Figure("precision", defined(f1.precision)),
            Figure("recall", defined(f1.recall)),
            Figure(
                "ap",
                defined(AveragePrecision.value(scores: similarities, isRelevant: labels))),
            Figure(
                "mcc",
                defined(
                    matthews(similarities.map { Double($0) >= f1.threshold }, labels))),
        ]
    }

    /// A place between two different scores, or below all.
    private struct Cut {
        /// Pairs above.
        let count: Int
        /// Positive ones among them.
        let correct: Int
        /// Above the next score, and not above the last one that counts as positive.
        let threshold: Float
    }

    private static func cuts(_ scores: [Float], _ labels: [Bool]) -> [Cut] {
        let order = scores.indices.sorted { scores[$0] > scores[$1] }
        var cuts: [Cut] = []
        var correct = 0
        for (position, index) in order.enumerated() {
            if labels[index] { correct += 1 }
            let score = scores[index]
            var threshold = score
            if position + 1 < order.count {
                let next = scores[order[position + 1]]
                if next == score { continue }
                let middle = (score + next) / 2
                // A middle that rounds to the next score must not include it.
                if middle != next { threshold = middle }
            }
            cuts.append(Cut(count: position + 1, correct: correct, threshold: threshold))
        }
        return cuts
    }

    private static func bestAccuracy(
        _ cuts: [Cut], _ scores: [Float], positives: Int
    ) -> (value: Double, threshold: Double) {
        let (count, negatives) = (Double(scores.count), scores.count - positives)
        // At first no pair counts as positive.
        var best = (
            value: Double(negatives) / count, threshold: Double(scores.max()?.nextUp ?? 0)
        )
        for cut in cuts {
            let right = cut.correct + negatives - (cut.count - cut.correct)
            if Double(right) / count > best.value {
                best = (Double(right) / count, Double(cut.threshold))
            }
        }
        return best
    }

    private static func bestF1(
        _ cuts: [Cut], positives: Int
    ) -> (value: Double, precision: Double, recall: Double, threshold: Double) {
        var best = (value: 0.0, precision: 0.0, recall: 0.0, threshold: 0.0)
        for cut in cuts where cut.correct > 0 {
            let precision = Double(cut.correct) / Double(cut.count)
            let recall = Double(cut.correct) / Double(positives)
            let f1 = 2 * precision * recall / (precision + recall)
            if f1 > best.value { best = (f1, precision, recall, Double(cut.threshold)) }
        }
        return best
    }

    /// Matthews' correlation coefficient (1975) of predictions and labels, in -1...1; 0 when either are all the
    /// same.
    public static func matthews(_ predictions: [Bool], _ labels: [Bool]) -> Double {
        precondition(predictions.count == labels.count, "a label for every prediction")
        var table = [[0.0, 0.0], [0.0, 0.0]]
        for (prediction, label) in zip(predictions, labels) {
            table[prediction ? 1 : 0][label ? 1 : 0] += 1
        }
        let (tn, fn, fp, tp) = (table[0][0], table[0][1], table[1][0], table[1][1])
        let product = (tp + fp) * (tp + fn) * (tn + fp) * (tn + fn)
        return product == 0 ? 0 : (tp * tn - fp * fn) / product.squareRoot()
    }
}
