import Kernels
import Settings
import Tensors

/// The optimizer of a rule that treats every number by itself.
///
/// Parameters that have no gradient are left alone, weight decay included. Rows of an embedding table
/// that never had a gradient owe nothing but the rule's idle factor, which is put off until they are read.
public final class ElementwiseOptimizer<Rule: ElementwiseRule>: Optimizer {
    /// The rule's settings.
    public typealias Configuration = Rule.Configuration

    /// The rule's name.
    public static var name: String { Rule.name }
    /// The parameters, in the order given.
    public let parameters: [Parameter]
    /// The settings.
    public let configuration: Configuration
    /// Steps taken.
    public var stepCount = 0
    /// What the learning rate of each parameter is multiplied by.
    public var learningRateFactors: [Float]
    private let rule: Rule
    private let states: [ParameterState]

    /// Creates an optimizer; `decays` says which parameters have weight decay, by default all but biases and
    /// LayerNorm.
    public init(
        _ parameters: [Parameter], _ configuration: Configuration = Configuration(),
        decays: (Parameter) -> Bool = Optimizers.decaysByDefault
    ) {
        let rule = Rule(configuration)
        self.parameters = parameters
        self.configuration = configuration
        self.rule = rule
        learningRateFactors = parameters.map { _ in 1 }
        states = parameters.map {
            $0.isRowSparse
                ? EmbeddingState($0, decays: decays($0), bufferCount: rule.buffers.count)
                : DenseState($0, decays: decays($0), bufferCount: rule.buffers.count)
        }
    }

    /// Updates every parameter that has a gradient and is not frozen, in place.
    public func step(learningRate: Float, gradientScale: Float = 1) {
        stepCount += 1
        var tasks: [() -> Void] = []
        for (state, factor) in zip(states, learningRateFactors)
        where state.parameter.hasGradient && !state.parameter.isFrozen {
            tasks += state.updates(
                rule.update(
                    RuleStep(
                        number: stepCount, isFirst: state.isUntouched,
                        learningRate: learningRate * factor, gradientScale: gradientScale,
                        decays: state.decays)))
        }
        ThreadPool.shared.run(tasks.count) { [tasks] task, _ in tasks[task]() }
    }

    /// The rule's buffers.
    public var buffers: [String] { rule.buffers }

    /// The shape of the part, whatever the buffer; nil for a frozen parameter.
    public func bufferShape(_ name: String, of index: Int, _ part: Parameter.Part) -> Shape? {
        hasBuffers(index) && rule.buffers.contains(name) ? part.shape : nil
    }

    /// Lends a buffer of a part, which gets memory if it had none.
    public func withBuffer<Result, Failure: Error>(
        _ name: String, of index: Int, _ part: Parameter.Part,
        _ body: (inout MutableSpan<Float>) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        guard let number = rule.buffers.firstIndex(of: name) else {
            preconditionFailure("\(Rule.name) has no buffer \(name)")
        }
        let state = states[index]
        let base = state.memory.base + number * state.parameter.shape.count + part.offset
        var span = UnsafeMutableBufferPointer(start: base, count: part.shape.count).mutableSpan
        return try body(&span)
    }

    /// Says that buffers were filled from outside.
    public func buffersWereRestored() {
        for state in states { state.buffersWereRestored() }
    }
}
