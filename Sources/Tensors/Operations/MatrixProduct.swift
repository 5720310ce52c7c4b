import Kernels

extension Tensor {
    /// The matrix product: [..., m, k] times [..., k, n] to [..., m, n].
    ///
    /// Leading dimensions are the same in both, or absent in both. With `transposed` the other one is given as
    /// [..., n, k]: element (i, j) is the dot product of row i of the one and row j of the other.
    public func matmul(_ other: Tensor, transposed: Bool = false) -> Tensor {
        precondition(
            shape.rank >= 2 && shape.rank == other.shape.rank
                && shape[-1] == other.shape[transposed ? -1 : -2]
                && shape.array.dropLast(2) == other.shape.array.dropLast(2),
            "matmul: \(shape) times \(transposed ? "the transpose of " : "")\(other.shape)")
        let (m, k, n) = (shape[-2], shape[-1], other.shape[transposed ? -2 : -1])
        let (direct, turned): (GEMM.Operand, GEMM.Operand) =
            transposed ? (.transposed, .plain) : (.plain, .transposed)
        let leading = Array(shape.array.dropLast(2))
        let batches = leading.reduce(1, *)
        let y = Storage(batches * m * n)
        GEMM.run(
            (0..<batches).map { i in
                GEMM.Product(
                    base + i * m * k, .plain, other.base + i * k * n, direct,
                    into: y.base + i * m * n, m: m, n: n, k: k, beta: 0)
            })
        return .result(Shape(leading + [m, n]), y, of: [self, other]) {
            [a = storage, slotA = slot, b = other.storage, slotB = other.slot] in
            { dy, gradients in
                gradients.accumulate(batches * m * k, to: slotA) { sum, beta in
                    GEMM.run(
                        (0..<batches).map { i in
                            GEMM.Product(
                                dy.base + i * m * n, .plain, b.base + i * k * n, turned,
                                into: sum + i * m * k, m: m, n: k, k: n, beta: beta)
                        })
                }
                gradients.accumulate(batches * k * n, to: slotB) { sum, beta in
                    GEMM.run(
                        (0..<batches).map { i in
                            transposed
                                ? GEMM.Product(
                                    dy.base + i * m * n, .transposed, a.base + i * m * k, .plain,
                                    into: sum + i * k * n, m: n, n: k, k: m, beta: beta)
                                : GEMM.Product(
                                    a.base + i * m * k, .transposed, dy.base + i * m * n, .plain,
                                    into: sum + i * k * n, m: k, n: n, k: m, beta: beta)
                        })
                }
            }
        }
    }
}
