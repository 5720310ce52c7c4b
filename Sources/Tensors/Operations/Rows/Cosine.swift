import Kernels

extension Tensor {
    /// The cosine of each row with the same row of `other`: two of [rows, n] to [rows].
    ///
    /// `u · v / (max(‖u‖, ε) max(‖v‖, ε))` with ε = 1e-8, as `torch.cosine_similarity`. Where a norm is
    /// below ε it counts as the constant ε.
    public func cosineSimilarity(_ other: Tensor) -> Tensor {
        precondition(
            shape.rank == 2 && shape == other.shape,
            "cosineSimilarity: \(shape) with \(other.shape)")
        let (rows, width) = (shape[0], shape[1])
        let epsilon: Float = 1e-8
        let kernels = VectorKernels.best
        let y = Storage(rows)
        let (normU, normV) = (Storage(rows), Storage(rows))
        for row in 0..<rows {
            let (u, v) = (base + row * width, other.base + row * width)
            normU.base[row] = max(Float(kernels.sum_of_squares(u, width).squareRoot()), epsilon)
            normV.base[row] = max(Float(kernels.sum_of_squares(v, width).squareRoot()), epsilon)
            y.base[row] = kernels.dot(u, v, width) / normU.base[row] / normV.base[row]
        }
        return .result([rows], y, of: [self, other]) {
            [u = storage, slotU = slot, v = other.storage, slotV = other.slot] in
            { dy, gradients in
                /// d cos / du = v / (‖u‖ ‖v‖) − cos · u / ‖u‖², the last term only above ε.
                func gradient(_ u: Storage, _ normU: Storage, _ v: Storage, _ normV: Storage)
                    -> Storage
                {
                    let du = Storage(rows * width)
                    for row in 0..<rows {
                        let (n, m, g) = (normU.base[row], normV.base[row], dy.base[row])
                        let out = du.base + row * width
                        kernels.scale(out, g / n / m, v.base + row * width, width)
                        if n > epsilon {
                            kernels.axpy(out, -g * y.base[row] / n / n, u.base + row * width, width)
                        }
                    }
                    return du
                }
                if slotU != nil { gradients.add(gradient(u, normU, v, normV), to: slotU) }
                if slotV != nil { gradients.add(gradient(v, normV, u, normU), to: slotV) }
            }
        }
    }

    /// Each row divided by its Euclidean norm, or by 1e-12 where that is larger: [rows, n] to [rows, n].
    public func normalized() -> Tensor {
        precondition(shape.rank == 2, "normalized: \(shape), two dimensions are needed")
        let (rows, width) = (shape[0], shape[1])
        let kernels = VectorKernels.best
        let y = Storage(count)
        let norms = Storage(rows)
        for row in 0..<rows {
            norms.base[row] = max(
                Float(kernels.sum_of_squares(base + row * width, width).squareRoot()), 1e-12)
            kernels.scale(y.base + row * width, 1 / norms.base[row], base + row * width, width)
        }
        return .result(shape, y, of: [self]) { [slot] in
            { dy, gradients in
                let dx = Storage(rows * width)
                for row in 0..<rows {
                    let (out, first) = (dx.base + row * width, row * width)
                    let norm = norms.base[row]
                    kernels.scale(out, 1 / norm, dy.base + first, width)
                    if norm > 1e-12 {
                        let along = kernels.dot(dy.base + first, y.base + first, width)
                        kernels.axpy(out, -along / norm, y.base + first, width)
                    }
                }
                gradients.add(dx, to: slot)
            }
        }
    }
}
