import JSON
import Settings
import Tensors

/// Changes parameters by their gradients, one step at a time.
///
/// A new one is a file of its own and its name in `Optimizers.all`; one that treats every number by itself
/// needs no more than an `ElementwiseRule`. What it keeps between steps is lent by name, so that checkpoints
/// need to know none of them.
public protocol Optimizer: AnyObject {
    /// Its settings.
    associatedtype Configuration: Settings

    /// The name in recipes and checkpoints.
    static var name: String { get }
    /// The settings it was made with.
    var configuration: Configuration { get }
    /// The parameters, in the order given.
    var parameters: [Parameter] { get }
    /// Steps taken.
    var stepCount: Int { get set }
    /// What the learning rate of each parameter is multiplied by; all 1 at first.
    ///
    /// Not kept in checkpoints: they follow from the run's settings.
    var learningRateFactors: [Float] { get set }
    /// What it keeps for a parameter, named as in PyTorch's state: `exp_avg`. May depend on the settings.
    var buffers: [String] { get }

    /// Creates an optimizer; `decays` says which parameters have weight decay.
    init(_ parameters: [Parameter], _ configuration: Configuration, decays: (Parameter) -> Bool)

    /// Updates every parameter that has a gradient and is not frozen, in place.
    ///
    /// `gradientScale` multiplies the gradients: clipping rides along without a pass of its own.
    func step(learningRate: Float, gradientScale: Float)

    /// The shape of a buffer of a part of the parameter at `index`; nil when the part has no such buffer.
    func bufferShape(_ name: String, of index: Int, _ part: Parameter.Part) -> Shape?

    /// Lends a buffer of a part of the parameter at `index`, to be read or filled.
    ///
    /// It has the numbers of `bufferShape`, which must not be nil. Call `buffersWereRestored()` after filling
    /// any.
    func withBuffer<Result, Failure: Error>(
        _ name: String, of index: Int, _ part: Parameter.Part,
        _ body: (inout MutableSpan<Float>) throws(Failure) -> Result
    ) throws(Failure) -> Result

    /// Says that buffers were filled from outside.
    func buffersWereRestored()
}

extension Optimizer {
    /// Whether the parameter at `index` has buffers: one that is frozen has none, in memory or in checkpoints.
    public func hasBuffers(_ index: Int) -> Bool { !parameters[index].isFrozen }

    /// How many numbers all buffers hold together.
    public var bufferElementCount: Int {
        var count = 0
        for (index, parameter) in parameters.enumerated() {
            for part in parameter.parts {
                for name in buffers {
                    count += bufferShape(name, of: index, part)?.count ?? 0
                }
            }
        }
        return count
    }

    /// Puts back the state of a checkpoint: the number of steps, and every buffer through `read`.
    public func restore<Failure: Error>(
        stepCount: Int,
        _ read: (
            _ buffer: String, _ index: Int, Parameter.Part, inout MutableSpan<Float>
        ) throws(Failure) -> Void
    ) throws(Failure) {
        defer { buffersWereRestored() }
        for (index, parameter) in parameters.enumerated() {
            for part in parameter.parts {
                for name in buffers where bufferShape(name, of: index, part) != nil {
                    try withBuffer(name, of: index, part) { (span) throws(Failure) in
                        try read(name, index, part, &span)
                    }
                }
            }
        }
        self.stepCount = stepCount
    }

    /// Creates an optimizer from the text of a JSON object of settings.
    ///
    /// - Throws: `SettingError`.
    public static func make(
        settings json: String = "{}", _ parameters: [Parameter],
        decays: (Parameter) -> Bool = Optimizers.decaysByDefault
    ) throws(SettingError) -> any Optimizer {
        Self(parameters, try Configuration(json: json), decays: decays)
    }

    /// Creates an optimizer from settings that stand in a file under `path`, beside the keys `others`.
    package static func make(
        settings: JSONValue, path: String, others: [String] = [], _ parameters: [Parameter],
        decays: (Parameter) -> Bool = Optimizers.decaysByDefault
    ) throws(SettingError) -> any Optimizer {
        Self(parameters, try Configuration(settings, path: path, others: others), decays: decays)
    }
}
