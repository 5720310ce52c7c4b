import Kernels

extension Tensor {
    /// Multi-head softmax attention inside each packed sequence: [tokens, 3 · hidden] to [tokens, hidden].
    ///
    /// A row holds the query, the key and the value side by side, each cut into `heads` equal parts.
    /// Scores are `q · k / √(hidden / heads)`; `causal` attention sees nothing after a token; dropout applies to the probabilities, and only on a tape.
    /// Nothing of size length² outlives one head: the backward pass computes the probabilities again.
    /// Vaswani et al. 2017, arXiv:1706.03762.
    public func packedSelfAttention(
        _ layout: SequenceLayout, heads: Int, causal: Bool = false, dropout probability: Float
    ) -> Tensor {
        let hidden = shape[-1] / 3
        precondition(
            shape.rank == 2 && shape[0] == layout.rowCount && heads > 0 && shape[1] == 3 * hidden
                && hidden % heads == 0,
            "packedSelfAttention: input \(shape) for \(layout.rowCount) tokens and \(heads) heads")
        let dropout =
            tape.map { simile_dropout(key: $0.nextRandomKey(), probability: probability) } ?? .off
        let head = AttentionHead(layout: layout, heads: heads, hidden: hidden, dropout: dropout)
        let firstRow = tape?.part?.tokens.lowerBound ?? 0
        let y = Storage(layout.rowCount * hidden)
        let kernels = VectorKernels.best
        let precision = requiresGradient ? tape?.activations ?? .float32 : .float32
        let kept =
            precision == .float32
            ? SavedActivation(storage, precision)
            : SavedActivation(count: storage.count, precision)
        let saved = SavedHeads(head, storage, precision == .float32 ? nil : kept.halves)
        let (size, scale) = (head.size, head.scale)
        head.forEach { [base] sequence, offset, dropout, scratch in
            let first = base + sequence.lowerBound * 3 * hidden + offset
            kernels.attention_forward(
                y.base + sequence.lowerBound * hidden + offset, hidden,
                first, first + hidden, first + 2 * hidden, 3 * hidden,
                sequence.count, size, scale, causal ? 1 : 0, dropout,
                firstRow + sequence.lowerBound, scratch)
            saved.save(first, of: sequence, offset)
        }
        return .result([layout.rowCount, hidden], y, of: [self]) { [slot] in
            { dy, gradients in
                defer { withExtendedLifetime(kept) {} }  // `saved` only points to it
                let dqkv = Storage(layout.rowCount * 3 * hidden)
                head.forEach { sequence, offset, dropout, scratch in
                    let gradient = dqkv.base + sequence.lowerBound * 3 * hidden + offset
                    saved.read(of: sequence, offset) { query, key, value, stride in
                        kernels.attention_backward(
                            gradient, gradient + hidden, gradient + 2 * hidden, 3 * hidden,
                            dy.base + sequence.lowerBound * hidden + offset, hidden,
                            query, key, value, stride,
                            sequence.count, size, scale, causal ? 1 : 0, dropout,
                            firstRow + sequence.lowerBound, scratch)
                    }
                }
                gradients.add(dqkv, to: slot)
            }
        }
    }
}

/// Queries, keys and values for the backward pass: as they came, or as bfloat16, each head of a sequence by itself.
///
/// It points to them and does not keep them: tasks are small, and threads that count references to the same object take its
/// cache line from each other.
private struct SavedHeads {
    private let size: Int
    private let hidden: Int
    private let rows: UnsafePointer<Float>
    private let halves: UnsafeMutablePointer<UInt16>?

    /// Those of `rows`, [tokens, 3 · hidden], which `save` writes to `halves` unless that is nil.
    init(_ head: AttentionHead, _ rows: Storage, _ halves: UnsafeMutablePointer<UInt16>?) {
        (size, hidden) = (head.size, head.hidden)
        (self.rows, self.halves) = (UnsafePointer(rows.base), halves)
    }

    /// Keeps those of one head, the first of which is at `first` in rows of 3 · hidden.
    func save(_ first: UnsafePointer<Float>, of sequence: Range<Int>, _ offset: Int) {
        guard let halves else { return }
        let place = halves + place(of: sequence, offset).lowerBound
        let narrow = VectorKernels.best.narrow
        for part in 0..<3 {
            for row in 0..<sequence.count {
                narrow(
                    place + (part * sequence.count + row) * size,
                    first + (3 * row + part) * hidden, size)
            }
        }
    }

    /// Lends the queries, keys and values of one head, and how far their rows are apart.
    func read(
        of sequence: Range<Int>, _ offset: Int,
        _ body: (UnsafePointer<Float>, UnsafePointer<Float>, UnsafePointer<Float>, Int) -> Void
    ) {
        guard let halves else {
            let first = rows + sequence.lowerBound * 3 * hidden + offset
            return body(first, first + hidden, first + 2 * hidden, 3 * hidden)
        }
        let place = place(of: sequence, offset)
        SavedActivation.read(halves + place.lowerBound, count: place.count) { first in
            let next = sequence.count * size
            body(first, first + next, first + 2 * next, size)
        }
    }

    /// A head's queries, keys and values one after the other, each [tokens, size].
    private func place(of sequence: Range<Int>, _ offset: Int) -> Range<Int> {
        let first = 3 * (sequence.lowerBound * hidden + sequence.count * offset)
        return first..<first + 3 * sequence.count * size
    }
}

/// The independent tasks of attention: each head of each sequence.
private struct AttentionHead {
    let layout: SequenceLayout
    let heads: Int
    let hidden: Int
    let dropout: simile_dropout
    var size: Int { hidden / heads }
    var scale: Float { 1 / Float(size).squareRoot() }

    /// Runs `body(rows of the sequence, first column of the head, dropout, scratch)` for each of them.
    func forEach(
        _ body: (Range<Int>, Int, simile_dropout, UnsafeMutablePointer<Float>) -> Void
    ) {
        let pool = ThreadPool.shared
        let needed = simile_attention_scratch(layout.lengths.max() ?? 0, size)
        let scratch = Storage(needed * pool.count)
        // Long sequences first, so that no thread is left with one at the end.
        let sequences = (0..<layout.count).sorted {
            (layout.rows(of: $1).count, $0) < (layout.rows(of: $0).count, $1)
        }
        // A head of a short sequence takes a microsecond, about as long as another thread needs to claim it: a task takes some,
        // of long and of short sequences.
        let all = sequences.count * heads
        let tasks = min(all, 16 * pool.count)
        pool.run(tasks) { task, worker in
            for index in stride(from: task, to: all, by: tasks) {
                let rows = layout.rows(of: sequences[index / heads])
                let head = index % heads
                var own = dropout
                if own.threshold != 0 { own.key = simile_mix(dropout.key, UInt64(head)) }
                if !rows.isEmpty { body(rows, head * size, own, scratch.base + worker * needed) }
            }
        }
    }
}
