import Kernels

extension Tensor {
    /// Zeroes each element with `probability` and scales the others by 1 / (1 − probability).
    ///
    /// Off the tape it does nothing. Srivastava et al. 2014.
    public func dropout(_ probability: Float) -> Tensor {
        guard let tape, probability > 0 else { return self }
        let dropout = simile_dropout(key: tape.nextRandomKey(), probability: probability)
        let width = max(shape.rank == 0 ? 1 : shape[-1], 1)
        let rows = count / width
        let firstRow = tape.part?.firstRow(of: rows) ?? 0
        func apply(_ x: Storage) -> Storage {
            let y = Storage(x.count)
            ThreadPool.shared.ranges(rows, grain: 64) { range in
                let first = range.lowerBound * width
                VectorKernels.best.dropout(
                    y.base + first, x.base + first, dropout, firstRow + range.lowerBound,
                    range.count, width)
            }
            return y
        }
        return .result(shape, apply(storage), of: [self]) { [slot] in
            { dy, gradients in gradients.add(apply(dy), to: slot) }
        }
    }
}
