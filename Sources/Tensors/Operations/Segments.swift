import Kernels

extension Tensor {
    /// The mean of each packed sequence: [tokens, n] to [sequences, n]; zeros for an empty one.
    public func segmentMean(_ layout: SequenceLayout) -> Tensor {
        segmentSum(layout) { length, _ in 1 / Float(length) }
    }

    /// A weighted sum of the rows of each packed sequence: [tokens, n] to [sequences, n].
    ///
    /// `weight` gives a row's weight from the sequence's length and the position in it.
    public func segmentSum(
        _ layout: SequenceLayout, weight: @escaping (_ length: Int, _ position: Int) -> Float
    ) -> Tensor {
        precondition(
            shape.rank == 2 && shape[0] == layout.rowCount,
            "segmentSum: \(shape) for \(layout.rowCount) tokens")
        let width = shape[1]
        let y = Storage.zeros(layout.count * width)
        for sequence in 0..<layout.count {
            let rows = layout.rows(of: sequence)
            for row in rows {
                VectorKernels.best.axpy(
                    y.base + sequence * width, weight(rows.count, row - rows.lowerBound),
                    base + row * width, width)
            }
        }
        return .result([layout.count, width], y, of: [self]) { [slot] in
            { dy, gradients in
                let dx = Storage(layout.rowCount * width)
                for sequence in 0..<layout.count {
                    let rows = layout.rows(of: sequence)
                    for row in rows {
                        VectorKernels.best.scale(
                            dx.base + row * width, weight(rows.count, row - rows.lowerBound),
                            dy.base + sequence * width, width)
                    }
                }
                gradients.add(dx, to: slot)
            }
        }
    }

    /// The largest entry of each column within each packed sequence: [tokens, n] to [sequences, n].
    ///
    /// Among equals the gradient goes to the first. An empty sequence gives zeros.
    public func segmentMax(_ layout: SequenceLayout) -> Tensor {
        precondition(
            shape.rank == 2 && shape[0] == layout.rowCount,
            "segmentMax: \(shape) for \(layout.rowCount) tokens")
        let width = shape[1]
        let y = Storage.zeros(layout.count * width)
        var winners = [Int](repeating: -1, count: layout.count * width)
        for sequence in 0..<layout.count {
            for row in layout.rows(of: sequence) {
                for column in 0..<width {
                    let (cell, value) = (sequence * width + column, base[row * width + column])
                    if winners[cell] < 0 || value > y.base[cell] {
                        y.base[cell] = value
                        winners[cell] = row
                    }
                }
            }
        }
        return .result([layout.count, width], y, of: [self]) { [slot, winners] in
            { dy, gradients in
                let dx = Storage.zeros(layout.rowCount * width)
                for (cell, row) in winners.enumerated() where row >= 0 {
                    dx.base[row * width + cell % width] += dy.base[cell]
                }
                gradients.add(dx, to: slot)
            }
        }
    }
}
