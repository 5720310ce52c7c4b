import Kernels

extension Tensor {
    /// `e^x / Σ e^x` over the last dimension.
    public func softmax() -> Tensor {
        let width = shape[-1]
        let rows = width == 0 ? 0 : count / width
        let y = Storage(count)
        ThreadPool.shared.ranges(rows, grain: ThreadPool.elementGrain / max(width, 1)) {
            [base] own in
            let first = own.lowerBound * width
            VectorKernels.best.softmax_rows(y.base + first, base + first, own.count, width)
        }
        return .result(shape, y, of: [self]) { [slot] in
            { dy, gradients in
                let dx = Storage(dy.count)
                ThreadPool.shared.ranges(rows, grain: ThreadPool.elementGrain / max(width, 1)) {
                    [dx = dx.base, dy = dy.base, y = y.base] own in
                    for row in own {
                        let first = row * width
                        let mean = VectorKernels.best.dot(dy + first, y + first, width)
                        for i in first..<first + width { dx[i] = y[i] * (dy[i] - mean) }
                    }
                }
                gradients.add(dx, to: slot)
            }
        }
    }
}
