import Foundation
import Kernels
import Settings
import Tensors

/// Adafactor (Shazeer and Stern 2018, arXiv:1804.04235), as in transformers: of the squared gradients of a
/// matrix it keeps means of rows and of columns, whose product stands for each.
///
/// `u ← g / √v, v from row and column means; u ← u / max(1, RMS(u) / d); p ← p − ρ u`, where ρ is the learning
/// rate or, with `relative_step`, min(0.01, 1/√t); with `scale_parameter` it is multiplied by max(ε₂, RMS(p)).
/// Weight decay is p ← p (1 − ρ λ). Each part of a parameter is treated by itself. Embedding tables are updated
/// densely, as the definition asks, since no row stays the same.
public final class Adafactor: Optimizer {
    /// The settings, with transformers' defaults.
    public struct Configuration: Settings, Equatable {
        /// ε₁, added to the squared gradients.
        public var epsilon1: Float = 1e-30
        /// ε₂, the least size that a parameter counts for.
        public var epsilon2: Float = 1e-3
        /// d, the largest root mean square of an update.
        public var clipThreshold: Float = 1
        /// The means of step t decay by 1 − t to the power of this.
        public var decayRate: Float = -0.8
        /// Decay of a mean of updates, 0..<1; none is kept when absent.
        public var beta1: Float?
        /// λ, the weight decay of the parameters that have one.
        public var weightDecay: Float = 0
        /// Whether the learning rate is multiplied by a parameter's root mean square.
        public var scalesParameter = true
        /// Whether the learning rate is Adafactor's own, and the one given is not used.
        public var usesRelativeStep = true
        /// Whether Adafactor's own learning rate begins small: it is at most 1e-6 · t.
        public var warmsUp = false

        /// Creates the default settings.
        public init() {}

        /// Every setting.
        public static let settings = [
            Setting("epsilon1", \Self.epsilon1, .above(0), "What is added to squared gradients."),
            Setting(
                "epsilon2", \Self.epsilon2, .above(0), "The least size a parameter counts for."),
            Setting(
                "clip_threshold", \Self.clipThreshold, .above(0),
                "The largest root mean square of an update."),
            Setting(
                "decay_rate", \Self.decayRate, .from(-10, to: 0),
                "Means of step t decay by 1 - t to the power of this."),
            Setting(
                "beta1", \Self.beta1, .fromUpTo(0, below: 1),
                "The decay of the mean of updates; none is kept by default."),
            Setting(
                "weight_decay", \Self.weightDecay, .atLeast(0),
                "Weight decay of all but biases and LayerNorm."),
            Setting(
                "scale_parameter", \Self.scalesParameter,
                "Whether the learning rate is multiplied by a parameter's root mean square."),
            Setting(
                "relative_step", \Self.usesRelativeStep,
                "Whether to use a learning rate of its own, the smaller of 0.01 and 1/√t, and not the schedule's."
            ),
            Setting("warmup_init", \Self.warmsUp, "Whether its own learning rate begins small."),
        ]
    }

    /// `adafactor`
    public static let name = "adafactor"
    /// The settings.
    public let configuration: Configuration
    /// The parameters, in the order given.
    public let parameters: [Parameter]
    /// Steps taken.
    public var stepCount = 0
    /// What the learning rate of each parameter is multiplied by, Adafactor's own included.
    public var learningRateFactors: [Float]
    private let decays: [Bool]
    /// By parameter and part; made when first needed.
    private var memory: [[String: Storage]]

    /// Creates an optimizer; `decays` says which parameters have weight decay, by default all but biases and
    /// LayerNorm.
    public init(
        _ parameters: [Parameter], _ configuration: Configuration = Configuration(),
        decays: (Parameter) -> Bool = Optimizers.decaysByDefault
    ) {
        self.parameters = parameters
        self.configuration = configuration
        self.decays = parameters.map(decays)
        learningRateFactors = parameters.map { _ in 1 }
        memory = Array(repeating: [:], count: parameters.count)
    }

    /// Means of squared gradients by row and by column, or whole for vectors, and with `beta1` the mean of
    /// updates.
    public var buffers: [String] {
        ["exp_avg_sq_row", "exp_avg_sq_col", "exp_avg_sq"]
            + (configuration.beta1 == nil ? [] : ["exp_avg"])
    }

    /// The shape of a buffer: a matrix has row and column means, a vector a whole mean; nil for a frozen
    /// parameter.
    public func bufferShape(_ name: String, of index: Int, _ part: Parameter.Part) -> Shape? {
        guard hasBuffers(index), buffers.contains(name) else { return nil }
        let shape = part.shape.array
        switch name {
        case "exp_avg_sq_row": return shape.count < 2 ? nil : Shape(shape.dropLast())
        case "exp_avg_sq_col":
            return shape.count < 2 ? nil : Shape(shape.dropLast(2) + shape.suffix(1))
        case "exp_avg_sq": return shape.count < 2 ? part.shape : nil
        default: return part.shape
        }
    }

    /// Lends a buffer of a part, which gets memory if it had none.
    public func withBuffer<Result, Failure: Error>(
        _ name: String, of index: Int, _ part: Parameter.Part,
        _ body: (inout MutableSpan<Float>) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        let storage = buffer(name, index, part)
        var span = UnsafeMutableBufferPointer(start: storage.base, count: storage.count)
            .mutableSpan
        return try body(&span)
    }

    /// Nothing depends on what the buffers hold.
    public func buffersWereRestored() {}

    private func buffer(_ name: String, _ index: Int, _ part: Parameter.Part) -> Storage {
        let key = "\(name) \(part.offset)"
        if let storage = memory[index][key] { return storage }
        guard let shape = bufferShape(name, of: index, part) else {
            preconditionFailure("\(part.name) has no buffer \(name)")
        }
        let storage = Storage.zeros(shape.count)
        memory[index][key] = storage
        return storage
    }

    /// Updates every parameter that has a gradient and is not frozen, in place.
    public func step(learningRate: Float, gradientScale: Float = 1) {
        stepCount += 1
        var tasks: [() -> Void] = []
        for (index, parameter) in parameters.enumerated() {
            guard !parameter.isFrozen, let gradient = parameter.gradient else { continue }
            // Brings what another optimizer put off up to date.
            let values = parameter.value
            for part in parameter.parts {
                let row = part.shape.rank < 2 ? nil : buffer("exp_avg_sq_row", index, part)
                let column = part.shape.rank < 2 ? nil : buffer("exp_avg_sq_col", index, part)
                let whole = part.shape.rank < 2 ? buffer("exp_avg_sq", index, part) : nil
                let mean = configuration.beta1 == nil ? nil : buffer("exp_avg", index, part)
                let update = AdafactorUpdate(
                    configuration: configuration, step: stepCount, learningRate: learningRate,
                    rateFactor: learningRateFactors[index],
                    weightDecay: decays[index] ? configuration.weightDecay : 0, part: part,
                    row: row, column: column, whole: whole, mean: mean)
                tasks.append {
                    update.apply(
                        to: values.base + part.offset, gradient: gradient.base + part.offset,
                        scale: gradientScale)
                }
            }
        }
        ThreadPool.shared.run(tasks.count) { [tasks] task, _ in tasks[task]() }
    }
}
