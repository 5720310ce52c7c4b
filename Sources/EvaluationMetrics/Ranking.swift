import Foundation

/// Orders by scores.
///
/// A NaN stands behind every number.
public enum Ranking {
    /// The positions of the `count` best scores, best first; of equal scores the one whose tie rank is smaller
    /// comes first, and without tie ranks the earlier one.
    ///
    /// It takes time n log count.
    public static func best(
        _ count: Int, of scores: [Float], tieRanks: [Int]? = nil
    ) -> [Int] {
        precondition(tieRanks == nil || tieRanks?.count == scores.count, "a rank for every score")
        func precedes(_ a: Int, _ b: Int) -> Bool {
            let (x, y) = (scores[a], scores[b])
            if x.isNaN || y.isNaN {
                if x.isNaN != y.isNaN { return y.isNaN }
            } else if x != y {
                return x > y
            }
            guard let tieRanks else { return a < b }
            return (tieRanks[a], a) < (tieRanks[b], b)
        }
        guard count < scores.count else { return scores.indices.sorted(by: precedes) }
        guard count > 0 else { return [] }
        // Those kept so far as a heap, the worst at its root.
        var heap = (0..<count).sorted { precedes($1, $0) }
        for candidate in count..<scores.count where precedes(candidate, heap[0]) {
            heap[0] = candidate
            var parent = 0
            while true {
                var child = 2 * parent + 1
                guard child < count else { break }
                if child + 1 < count, precedes(heap[child], heap[child + 1]) { child += 1 }
                guard precedes(heap[parent], heap[child]) else { break }
                heap.swapAt(parent, child)
                parent = child
            }
        }
        return heap.sorted(by: precedes)
    }

    /// The rank of every identifier in ascending order of Unicode scalars, as Python orders strings: the tie
    /// ranks of retrieval.
    public static func tieRanks(_ identifiers: [String]) -> [Int] {
        // The order of UTF-8 bytes is that of scalars.
        let bytes = identifiers.map { Array($0.utf8) }
        let order = bytes.indices.sorted {
            bytes[$0] == bytes[$1] ? $0 < $1 : bytes[$0].lexicographicallyPrecedes(bytes[$1])
        }
        var ranks = [Int](repeating: 0, count: order.count)
        for (rank, index) in order.enumerated() { ranks[index] = rank }
        return ranks
    }

    /// The discounted cumulative gain (Järvelin and Kekäläinen 2002) of gains in rank order:
    /// Σ gain / log₂(rank + 1).
    static func discountedGain(_ gains: some Sequence<Double>) -> Double {
        gains.enumerated().reduce(0) { $0 + $1.element * discount($1.offset) }
    }

    /// What a gain at a rank from 0 is multiplied by.
    static func discount(_ rank: Int) -> Double { 1 / log2(Double(rank + 2)) }
}
