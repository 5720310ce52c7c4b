import Foundation
import Kernels
import Tensors

/// A step of Adafactor for one part of a parameter.
struct AdafactorUpdate {
    let configuration: Adafactor.Configuration
    /// From 1.
    let step: Int
    let learningRate: Float
    /// What the rate is multiplied by, whichever it is.
    let rateFactor: Float
    let weightDecay: Float
    let part: Parameter.Part
    /// The means of a part of two dimensions or more, else nil.
    let row: Storage?
    let column: Storage?
    /// The mean of a part of fewer dimensions, else nil.
    let whole: Storage?
    /// The mean of updates, if one is kept.
    let mean: Storage?

    func apply(
        to values: UnsafeMutablePointer<Float>, gradient: UnsafePointer<Float>, scale: Float
    ) {
        let count = part.shape.count
        guard count > 0 else { return }
        let rate = Float(self.rate(rootMeanSquare(values, count)))
        let update = Storage(count)
        VectorKernels.best.scale(update.base, scale, gradient, count)
        if let whole {
            divideByRoot(update.base, whole)
        } else if let row, let column {
            divideByRoots(update.base, row, column)
        }
        let size = rootMeanSquare(update.base, count) / Double(configuration.clipThreshold)
        VectorKernels.best.scale(
            update.base, Float(Double(rate) / max(1, size)), update.base, count)
        if let mean, let beta = configuration.beta1 {
            VectorKernels.best.scale(mean.base, beta, mean.base, count)
            VectorKernels.best.axpy(mean.base, 1 - beta, update.base, count)
        }
        if weightDecay != 0 {
            VectorKernels.best.scale(values, 1 - weightDecay * rate, values, count)
        }
        VectorKernels.best.axpy(values, -1, (mean ?? update).base, count)
    }

    private func rate(_ size: Double) -> Double {
        var rate = Double(learningRate)
        if configuration.usesRelativeStep {
            let most = configuration.warmsUp ? 1e-6 * Double(step) : 1e-2
            rate = min(most, 1 / Double(step).squareRoot())
        }
        rate *= Double(rateFactor)
        return configuration.scalesParameter
            ? rate * max(Double(configuration.epsilon2), size) : rate
    }

    private func rootMeanSquare(_ values: UnsafePointer<Float>, _ count: Int) -> Double {
        (VectorKernels.best.sum_of_squares(values, count) / Double(count)).squareRoot()
    }

    /// How much of a mean of squares is kept.
    private var decay: Float { Float(1 - pow(Double(step), Double(configuration.decayRate))) }

    private func divideByRoot(_ update: UnsafeMutablePointer<Float>, _ squares: Storage) {
        let (decay, epsilon) = (decay, configuration.epsilon1)
        for i in 0..<squares.count {
            let square = update[i] * update[i] + epsilon
            squares.base[i] = squares.base[i] * decay + square * (1 - decay)
            update[i] /= squares.base[i].squareRoot()
        }
    }

    /// For each matrix of the last two dimensions: means of the squares of rows and columns, then the division
    /// by the root of their product over the mean of the row means.
    private func divideByRoots(
        _ update: UnsafeMutablePointer<Float>, _ row: Storage, _ column: Storage
    ) {
        let (rows, columns) = (part.shape[-2], part.shape[-1])
        let (decay, epsilon) = (decay, configuration.epsilon1)
        for matrix in 0..<part.shape.count / max(1, rows * columns) {
            let (u, r) = (update + matrix * rows * columns, row.base + matrix * rows)
            let c = column.base + matrix * columns
            var columnSums = [Float](repeating: 0, count: columns)
            var total = 0.0
            for i in 0..<rows {
                var sum: Float = 0
                for j in 0..<columns {
                    let square = u[i * columns + j] * u[i * columns + j] + epsilon
                    sum += square
                    columnSums[j] += square
                }
                r[i] = r[i] * decay + sum / Float(columns) * (1 - decay)
                total += Double(r[i])
            }
            for j in 0..<columns {
                c[j] = c[j] * decay + columnSums[j] / Float(rows) * (1 - decay)
                columnSums[j] = 1 / c[j].squareRoot()
            }
            let mean = Float(total / Double(rows))
            for i in 0..<rows {
                let factor = 1 / (r[i] / mean).squareRoot()
                for j in 0..<columns { u[i * columns + j] *= factor * columnSums[j] }
            }
        }
    }
}
