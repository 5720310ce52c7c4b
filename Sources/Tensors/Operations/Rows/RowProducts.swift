import Kernels

extension Tensor {
    /// The dot product of each row with the same row of `other`: two of [rows, n] to [rows].
    public func dot(_ other: Tensor) -> Tensor {
        precondition(
            shape.rank == 2 && shape == other.shape, "dot: \(shape) with \(other.shape)")
        let (rows, width) = (shape[0], shape[1])
        let kernels = VectorKernels.best
        let y = Storage(rows)
        for row in 0..<rows {
            y.base[row] = kernels.dot(base + row * width, other.base + row * width, width)
        }
        return .result([rows], y, of: [self, other]) {
            [u = storage, slotU = slot, v = other.storage, slotV = other.slot] in
            { dy, gradients in
                for (slot, factor) in [(slotU, v), (slotV, u)] where slot != nil {
                    let dx = Storage(rows * width)
                    for row in 0..<rows {
                        kernels.scale(
                            dx.base + row * width, dy.base[row], factor.base + row * width, width)
                    }
                    gradients.add(dx, to: slot)
                }
            }
        }
    }
}
