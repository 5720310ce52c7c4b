import Settings

/// Lion (Chen et al. 2023, arXiv:2302.06675, algorithm 2): steps of one size along the sign of a mean of
/// gradients.
///
/// `p ← p (1 − lr λ) − lr · sign(β₁ m + (1 − β₁) g); m ← β₂ m + (1 − β₂) g`
public typealias Lion = ElementwiseOptimizer<LionRule>

/// What Lion does to a number.
public struct LionRule: ElementwiseRule {
    /// The settings, with the paper's defaults.
    public struct Configuration: Settings, Equatable {
        /// The mean's share in the direction, 0..<1.
        public var beta1: Float = 0.9
        /// Decay of the mean of gradients, 0..<1.
        public var beta2: Float = 0.99
        /// λ, the weight decay of the parameters that have one.
        public var weightDecay: Float = 0

        /// Creates the default settings.
        public init() {}

        /// Every setting.
        public static let settings = [
            Setting(
                "beta1", \Self.beta1, .fromUpTo(0, below: 1), "The mean's share in the direction."),
            Setting(
                "beta2", \Self.beta2, .fromUpTo(0, below: 1), "The decay of the mean of gradients."),
            Setting(
                "weight_decay", \Self.weightDecay, .atLeast(0),
                "Weight decay of all but biases and LayerNorm, apart from the gradient."),
        ]
    }

    /// `lion`
    public static let name = "lion"
    /// The running mean of gradients.
    public let buffers = ["exp_avg"]
    private let configuration: Configuration

    /// Creates the rule.
    public init(_ configuration: Configuration) { self.configuration = configuration }

    /// One pass over the numbers. The sign of 0 is 0.
    public func update(_ step: RuleStep) -> RuleUpdate {
        let (beta1, beta2) = (configuration.beta1, configuration.beta2)
        let weightDecay = step.decays ? configuration.weightDecay : 0
        let decay = Float(1 - Double(step.learningRate) * Double(weightDecay))
        let rate = step.learningRate
        return RuleUpdate(idleFactor: decay) { entries in
            entries.forEachBlock(gradientScale: step.gradientScale, weightDecay: 0) {
                block, gradient in
                let (values, mean) = (block.values, block.buffer(0))
                for i in 0..<block.count {
                    let direction = beta1 * mean[i] + (1 - beta1) * gradient[i]
                    // A NaN stays one, so that it is found.
                    let sign: Float = direction > 0 ? 1 : direction < 0 ? -1 : direction
                    values[i] = values[i] * decay - rate * sign
                    mean[i] = beta2 * mean[i] + (1 - beta2) * gradient[i]
                }
            }
        }
    }
}
