import Kernels
import Settings

/// Stochastic gradient descent with momentum (Sutskever et al. 2013), as in PyTorch.
///
/// `g ← g + λ p; m ← μ m + (1 − τ) g; p ← p − lr m`, the first m of a parameter being g. Nesterov's form goes
/// along g + μ m instead. Without momentum, p ← p − lr g.
public typealias SGD = ElementwiseOptimizer<SGDRule>

/// What stochastic gradient descent does to a number.
public struct SGDRule: ElementwiseRule {
    /// The settings, with PyTorch's defaults.
    public struct Configuration: Settings, Equatable {
        /// μ, how much of the last direction is kept, 0..<1.
        public var momentum: Float = 0
        /// τ, how much of the gradient is left out of the momentum, 0...1.
        public var dampening: Float = 0
        /// λ, the weight decay of the parameters that have one, added to the gradient.
        public var weightDecay: Float = 0
        /// Whether to look ahead along the momentum.
        public var nesterov = false

        /// Creates the default settings.
        public init() {}

        /// Every setting.
        public static let settings = [
            Setting(
                "momentum", \Self.momentum, .fromUpTo(0, below: 1),
                "How much of the last direction is kept."),
            Setting(
                "dampening", \Self.dampening, .from(0, to: 1),
                "How much of the gradient is left out of the momentum."),
            Setting(
                "weight_decay", \Self.weightDecay, .atLeast(0),
                "Weight decay of all but biases and LayerNorm, as part of the gradient."),
            Setting("nesterov", \Self.nesterov, "Whether to look ahead along the momentum."),
        ]
    }

    /// `sgd`
    public static let name = "sgd"
    /// The direction of the last step; none without momentum.
    public var buffers: [String] { configuration.momentum == 0 ? [] : ["momentum_buffer"] }
    private let configuration: Configuration

    /// Creates the rule.
    public init(_ configuration: Configuration) { self.configuration = configuration }

    /// A few passes over blocks that stay in the cache.
    public func update(_ step: RuleStep) -> RuleUpdate {
        let c = configuration
        let weightDecay = step.decays ? c.weightDecay : 0
        return RuleUpdate(idleFactor: weightDecay == 0 ? 1 : nil) { entries in
            let kernels = VectorKernels.best
            entries.forEachBlock(gradientScale: step.gradientScale, weightDecay: weightDecay) {
                block, gradient in
                let count = block.count
                var direction = gradient
                if c.momentum != 0 {
                    let mean = block.buffer(0)
                    if step.isFirst {
                        mean.update(from: gradient, count: count)
                    } else {
                        kernels.scale(mean, c.momentum, mean, count)
                        kernels.axpy(mean, 1 - c.dampening, gradient, count)
                    }
                    if c.nesterov {
                        kernels.axpy(gradient, c.momentum, mean, count)
                    } else {
                        direction = mean
                    }
                }
                kernels.axpy(block.values, -step.learningRate, direction, count)
            }
        }
    }
}
