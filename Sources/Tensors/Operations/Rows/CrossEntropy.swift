import Foundation
import Kernels

extension Tensor {
    /// The mean over the rows of `−log softmax(logits)[label]`: [rows, classes] to a scalar.
    ///
    /// Computed through the log-sum-exp, so it never overflows. As PyTorch's `cross_entropy`:
    ///
    /// - Parameters:
    ///   - labels: A class in 0..<classes for each row.
    ///   - classWeights: A weight of 0 or more for each class: the mean is weighted by those of the labels, and 0
    ///     when they are all 0.
    ///   - labelSmoothing: How much of the wanted probability is spread over all classes alike, in 0...1. Szegedy et
    ///     al. 2016, arXiv:1512.00567.
    public func softmaxCrossEntropy(
        _ labels: [Int32], classWeights: [Float]? = nil, labelSmoothing: Float = 0
    ) -> Tensor {
        precondition(
            shape.rank == 2 && shape[0] == labels.count && !labels.isEmpty
                && labels.allSatisfy { $0 >= 0 && $0 < shape[1] },
            "softmaxCrossEntropy: logits \(shape), labels \(labels)")
        let (rows, classes) = (shape[0], shape[1])
        precondition(
            classWeights.map { $0.count == classes && $0.allSatisfy { $0 >= 0 } } ?? true
                && (0...1).contains(labelSmoothing),
            "softmaxCrossEntropy: \(classes) classes, weights \(classWeights ?? []), smoothing \(labelSmoothing)"
        )
        let targets = Targets(
            weights: classWeights ?? Array(repeating: 1, count: classes),
            smoothing: Double(labelSmoothing))
        let weight = labels.reduce(0.0) { $0 + Double(targets.weights[Int($1)]) }
        let probabilities = Storage(count)
        let losses = Storage(rows)
        ThreadPool.shared.ranges(rows, grain: ThreadPool.elementGrain / max(classes, 1)) {
            [base] own in
            let first = own.lowerBound * classes
            VectorKernels.best.softmax_rows(
                probabilities.base + first, base + first, own.count, classes)
            for row in own {
                let logits = UnsafeBufferPointer(start: base + row * classes, count: classes)
                losses.base[row] = targets.loss(
                    logits, probabilities.base + row * classes, Int(labels[row]))
            }
        }
        let total = (0..<rows).reduce(0.0) { $0 + Double(losses.base[$1]) }
        let loss = Storage(1)
        loss.base[0] = weight > 0 ? Float(total / weight) : 0
        return .result([], loss, of: [self]) { [slot] in
            { dy, gradients in
                let dx = Storage(rows * classes)
                let scale = weight > 0 ? dy.base[0] / Float(weight) : 0
                ThreadPool.shared.ranges(rows, grain: ThreadPool.elementGrain / max(classes, 1)) {
                    own in
                    for row in own {
                        targets.gradient(
                            dx.base + row * classes, probabilities.base + row * classes,
                            Int(labels[row]), scale: scale)
                    }
                }
                gradients.add(dx, to: slot)
            }
        }
    }
}

/// How much of each class is wanted of a row with a label.
private struct Targets {
    let weights: [Float]
    let smoothing: Double

    /// What is wanted of `label` alone, and of every class times its weight.
    private func wanted(_ label: Int) -> (own: Double, each: Double) {
        ((1 - smoothing) * Double(weights[label]), smoothing / Double(weights.count))
    }

    /// Σ wanted · −log softmax
    func loss(
        _ logits: UnsafeBufferPointer<Float>, _ probabilities: UnsafePointer<Float>, _ label: Int
    ) -> Float {
        var top = 0
        for i in logits.indices where logits[i] > logits[top] { top = i }
        // The largest probability is 1 / Σ exp(logit − largest logit).
        let logPartition = Double(logits[top]) - Foundation.log(Double(probabilities[top]))
        let (own, each) = wanted(label)
        var loss = own * (logPartition - Double(logits[label]))
        if each > 0 {
            for (logit, weight) in zip(logits, weights) {
                loss += each * Double(weight) * (logPartition - Double(logit))
            }
        }
        return Float(loss)
    }

    /// d loss / d logits, times `scale`.
    func gradient(
        _ dx: UnsafeMutablePointer<Float>, _ probabilities: UnsafePointer<Float>, _ label: Int,
        scale: Float
    ) {
        let (own, each) = wanted(label)
        let all = each > 0 ? own + each * weights.reduce(0.0) { $0 + Double($1) } : own
        VectorKernels.best.scale(dx, scale * Float(all), probabilities, weights.count)
        dx[label] -= scale * Float(own)
        if each > 0 {
            for (i, weight) in weights.enumerated() { dx[i] -= scale * Float(each) * weight }
        }
    }
}
