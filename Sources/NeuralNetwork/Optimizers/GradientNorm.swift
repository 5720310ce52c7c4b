import Kernels
import Tensors

extension Sequence<Parameter> {
    /// The Euclidean norm of all gradients together, NaN or infinite when one is.
    ///
    /// Sums are formed in fixed chunks, in the same order for any number of threads.
    public func gradientNorm() -> Double {
        let chunks = gradientChunks()
        var sums = [Double](repeating: 0, count: chunks.count)
        sums.withUnsafeMutableBufferPointer { sums in
            nonisolated(unsafe) let (sums, chunks) = (sums, chunks)
            ThreadPool.shared.ranges(chunks.count, grain: 8) { range in
                for i in range {
                    sums[i] = VectorKernels.best.sum_of_squares(chunks[i].start, chunks[i].count)
                }
            }
        }
        return sums.reduce(0, +).squareRoot()
    }

    /// The memory of all gradients, in pieces that do not depend on the number of threads.
    private func gradientChunks() -> [(start: UnsafeMutablePointer<Float>, count: Int)] {
        let chunk = 1 << 14
        var chunks: [(start: UnsafeMutablePointer<Float>, count: Int)] = []
        for parameter in self {
            guard let gradient = parameter.rawGradient else { continue }
            if parameter.isRowSparse {
                let width = parameter.shape.count / Swift.max(parameter.shape[0], 1)
                for row in parameter.touchedRows {
                    chunks.append((gradient.base + Int(row) * width, width))
                }
            } else {
                for first in stride(from: 0, to: gradient.count, by: chunk) {
                    chunks.append((gradient.base + first, Swift.min(chunk, gradient.count - first)))
                }
            }
        }
        return chunks
    }

    /// Brings every number of the gradients to between `limit` and its negative; of embedding tables those of the rows
    /// that have a gradient, for the others are 0.
    public func clipGradientValues(to limit: Float) {
        let chunks = gradientChunks()
        nonisolated(unsafe) let memory = chunks
        ThreadPool.shared.ranges(chunks.count, grain: 8) { range in
            for chunk in memory[range] {
                for i in 0..<chunk.count {
                    chunk.start[i] = Swift.min(Swift.max(chunk.start[i], -limit), limit)
                }
            }
        }
    }

    /// Forgets every gradient; the next backward pass overwrites.
    public func clearGradients() {
        for parameter in self { parameter.clearGradient() }
    }
}
