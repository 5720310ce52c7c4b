import Foundation
import Kernels
import Settings

/// Adam with decoupled weight decay (Loshchilov and Hutter 2019, arXiv:1711.05101), as in PyTorch.
///
/// `p ← p (1 − lr λ) − lr / (1 − β₁ᵗ) · m / (√v / √(1 − β₂ᵗ) + ε)`
///
/// Parameters that have no gradient are left alone, weight decay included.
public typealias AdamW = ElementwiseOptimizer<AdamWRule>

/// What AdamW does to a number.
public struct AdamWRule: ElementwiseRule {
    /// The settings, with the defaults of Sentence-BERT's recipes.
    public struct Configuration: Settings, Equatable {
        /// Decay of the mean of gradients, 0..<1.
        public var beta1: Float = 0.9
        /// Decay of the mean of squared gradients, 0..<1.
        public var beta2: Float = 0.999
        /// Added to the denominator, above 0.
        public var epsilon: Float = 1e-8
        /// λ, the weight decay of the parameters that have one.
        public var weightDecay: Float = 0.01
        /// Whether the means are divided by 1 − βᵗ, since they begin at 0; BERT's own optimizer did not.
        public var correctsBias = true

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
                "Weight decay of all but biases and LayerNorm, apart from the gradient."),
            Setting(
                "correct_bias", \Self.correctsBias,
                "Whether the means are corrected for beginning at 0."),
        ]
    }

    /// `adamw`
    public static let name = "adamw"
    /// The running means of gradients and of their squares.
    public let buffers = ["exp_avg", "exp_avg_sq"]
    private let configuration: Configuration

    /// Creates the rule.
    public init(_ configuration: Configuration) { self.configuration = configuration }

    /// One pass over the numbers.
    public func update(_ step: RuleStep) -> RuleUpdate {
        let c = configuration
        let weightDecay = step.decays ? c.weightDecay : 0
        let moments = simile_adamw(
            step, beta1: c.beta1, beta2: c.beta2, epsilon: c.epsilon,
            correctsBias: c.correctsBias, gradientScale: step.gradientScale,
            decay: Float(1 - Double(step.learningRate) * Double(weightDecay)))
        return RuleUpdate(idleFactor: moments.decay) { entries in
            VectorKernels.best.adamw(
                entries.values, entries.gradient, entries.buffer(0), entries.buffer(1),
                entries.count, moments)
        }
    }
}

extension simile_adamw {
    /// The constants of a step of Adam or AdamW.
    init(
        _ step: RuleStep, beta1: Float, beta2: Float, epsilon: Float, correctsBias: Bool,
        gradientScale: Float, decay: Float
    ) {
        let t = Double(step.number)
        let correction1 = correctsBias ? 1 - pow(Double(beta1), t) : 1
        let correction2 = correctsBias ? 1 - pow(Double(beta2), t) : 1
        self.init(
            gradient_scale: gradientScale, beta1: beta1, beta2: beta2, epsilon: epsilon,
            step_size: Float(Double(step.learningRate) / correction1),
            inverse_correction2: Float(1 / correction2.squareRoot()), decay: decay)
    }
}
