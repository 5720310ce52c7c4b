import Foundation
import Kernels
import Tensors

/// Adam with decoupled weight decay (Loshchilov and Hutter 2019, arXiv:1711.05101), as in PyTorch.
///
/// `p ← p (1 − lr λ) − lr / (1 − β₁ᵗ) · m / (√v / √(1 − β₂ᵗ) + ε)`
///
/// Parameters that have no gradient are left alone, weight decay included. Rows of an embedding table
/// that never had a gradient owe nothing but weight decay, which is put off until they are read.
public final class AdamW {
    /// The settings, with the defaults of Sentence-BERT's recipes.
    public struct Configuration: Codable, Sendable, Equatable {
        /// Decay of the mean of gradients, 0..<1.
        public var beta1: Float = 0.9
        /// Decay of the mean of squared gradients, 0..<1.
        public var beta2: Float = 0.999
        /// Added to the denominator.
        public var epsilon: Float = 1e-8
        /// λ, the weight decay of the parameters that have one.
        public var weightDecay: Float = 0.01

        /// Creates the default settings.
        public init() {}
    }

    /// The parameters, in the order given.
    public let parameters: [Parameter]
    /// The settings.
    public let configuration: Configuration
    /// Steps taken.
    public private(set) var stepCount = 0
    private var states: [ParameterState]

    /// Creates an optimizer; `decays` says which parameters have weight decay.
    ///
    /// By default that is all but biases and LayerNorm.
    public init(
        _ parameters: [Parameter], _ configuration: Configuration = Configuration(),
        decays: (Parameter) -> Bool = {
            !$0.name.hasSuffix("bias") && !$0.name.contains("LayerNorm")
        }
    ) {
        self.parameters = parameters
        self.configuration = configuration
        states = parameters.map {
            let decay = decays($0) ? configuration.weightDecay : 0
            return $0.isRowSparse
                ? EmbeddingState($0, weightDecay: decay) : DenseState($0, weightDecay: decay)
        }
    }

    /// Updates every parameter that has a gradient and is not frozen, in place.
    ///
    /// `gradientScale` multiplies the gradients: clipping rides along without a pass of its own.
    public func step(learningRate: Float, gradientScale: Float = 1) {
        stepCount += 1
        let (t, c) = (Double(stepCount), configuration)
        let correction1 = 1 - pow(Double(c.beta1), t)
        let correction2 = 1 - pow(Double(c.beta2), t)
        var tasks: [() -> Void] = []
        for (parameter, state) in zip(parameters, states) {
            guard parameter.hasGradient, !parameter.isFrozen else { continue }
            tasks += state.updates(
                simile_adamw(
                    gradient_scale: gradientScale, beta1: c.beta1, beta2: c.beta2,
                    epsilon: c.epsilon,
                    step_size: Float(Double(learningRate) / correction1),
                    inverse_correction2: Float(1 / correction2.squareRoot()),
                    decay: Float(1 - Double(learningRate) * Double(state.weightDecay))))
        }
        ThreadPool.shared.run(tasks.count) { [tasks] task, _ in tasks[task]() }
    }
}

// MARK: - State in checkpoints

extension AdamW {
    /// The two running means, under the names they have in PyTorch's optimizer state.
    public enum Moment: String, CaseIterable, Sendable {
        /// The mean of gradients.
        case expAvg = "exp_avg"
        /// The mean of squared gradients.
        case expAvgSq = "exp_avg_sq"
    }

    /// Lends a running mean of a part of a parameter.
    public func withMoment<Result, Failure: Error>(
        _ moment: Moment, ofParameterAt index: Int, part: Parameter.Part,
        _ body: (Span<Float>) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        let base = states[index].storage(moment).base + part.offset
        return try body(UnsafeBufferPointer(start: base, count: part.shape.count).span)
    }

    /// Puts back the state of a checkpoint: the number of steps, and every mean through `read`.
    public func restore<Failure: Error>(
        stepCount: Int,
        _ read: (Moment, _ parameter: Int, Parameter.Part, inout MutableSpan<Float>) throws(Failure)
            -> Void
    ) throws(Failure) {
        for (index, parameter) in parameters.enumerated() {
            defer { states[index].momentsWereRestored() }
            for moment in Moment.allCases {
                for part in parameter.parts {
                    let base = states[index].storage(moment).base + part.offset
                    var span = UnsafeMutableBufferPointer(start: base, count: part.shape.count)
                        .mutableSpan
                    try read(moment, index, part, &span)
                }
            }
        }
        self.stepCount = stepCount
    }
}
