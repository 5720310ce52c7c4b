import Kernels
import Tensors

/// The exponential moving average of the parameters that are trained, as PyTorch's `get_ema_avg_fn`:
/// a ← δ a + (1 − δ) p, the first update being a ← p.
///
/// Parameters and average can change places, so that a model computes with its average; nothing is lost by it. All of an
/// embedding table is averaged at every step, also the rows without gradients: the average is the dense one to the
/// last bit.
public final class WeightAverage {
    /// The share of itself that the average keeps at an update, 0..<1.
    public let decay: Float
    /// Whether the parameters hold the average now, and `others` the weights themselves.
    public private(set) var isInUse = false
    private let parameters: [Parameter]
    /// By parameter; none for frozen ones, which are their own average.
    private let others: [Storage?]

    /// Creates the average of parameters as they are now.
    public init(_ parameters: [Parameter], decay: Float) {
        precondition((0..<1).contains(decay), "a decay of \(decay): it must lie in 0..<1")
        self.decay = decay
        self.parameters = parameters
        others = parameters.map { parameter in
            if parameter.isFrozen { return nil }
            let copy = Storage(parameter.shape.count)
            copy.base.update(from: parameter.value.base, count: copy.count)
            return copy
        }
    }

    /// Takes in the weights after a step; after the first one the average is these weights.
    public func update(isFirst: Bool) {
        precondition(!isInUse, "the parameters hold their average: it cannot be updated by itself")
        let decay = isFirst ? 0 : decay
        forEachChunk { weights, average, count in
            VectorKernels.best.scale(average, decay, average, count)
            VectorKernels.best.axpy(average, 1 - decay, weights, count)
        }
    }

    /// Lets the parameters hold their average, or the weights themselves.
    public func use(_ inUse: Bool) {
        guard inUse != isInUse else { return }
        isInUse = inUse
        forEachChunk { weights, average, count in
            for i in 0..<count { (weights[i], average[i]) = (average[i], weights[i]) }
        }
    }

    /// How many numbers are averaged.
    public var elementCount: Int { others.reduce(0) { $0 + ($1?.count ?? 0) } }

    /// Whether a parameter has an average of its own.
    public func has(_ index: Int) -> Bool { others[index] != nil }

    /// Lends what the parameter at `index` does not hold now: the weights when the average is in use.
    public func withOther<Result, Failure: Error>(
        _ index: Int, _ part: Parameter.Part,
        _ body: (inout MutableSpan<Float>) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        guard let storage = others[index] else {
            preconditionFailure("\(part.name) is frozen, and so has no average")
        }
        var span = UnsafeMutableBufferPointer(
            start: storage.base + part.offset, count: part.shape.count
        ).mutableSpan
        return try body(&span)
    }

    /// Says that the parameters hold the average, and that the weights were written to what `withOther` lends.
    public func wasRestored() { isInUse = true }

    private func forEachChunk(
        _ body:
            @escaping (
                _ values: UnsafeMutablePointer<Float>, _ other: UnsafeMutablePointer<Float>,
                _ count: Int
            ) -> Void
    ) {
        let chunk = 1 << 16
        var tasks: [() -> Void] = []
        for (parameter, other) in zip(parameters, others) {
            guard let other else { continue }
            // Brings what an optimizer put off up to date.
            let value = parameter.value
            for i in stride(from: 0, to: other.count, by: chunk) {
                tasks.append { body(value.base + i, other.base + i, min(chunk, other.count - i)) }
            }
        }
        ThreadPool.shared.run(tasks.count) { [tasks] task, _ in tasks[task]() }
    }
}
