import Foundation
import Kernels

extension Tensor {
    /// `log Σ e^x` over the last dimension, which disappears.
    ///
    /// It never overflows. Elements of −∞ count for nothing; of nothing but them it is −∞, and the gradient 0.
    public func logSumExp() -> Tensor {
        let (rows, width) = rowsAndWidth
        let y = Storage(rows)
        ThreadPool.shared.ranges(rows, grain: ThreadPool.elementGrain / max(width, 1)) {
            [base] own in
            let powers = Storage(width)
            for row in own {
                let (top, logSum) = logOfSumOfPowers(base + row * width, width, powers.base)
                y.base[row] = top + logSum
            }
        }
        return .result(Shape(shape.array.dropLast()), y, of: [self]) { [storage, slot] in
            { dy, gradients in
                let dx = Storage(rows * width)
                ThreadPool.shared.ranges(rows, grain: ThreadPool.elementGrain / max(width, 1)) {
                    own in
                    for row in own {
                        let first = row * width
                        let out = dx.base + first
                        if y.base[row] == -.infinity {
                            out.update(repeating: 0, count: width)
                        } else {
                            let (_, logSum) = logOfSumOfPowers(storage.base + first, width, out)
                            VectorKernels.best.scale(
                                out, dy.base[row] * Foundation.exp(-logSum), out, width)
                        }
                    }
                }
                gradients.add(dx, to: slot)
            }
        }
    }

    /// `log softmax(x)` over the last dimension, exact where the softmax itself is too small to be told from 0.
    public func logSoftmax() -> Tensor {
        let (rows, width) = rowsAndWidth
        let y = Storage(count)
        ThreadPool.shared.ranges(rows, grain: ThreadPool.elementGrain / max(width, 1)) {
            [base] own in
            let powers = Storage(width)
            for row in own {
                let x = base + row * width
                let (top, logSum) = logOfSumOfPowers(x, width, powers.base)
                for i in 0..<width { y.base[row * width + i] = (x[i] - top) - logSum }
            }
        }
        return .result(shape, y, of: [self]) { [slot] in
            { dy, gradients in
                let dx = Storage(rows * width)
                ThreadPool.shared.ranges(rows, grain: ThreadPool.elementGrain / max(width, 1)) {
                    own in
                    for row in own {
                        let (out, first) = (dx.base + row * width, row * width)
                        let total = (0..<width).reduce(Float(0)) { $0 + dy.base[first + $1] }
                        VectorKernels.best.exp(out, y.base + first, width)
                        for i in 0..<width { out[i] = dy.base[first + i] - total * out[i] }
                    }
                }
                gradients.add(dx, to: slot)
            }
        }
    }

    /// How many rows of the last dimension there are, and its size.
    var rowsAndWidth: (rows: Int, width: Int) {
        (shape.array.dropLast().reduce(1, *), shape[-1])
    }
}

/// The largest element and log Σ e^(x − that), kept apart so that differences of large numbers stay exact; `powers`
/// becomes e^(x − that).
private func logOfSumOfPowers(
    _ x: UnsafePointer<Float>, _ width: Int, _ powers: UnsafeMutablePointer<Float>
) -> (top: Float, logSum: Float) {
    guard let top = UnsafeBufferPointer(start: x, count: width).max(), top > -.infinity else {
        return (-.infinity, 0)
    }
    for i in 0..<width { powers[i] = x[i] - top }
    VectorKernels.best.exp(powers, powers, width)
    var sum = 0.0
    for i in 0..<width { sum += Double(powers[i]) }
    return (top, Float(log(sum)))
}
