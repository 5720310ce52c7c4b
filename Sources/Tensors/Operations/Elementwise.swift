import Foundation
import Kernels

extension Tensor {
    /// Applies `forward` to each element; `derivative` gets the input and the output.
    ///
    /// The building block of the functions below, and of any other smooth function of one number. Both are
    /// called on several threads at once.
    public func map(
        _ forward: @Sendable (Float) -> Float,
        derivative: @escaping @Sendable (_ x: Float, _ y: Float) -> Float
    ) -> Tensor { elementwise(forward, derivative) }

    /// Inlined, so that the loops over known functions become vector code.
    @inline(__always)
    private func elementwise(
        _ forward: (Float) -> Float, _ derivative: @escaping (_ x: Float, _ y: Float) -> Float
    ) -> Tensor {
        elementwise({ y, x, n in for i in 0..<n { y[i] = forward(x[i]) } }, derivative)
    }

    @inline(__always)
    private func elementwise(
        _ forward: (UnsafeMutablePointer<Float>, UnsafePointer<Float>, Int) -> Void,
        _ derivative: @escaping (_ x: Float, _ y: Float) -> Float
    ) -> Tensor {
        let y = Storage(count)
        ThreadPool.shared.ranges(count, grain: 1 << 13) { [base] range in
            let i = range.lowerBound
            forward(y.base + i, base + i, range.count)
        }
        return .result(shape, y, of: [self]) { [storage, slot] in
            { dy, gradients in
                let dx = Storage(dy.count)
                ThreadPool.shared.ranges(dy.count, grain: 1 << 13) {
                    [dx = dx.base, dy = dy.base, x = storage.base, y = y.base] range in
                    for i in range { dx[i] = dy[i] * derivative(x[i], y[i]) }
                }
                gradients.add(dx, to: slot)
            }
        }
    }

    /// e to the power of each element, within 2 ulp.
    public func exp() -> Tensor { elementwise(VectorKernels.best.exp, { _, y in y }) }
    /// The natural logarithm of each element.
    public func log() -> Tensor { elementwise({ Foundation.log($0) }, { x, _ in 1 / x }) }
    /// The square root of each element.
    public func squareRoot() -> Tensor { elementwise({ $0.squareRoot() }, { _, y in 0.5 / y }) }
    /// The hyperbolic tangent of each element, within 2 ulp.
    public func tanh() -> Tensor { elementwise(VectorKernels.best.tanh, { _, y in 1 - y * y }) }
    /// `max(x, 0)`; the derivative at 0 is 0.
    public func relu() -> Tensor { elementwise({ max($0, 0) }, { x, _ in x > 0 ? 1 : 0 }) }
    /// `1 / (1 + e^−x)`
    public func sigmoid() -> Tensor {
        elementwise(
            { y, x, n in
                VectorKernels.best.scale(y, -1, x, n)
                VectorKernels.best.exp(y, y, n)
                for i in 0..<n { y[i] = 1 / (1 + y[i]) }
            }, { _, y in y * (1 - y) })
    }
    /// The absolute value; the derivative at 0 is 0, as in PyTorch.
    public func abs() -> Tensor {
        elementwise({ Swift.abs($0) }, { x, _ in x > 0 ? 1 : x < 0 ? -1 : 0 })
    }
    /// Each element times itself.
    public func squared() -> Tensor { elementwise({ $0 * $0 }, { x, _ in 2 * x }) }

    /// The Gaussian error linear unit in its exact form, `x · Φ(x)`.
    ///
    /// Hendrycks and Gimpel 2016, arXiv:1606.08415.
    public func gelu() -> Tensor {
        let y = Storage(count)
        ThreadPool.shared.ranges(count, grain: 1 << 13) { [base] range in
            let i = range.lowerBound
            VectorKernels.best.gelu_forward(y.base + i, base + i, range.count)
        }
        return .result(shape, y, of: [self]) { [storage, slot] in
            { dy, gradients in
                let (dx, activated) = (Storage(dy.count), Storage(dy.count))
                ThreadPool.shared.ranges(dy.count, grain: 1 << 13) { range in
                    let i = range.lowerBound
                    VectorKernels.best.gelu_backward(
                        dx.base + i, activated.base + i, storage.base + i, dy.base + i, range.count)
                }
                gradients.add(dx, to: slot)
            }
        }
    }

    /// The negative of each element.
    public static prefix func - (x: Tensor) -> Tensor { x * -1 }
    /// Each element plus a number.
    public static func + (x: Tensor, number: Float) -> Tensor {
        x.elementwise({ $0 + number }, { _, _ in 1 })
    }
    /// Each element minus a number.
    public static func - (x: Tensor, number: Float) -> Tensor { x + -number }
    /// A number minus each element.
    public static func - (number: Float, x: Tensor) -> Tensor {
        x.elementwise({ number - $0 }, { _, _ in -1 })
    }
    /// Each element times a number.
    public static func * (x: Tensor, factor: Float) -> Tensor {
        x.elementwise({ $0 * factor }, { _, _ in factor })
    }
    /// Each element times a number.
    public static func * (factor: Float, x: Tensor) -> Tensor { x * factor }
    /// Each element divided by a number.
    public static func / (x: Tensor, divisor: Float) -> Tensor {
        x.elementwise({ $0 / divisor }, { _, _ in 1 / divisor })
    }
}
