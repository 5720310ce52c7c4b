/// Whether the largest of a row's scores is that of its class.
public enum Classification {
    /// The class with the largest score in each row of `scores` [rows, classes], the first of equal ones; nil
    /// when a score of the row is NaN.
    public static func predictions(_ scores: [Float], classes: Int) -> [Int?] {
        precondition(classes > 0 && scores.count.isMultiple(of: classes), "whole rows of scores")
        return stride(from: 0, to: scores.count, by: classes).map { first in
            let row = scores[first..<first + classes]
            if row.contains(where: \.isNaN) { return nil }
            return row.indices.max { row[$0] < row[$1] }.map { largest in
                (row.firstIndex(of: row[largest]) ?? largest) - first
            }
        }
    }

    /// The share of rows whose prediction is their label, as `LabelAccuracyEvaluator`; no prediction is a wrong
    /// one. NaN of no rows.
    public static func accuracy(_ predictions: [Int?], _ labels: [Int]) -> Figure {
        precondition(predictions.count == labels.count, "a label for every prediction")
        return Figure("accuracy", mean(zip(predictions, labels).map { $0 == $1 ? 1 : 0 }))
    }

    /// F1 over all classes that are predicted or labelled, as scikit-learn: the mean of the classes', that of
    /// all decisions together, and the mean weighted by how often a class is labelled. A class that is never
    /// right has 0.
    public static func f1(_ predictions: [Int?], _ labels: [Int]) -> [Figure] {
        precondition(predictions.count == labels.count, "a label for every prediction")
        let classes = Set(labels).union(predictions.compactMap { $0 }).sorted()
        var (values, weights): ([Double], [Double]) = ([], [])
        for label in classes {
            let labelled = labels.count { $0 == label }
            let predicted = predictions.count { $0 == label }
            let right = zip(predictions, labels).count { $0 == label && $1 == label }
            values.append(2 * Double(right) / Double(labelled + predicted))
            weights.append(Double(labelled))
        }
        let right = zip(predictions, labels).count { $0 == $1 }
        let made = predictions.count { $0 != nil }
        let weighted = zip(values, weights).reduce(0) { $0 + $1.0 * $1.1 }
        return [
            Figure("f1_macro", mean(values)),
            Figure(
                "f1_micro",
                labels.isEmpty ? .nan : 2 * Double(right) / Double(labels.count + made)),
            Figure("f1_weighted", labels.isEmpty ? .nan : weighted / Double(labels.count)),
        ]
    }
}
