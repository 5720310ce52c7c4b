import Kernels

/// A dense row-major Float32 array: a value, on a tape while training and off it otherwise.
///
/// Operations on a tensor that is on a tape are recorded there; on any other they keep nothing.
public struct Tensor {
    /// The dimensions.
    public let shape: Shape
    package let storage: Storage
    /// Where this tensor's gradient arrives; nil for constants and in inference.
    let variable: Variable?
    /// Computes the values again from what is kept in any case; nil when nothing but `storage` has them.
    private let recomputed: (() -> Storage)?

    package init(_ shape: Shape, _ storage: Storage) { self.init(shape, storage, variable: nil) }

    init(
        _ shape: Shape, _ storage: Storage, variable: Variable?,
        recomputed: (() -> Storage)? = nil
    ) {
        self.shape = shape
        self.storage = storage
        self.variable = variable
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
    var savedForBackward: () -> Storage { recomputed ?? { [storage] in storage } }

    package var base: UnsafeMutablePointer<Float> { storage.base }
    var tape: Tape? { variable?.tape }
    var slot: Int32? { variable?.slot }
    package var count: Int { shape.count }
}

extension Tensor {
    /// Wraps an operation's result: records `backward` when one of `inputs` is on a tape.
    ///
    /// The closure must capture slots (numbers), never tensors that are on the tape: a tape that holds a
    /// closure that holds the tape is never freed. `recomputed` gives the result again in the backward pass,
    /// so that operations on it need not keep it; it ends up on the tape too, and must capture no tensor either.
    static func result(
        _ shape: Shape, _ storage: Storage, of inputs: [Tensor],
        operation: String = #function, recomputed: (() -> Storage)? = nil,
        backward: () -> Tape.Backward
    ) -> Tensor {
        guard let tape = inputs.lazy.compactMap(\.tape).first else { return Tensor(shape, storage) }
        precondition(
            inputs.allSatisfy { $0.tape == nil || $0.tape === tape },
            "\(operation): the tensors are on different tapes")
        return tape.record(shape, storage, recomputed: recomputed, backward: backward())
    }
}
