import Kernels

extension Tensor {
    /// An operation of your own: its values, and its gradient with respect to each input.
    ///
    /// ```swift
    /// /// x³, which would keep more if it were written as `x * x * x`.
    /// func cubed(_ x: Tensor) -> Tensor {
    ///     Tensor.custom([x]) { inputs in
    ///         inputs[0] * inputs[0] * inputs[0]
    ///     } backward: { inputs, _, gradient in
    ///         [3 * inputs[0].squared() * gradient]
    ///     }
    /// }
    /// ```
    ///
    /// Both functions work on plain values, off the tape, with any operations or with loops over `withSpan`. They must
    /// capture no tensor that is on a tape: a tape that holds itself is never freed. The backward pass keeps inputs and
    /// output.
    ///
    /// - Parameters:
    ///   - inputs: What the operation is a function of.
    ///   - forward: Computes the result, of any shape.
    ///   - backward: Gets the inputs, the result and the gradient of the result, of its shape; gives for each input a
    ///     gradient of the input's shape, or nil where it is zero.
    public static func custom(
        _ inputs: [Tensor], forward: (_ inputs: [Tensor]) -> Tensor,
        backward: @escaping (_ inputs: [Tensor], _ output: Tensor, _ gradient: Tensor) -> [Tensor?]
    ) -> Tensor {
        let values = inputs.map { $0.detached() }
        let output = forward(values).detached()
        return .result(output.shape, output.storage, of: inputs) {
            [slots = inputs.map(\.slot)] in
            { dy, gradients in
                let found = backward(values, output, Tensor(output.shape, dy))
                precondition(
                    found.count == values.count,
                    "custom: \(found.count) gradients for \(values.count) inputs")
                for (i, gradient) in found.enumerated() {
                    guard let gradient, let slot = slots[i] else { continue }
                    precondition(
                        gradient.shape == values[i].shape,
                        "custom: a gradient of shape \(gradient.shape) for an input of shape \(values[i].shape)"
                    )
                    gradients.add(gradient.storage, to: slot)
                }
            }
        }
    }

    /// Creates a tensor whose elements `write` sets, in row-major order; they begin as zeros.
    public init<Failure: Error>(
        _ shape: Shape, _ write: (_ elements: inout MutableSpan<Float>) throws(Failure) -> Void
    ) throws(Failure) {
        let storage = Storage.zeros(shape.count)
        var span = UnsafeMutableBufferPointer(start: storage.base, count: shape.count).mutableSpan
        try write(&span)
        self.init(shape, storage)
    }
}
