import Kernels

extension Tensor {
    /// This tensor with another one added to its columns from `first` on: [..., width] and [..., part] to [..., width].
    public func addingColumns(_ other: Tensor, from first: Int) -> Tensor {
        precondition(
            shape.rank >= 1 && shape.rank == other.shape.rank
                && shape.array.dropLast() == other.shape.array.dropLast()
                && first >= 0 && first + other.shape[-1] <= shape[-1],
            "addingColumns: \(other.shape) to the columns of \(shape) from \(first) on")
        let (width, part) = (shape[-1], other.shape[-1])
        let rows = shape.array.dropLast().reduce(1, *)
        let y = Storage(count)
        ThreadPool.shared.ranges(rows, grain: 64) { [base, other = other.base, y = y.base] range in
            let start = range.lowerBound * width
            (y + start).update(from: base + start, count: range.count * width)
            for row in range {
                VectorKernels.best.add(y + row * width + first, other + row * part, part)
            }
        }
        return .result(shape, y, of: [self, other]) { [slot, otherSlot = other.slot] in
            { dy, gradients in
                gradients.add(dy, to: slot)
                if otherSlot == nil { return }
                guard part < width else { return gradients.add(dy, to: otherSlot) }
                let columns = Storage(rows * part)
                for row in 0..<rows {
                    (columns.base + row * part)
                        .update(from: dy.base + row * width + first, count: part)
                }
                gradients.add(columns, to: otherSlot)
            }
        }
    }
}
