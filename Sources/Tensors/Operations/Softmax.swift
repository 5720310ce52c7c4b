import Foundation
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

    /// The mean over the rows of `−log softmax(logits)[label]`: [rows, classes] to a scalar.
    ///
    /// Labels are in 0..<classes. Computed through the log-sum-exp, so it never overflows.
    public func softmaxCrossEntropy(_ labels: [Int32]) -> Tensor {
        precondition(
            shape.rank == 2 && shape[0] == labels.count && !labels.isEmpty
                && labels.allSatisfy { $0 >= 0 && $0 < shape[1] },
            "softmaxCrossEntropy: logits \(shape), labels \(labels)")
        let (rows, classes) = (shape[0], shape[1])
        let probabilities = Storage(count)
        VectorKernels.best.softmax_rows(probabilities.base, base, rows, classes)
        var total = 0.0
        for row in 0..<rows {
            let logits = UnsafeBufferPointer(start: base + row * classes, count: classes)
            let top = Double(logits.max() ?? 0)
            let sum = logits.reduce(0.0) { $0 + Foundation.exp(Double($1) - top) }
            total += top + Foundation.log(sum) - Double(logits[Int(labels[row])])
        }
        let loss = Storage(1)
        loss.base[0] = Float(total / Double(rows))
        return .result([], loss, of: [self]) { [slot] in
            { dy, gradients in
                let dx = Storage(rows * classes)
                let scale = dy.base[0] / Float(rows)
                VectorKernels.best.scale(dx.base, scale, probabilities.base, rows * classes)
                for (row, label) in labels.enumerated() {
                    dx.base[row * classes + Int(label)] -= scale
                }
                gradients.add(dx, to: slot)
            }
        }
    }
}
