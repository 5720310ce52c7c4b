import Kernels
import Settings

/// An optimizer that treats every number by itself: what a step does to some of them.
///
/// `ElementwiseOptimizer` does the rest: chunks, threads, embedding tables and checkpoints.
public protocol ElementwiseRule: Sendable {
    /// Its settings.
    associatedtype Configuration: Settings

    /// The name in recipes and checkpoints.
    static var name: String { get }
    /// What it keeps for every number, named as in PyTorch's state; each begins as 0.
    var buffers: [String] { get }
    /// Creates the rule.
    init(_ configuration: Configuration)
    /// What a step does to the numbers of a parameter.
    func update(_ step: RuleStep) -> RuleUpdate
}

/// One step of a parameter.
public struct RuleStep: Sendable {
    /// The step of the optimizer, from 1.
    public let number: Int
    /// Whether the parameter's buffers are still all 0, as before its first gradient.
    public let isFirst: Bool
    /// The learning rate.
    public let learningRate: Float
    /// What the gradients are multiplied by.
    public let gradientScale: Float
    /// Whether the parameter has weight decay.
    public let decays: Bool
}

/// What a step does to the numbers of a parameter.
public struct RuleUpdate: Sendable {
    /// What a number is multiplied by whose gradient and buffers are 0, to the last bit; nil when it is changed
    /// otherwise, or when its buffers are.
    ///
    /// Rows of an embedding table that never had a gradient are left alone but for these factors.
    public let idleFactor: Float?
    /// Changes some numbers; called on several threads at once for different ones.
    public let apply: @Sendable (RuleEntries) -> Void

    /// Creates an update.
    public init(idleFactor: Float?, apply: @escaping @Sendable (RuleEntries) -> Void) {
        self.idleFactor = idleFactor
        self.apply = apply
    }
}

/// Some numbers of a parameter that lie side by side.
public struct RuleEntries {
    /// The numbers.
    public let values: UnsafeMutablePointer<Float>
    /// Their gradients, not yet scaled; nil for zeros.
    public let gradient: UnsafePointer<Float>?
    /// How many there are.
    public let count: Int
    private let firstBuffer: UnsafeMutablePointer<Float>
    private let bufferStride: Int

    init(
        values: UnsafeMutablePointer<Float>, gradient: UnsafePointer<Float>?, count: Int,
        firstBuffer: UnsafeMutablePointer<Float>, bufferStride: Int
    ) {
        self.values = values
        self.gradient = gradient
        self.count = count
        self.firstBuffer = firstBuffer
        self.bufferStride = bufferStride
    }

    /// What is kept for the numbers under the name `buffers[index]` of the rule.
    public func buffer(_ index: Int) -> UnsafeMutablePointer<Float> {
        firstBuffer + index * bufferStride
    }

    /// Calls `body` for blocks that fit the first cache, each with scale · gradient + decay · value, which it
    /// may change.
    func forEachBlock(
        gradientScale: Float, weightDecay: Float,
        _ body: (_ block: RuleEntries, _ gradient: UnsafeMutablePointer<Float>) -> Void
    ) {
        let size = min(count, 1024)
        guard size > 0 else { return }
        withUnsafeTemporaryAllocation(of: Float.self, capacity: size) { scratch in
            guard let sum = scratch.baseAddress else { return }
            for first in stride(from: 0, to: count, by: size) {
                let block = RuleEntries(
                    values: values + first, gradient: gradient.map { $0 + first },
                    count: min(size, count - first), firstBuffer: firstBuffer + first,
                    bufferStride: bufferStride)
                if let gradient = block.gradient {
                    VectorKernels.best.scale(sum, gradientScale, gradient, block.count)
                } else {
                    sum.update(repeating: 0, count: block.count)
                }
                if weightDecay != 0 {
                    VectorKernels.best.axpy(sum, weightDecay, block.values, block.count)
                }
                body(block, sum)
            }
        }
    }
}
