import Kernels
import Settings

/// Adam (Kingma and Ba 2015, arXiv:1412.6980), as in PyTorch, with weight decay inside the gradient.
///
/// `g ← g + λ p; p ← p − lr / (1 − β₁ᵗ) · m / (√v / √(1 − β₂ᵗ) + ε)`
public typealias Adam = ElementwiseOptimizer<AdamRule>

/// What Adam does to a number.
public struct AdamRule: ElementwiseRule {
    /// The settings, with PyTorch's defaults.
    public struct Configuration: Settings, Equatable {
        /// Decay of the mean of gradients, 0..<1.
        public var beta1: Float = 0.9
        /// Decay of the mean of squared gradients, 0..<1.
        public var beta2: Float = 0.999
        /// Added to the denominator, above 0.
        public var epsilon: Float = 1e-8
        /// λ, the weight decay of the parameters that have one, added to the gradient.
        public var weightDecay: Float = 0

        /// Creates the default settings.
        public init() {}

        /// Every setting.
        public static let settings = [
            Setting(
                "beta1", \Self.beta1, .fromUpTo(0, below: 1), "The decay of the mean of gradients."),
            Setting(
                "beta2", \Self.beta2, .fromUpTo(0, below: 1),
                "The decay of the mean of squared gradients."),
            Setting("epsilon", \Self.epsilon, .above(0), "What is added to the denominator."),
            Setting(
                "weight_decay", \Self.weightDecay, .atLeast(0),
                "Weight decay of all but biases and LayerNorm, as part of the gradient."),
        ]
    }

    /// `adam`
    public static let name = "adam"
    /// The running means of gradients and of their squares.
    public let buffers = ["exp_avg", "exp_avg_sq"]
    private let configuration: Configuration

    /// Creates the rule.
    public init(_ configuration: Configuration) { self.configuration = configuration }

    /// AdamW's pass, over gradients that have the weight decay in them.
    public func update(_ step: RuleStep) -> RuleUpdate {
        let c = configuration
        let weightDecay = step.decays ? c.weightDecay : 0
        let moments = simile_adamw(
            step, beta1: c.beta1, beta2: c.beta2, epsilon: c.epsilon, correctsBias: true,
            gradientScale: 1, decay: 1)
        return RuleUpdate(idleFactor: weightDecay == 0 ? 1 : nil) { entries in
            entries.forEachBlock(gradientScale: step.gradientScale, weightDecay: weightDecay) {
                block, gradient in
                VectorKernels.best.adamw(
                    block.values, gradient, block.buffer(0), block.buffer(1), block.count, moments)
            }
        }
    }
}
