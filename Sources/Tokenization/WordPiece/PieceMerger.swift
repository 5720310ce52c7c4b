/// The words of a corpus as sequences of pieces, and the counts of neighbouring pieces.
///
/// A merge touches only the words that have the pair, and the best pair comes from a heap whose
/// outdated entries are skipped, so that a vocabulary takes time in proportion to its changes.
/// Pieces are UTF-8, for `String` holds canonically equivalent texts to be the same.
struct PieceMerger {
    private struct Pair: Hashable {
        let left: Int32
        let right: Int32
    }

    private struct Candidate {
        let pair: Pair
        let count: Int
    }

    private let prefix: [UInt8]
    private var pieces: [[UInt8]] = []
    private var pieceNumbers: [[UInt8]: Int32] = [:]
    private var words: [(pieces: [Int32], count: Int)] = []
    private var counts: [Pair: Int] = [:]
    /// The words in which a pair occurs or once occurred.
    private var places: [Pair: [Int]] = [:]
    private var heap: [Candidate] = []

    init(_ wordCounts: [[UInt8]: Int], prefix: String) {
        self.prefix = Array(prefix.utf8)
        for (word, count) in wordCounts {
            var spelling: [Int32] = []
            for scalar in String(decoding: word, as: UTF8.self).unicodeScalars {
                let character = Array(String(scalar).utf8)
                spelling.append(number(of: spelling.isEmpty ? character : self.prefix + character))
            }
            words.append((spelling, count))
        }
        for word in words.indices { count(word, sign: 1) }
        for (pair, count) in counts { push(Candidate(pair: pair, count: count)) }
    }

    /// Merges the most frequent pair everywhere; nil when none occurs `minFrequency` times.
    mutating func mergeBest(_ minFrequency: Int) -> String? {
        while let best = popBest() {
            guard let current = counts[best.pair], current > 0 else { continue }
            if best.count != current {
                push(Candidate(pair: best.pair, count: current))
                continue
            }
            if current < max(1, minFrequency) { return nil }
            let piece =
                pieces[Int(best.pair.left)] + pieces[Int(best.pair.right)].dropFirst(prefix.count)
            merge(best.pair, into: number(of: piece))
            return String(decoding: piece, as: UTF8.self)
        }
        return nil
    }

    private mutating func merge(_ pair: Pair, into piece: Int32) {
        var touched: Set<Pair> = []
        for word in places.removeValue(forKey: pair) ?? [] {
            let old = words[word].pieces
            var new: [Int32] = []
            var index = 0
            while index < old.count {
                if index + 1 < old.count, old[index] == pair.left, old[index + 1] == pair.right {
                    new.append(piece)
                    index += 2
                } else {
                    new.append(old[index])
                    index += 1
                }
            }
            if new.count == old.count { continue }
            count(word, sign: -1)
            words[word].pieces = new
            touched.formUnion(count(word, sign: 1))
        }
        counts[pair] = nil
        for changed in touched {
            if let count = counts[changed] { push(Candidate(pair: changed, count: count)) }
        }
    }

    /// Adds a word's pairs to the counts, or takes them away; returns the pairs.
    @discardableResult
    private mutating func count(_ word: Int, sign: Int) -> Set<Pair> {
        let (spelling, occurrences) = words[word]
        var pairs: Set<Pair> = []
        for (left, right) in zip(spelling, spelling.dropFirst()) {
            let pair = Pair(left: left, right: right)
            counts[pair, default: 0] += sign * occurrences
            if sign > 0, pairs.insert(pair).inserted { places[pair, default: []].append(word) }
        }
        return pairs
    }

    private mutating func number(of piece: [UInt8]) -> Int32 {
        if let number = pieceNumbers[piece] { return number }
        let number = Int32(pieces.count)
        pieces.append(piece)
        pieceNumbers[piece] = number
        return number
    }

    // MARK: - Heap

    /// Higher count first, then the pair that comes first in Unicode order.
    private func precedes(_ first: Candidate, _ second: Candidate) -> Bool {
        if first.count != second.count { return first.count > second.count }
        if first.pair.left != second.pair.left {
            return pieces[Int(first.pair.left)].lexicographicallyPrecedes(
                pieces[Int(second.pair.left)])
        }
        return pieces[Int(first.pair.right)].lexicographicallyPrecedes(
            pieces[Int(second.pair.right)])
    }

    private mutating func push(_ candidate: Candidate) {
        heap.append(candidate)
        var child = heap.count - 1
        while child > 0, precedes(heap[child], heap[(child - 1) / 2]) {
            heap.swapAt(child, (child - 1) / 2)
            child = (child - 1) / 2
        }
    }

    private mutating func popBest() -> Candidate? {
        guard let best = heap.first, let last = heap.popLast() else { return nil }
        if heap.isEmpty { return best }
        heap[0] = last
        var parent = 0
        while true {
            var first = parent
            for child in [2 * parent + 1, 2 * parent + 2] where child < heap.count {
                if precedes(heap[child], heap[first]) { first = child }
            }
            if first == parent { return best }
            heap.swapAt(parent, first)
            parent = first
        }
    }
}
