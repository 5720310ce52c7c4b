/// Finding the duplicates among texts by the similarity of all pairs, as `ParaphraseMiningEvaluator`.
public enum PairMining {
    /// A pair of rows, the smaller first.
    public struct Pair: Sendable, Equatable {
        /// Its cosine.
        public let score: Float
        /// The smaller row.
        public let first: Int
        /// The larger row.
        public let second: Int
    }

    /// The pairs that are among the `neighbours` closest of one of their rows, by cosine, closest first and at
    /// most `count`.
    ///
    /// Of equally close pairs those of smaller rows come first. Similarities that are NaN are left out. It
    /// takes time rows² · width.
    ///
    /// - Parameter embeddings: [rows, width] one after the other.
    public static func pairs(
        _ embeddings: [Float], width: Int, neighbours: Int = 100, count: Int = 500_000
    ) -> [Pair] {
        precondition(width > 0 && embeddings.count.isMultiple(of: width), "whole embeddings")
        let rows = embeddings.count / width
        let unit = normalized(embeddings, width)
        var found: Set<Int> = []
        var pairs: [Pair] = []
        for row in 0..<rows {
            let scores = (0..<rows).map { column in
                // Both orders of a pair must have the same score.
                column == row
                    ? -Float.nan : dot(unit, min(row, column), unit, max(row, column), width)
            }
            for column in Ranking.best(neighbours, of: scores) where !scores[column].isNaN {
                let (first, second) = (min(row, column), max(row, column))
                if found.insert(first * rows + second).inserted {
                    pairs.append(Pair(score: scores[column], first: first, second: second))
                }
            }
        }
        pairs.sort { a, b in
            a.score == b.score ? (a.first, a.second) < (b.first, b.second) : a.score > b.score
        }
        return Array(pairs.prefix(count))
    }

    /// `average_precision`, and `f1` with `precision` and `recall` at its best `threshold`, of pairs in
    /// descending order of score.
    ///
    /// Equal scores are one threshold. `duplicates` is how many there are, found or not; without any every
    /// figure is 0.
    public static func figures(
        _ pairs: [(score: Float, isDuplicate: Bool)], duplicates: Int
    ) -> [Figure] {
        var best = (f1: 0.0, precision: 0.0, recall: 0.0, threshold: 0.0)
        var (correct, before, sum) = (0, 0, 0.0)
        for (index, pair) in pairs.enumerated() {
            if pair.isDuplicate { correct += 1 }
            let next = pairs[min(index + 1, pairs.count - 1)].score
            if index + 1 < pairs.count, next == pair.score { continue }
            if correct > before, duplicates > 0 {
                let precision = Double(correct) / Double(index + 1)
                let recall = Double(correct) / Double(duplicates)
                let f1 = 2 * precision * recall / (precision + recall)
                sum += precision * Double(correct - before)
                if f1 > best.f1 {
                    best = (f1, precision, recall, (Double(pair.score) + Double(next)) / 2)
                }
            }
            before = correct
        }
        return [
            Figure("average_precision", duplicates > 0 ? sum / Double(duplicates) : 0),
            Figure("f1", best.f1), Figure("precision", best.precision),
            Figure("recall", best.recall), Figure("threshold", best.threshold, .information),
        ]
    }

    /// The duplicates that follow from some: all pairs of texts that a chain of them joins, each with the
    /// smaller row first, ascending.
    public static func closure(of duplicates: [(Int, Int)]) -> [(Int, Int)] {
        var root: [Int: Int] = [:]
        func find(_ row: Int) -> Int {
            var row = row
            while let next = root[row], next != row { row = next }
            return row
        }
        for (a, b) in duplicates {
            let (x, y) = (find(a), find(b))
            root[max(x, y)] = min(x, y)
            root[min(x, y)] = min(x, y)
        }
        let rows = Set(duplicates.flatMap { [$0.0, $0.1] }).sorted()
        let groups = Dictionary(grouping: rows, by: find)
        return groups.keys.sorted().flatMap { key in
            let group = groups[key] ?? []
            return group.indices.flatMap { i in group[(i + 1)...].map { (group[i], $0) } }
        }
    }
}
