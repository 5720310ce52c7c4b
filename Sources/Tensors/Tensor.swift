import Kernels

/// A dense row-major Float32 array: a value, on a tape while training and off it otherwise.
///
/// Operations on a tensor that is on a tape and requires a gradient are recorded there; on any other they keep nothing.
public struct Tensor {
    /// The dimensions.
    public let shape: Shape
    package let storage: Storage
    /// The tape of the forward pass that this tensor belongs to; nil for plain values and in inference.
    ///
    /// It decides whether dropout acts, whether or not a gradient is wanted.
    public let tape: Tape?
    /// Where this tensor's gradient arrives on the tape; nil when nothing wants it.
    let slot: Int32?
    /// Computes the values again from what is kept in any case; nil when nothing but `storage` has them.
    let recomputed: (() -> Storage)?

    package init(_ shape: Shape, _ storage: Storage) {
        self.init(shape, storage, tape: nil, slot: nil)
    }

    init(
        _ shape: Shape, _ storage: Storage, tape: Tape?, slot: Int32?,
        recomputed: (() -> Storage)? = nil
    ) {
        self.shape = shape
        self.storage = storage
        self.tape = tape
        self.slot = slot
        self.recomputed = recomputed
    }

    /// Creates a tensor from values in row-major order.
    public init(_ values: [Float], _ shape: Shape) {
        precondition(
            values.count == shape.count,
            "\(values.count) values do not fill a tensor of shape \(shape)")
        self.init(shape, Storage(values.count))
        storage.base.update(from: values, count: values.count)
    }

    /// Creates a tensor of rank 1.
    public init(_ values: [Float]) { self.init(values, [values.count]) }

    /// Creates a scalar.
    public init(_ value: Float) { self.init([value], []) }

    /// A tensor of zeros.
    public static func zeros(_ shape: Shape) -> Tensor { Tensor(shape, .zeros(shape.count)) }

    /// Whether a tape has recorded how this tensor came from something that is trained or watched.
    ///
    /// It is false off the tape, and where everything that led to it is frozen. `Tape.backward(from:)` needs true.
    public var requiresGradient: Bool { slot != nil }

    /// The same values off the tape: constants to every operation.
    public func detached() -> Tensor { Tensor(shape, storage) }

    /// Every element, in row-major order.
    public var values: [Float] {
        Array(UnsafeBufferPointer(start: storage.base, count: shape.count))
    }

    /// The only element of a tensor with one.
    public func item() -> Float {
        precondition(shape.count == 1, "item() needs one element, the shape is \(shape)")
        return storage.base[0]
    }

    /// Lends the elements, in row-major order, without a copy.
    public func withSpan<Result, Failure: Error>(
        _ body: (Span<Float>) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        defer { withExtendedLifetime(storage) {} }
        return try body(UnsafeBufferPointer(start: storage.base, count: shape.count).span)
    }

    /// The values for a backward pass, without keeping them until then if they can be computed again.
    func valuesForBackward(_ precision: Tape.ActivationPrecision?) -> () -> Storage {
        recomputed ?? { [saved = SavedActivation(storage, precision)] in saved.values }
    }

    package var base: UnsafeMutablePointer<Float> { storage.base }
    package var count: Int { shape.count }
}

extension Tensor {
    /// Wraps an operation's result: records `backward` when one of `inputs` requires a gradient, or one of
    /// `parameters` is trained, on a tape.
    ///
    /// The closure must capture slots (numbers), never tensors that are on the tape: a tape that holds a
    /// closure that holds the tape is never freed. `recomputed` gives the result again in the backward pass,
    /// so that operations on it need not keep it; it ends up on the tape too, and must capture no tensor either.
    static func result(
        _ shape: Shape, _ storage: Storage, of inputs: [Tensor], parameters: [Parameter] = [],
        operation: String = #function, recomputed: (() -> Storage)? = nil,
        backward: () -> Tape.Backward
    ) -> Tensor {
        guard let tape = inputs.lazy.compactMap(\.tape).first else { return Tensor(shape, storage) }
        precondition(
            inputs.allSatisfy { $0.tape == nil || $0.tape === tape },
            "\(operation): the tensors are on different tapes")
        guard tape.isRecording,
            inputs.contains(where: \.requiresGradient)
                || parameters.contains(where: { !$0.isFrozen })
        else { return Tensor(shape, storage, tape: tape, slot: nil) }
        return tape.record(shape, storage, recomputed: recomputed, backward: backward())
    }
}
