import Foundation
import Kernels

extension Tensor {
    /// Applies `forward` to each element; `derivative` gets the input and the output.
    ///
    /// The building block of the functions below, and of any other smooth function of one number.
    public func map(
        _ forward: (Float) -> Float, derivative: @escaping (_ x: Float, _ y: Float) -> Float
    ) -> Tensor {
        let y = Storage(count)
        for i in 0..<count { y.base[i] = forward(base[i]) }
        return .result(shape, y, of: [self]) { [storage, slot] in
            { dy, gradients in
                let dx = Storage(dy.count)
                for i in 0..<dy.count {
                    dx.base[i] = dy.base[i] * derivative(storage.base[i], y.base[i])
                }
                gradients.add(dx, to: slot)
            }
        }
    }

    /// e to the power of each element.
    public func exp() -> Tensor { map({ Foundation.exp($0) }, derivative: { _, y in y }) }
    /// The natural logarithm of each element.
    public func log() -> Tensor { map({ Foundation.log($0) }, derivative: { x, _ in 1 / x }) }
    /// The square root of each element.
    public func squareRoot() -> Tensor { map({ $0.squareRoot() }, derivative: { _, y in 0.5 / y }) }
    /// The hyperbolic tangent of each element.
    public func tanh() -> Tensor { map({ Foundation.tanh($0) }, derivative: { _, y in 1 - y * y }) }
    /// `max(x, 0)`; the derivative at 0 is 0.
    public func relu() -> Tensor { map({ max($0, 0) }, derivative: { x, _ in x > 0 ? 1 : 0 }) }
    /// `1 / (1 + e^−x)`
    public func sigmoid() -> Tensor {
        map({ 1 / (1 + Foundation.exp(-$0)) }, derivative: { _, y in y * (1 - y) })
    }
    /// The absolute value; the derivative at 0 is 0, as in PyTorch.
    public func abs() -> Tensor {
        map({ Swift.abs($0) }, derivative: { x, _ in x > 0 ? 1 : x < 0 ? -1 : 0 })
    }
    /// Each element times itself.
    public func squared() -> Tensor { map({ $0 * $0 }, derivative: { x, _ in 2 * x }) }

    /// The Gaussian error linear unit in its exact form, `x · Φ(x)`.
    ///
    /// Hendrycks and Gimpel 2016, arXiv:1606.08415.
    public func gelu() -> Tensor {
        let y = Storage(count)
        VectorKernels.best.gelu_forward(y.base, base, count)
        return .result(shape, y, of: [self]) { [storage, slot] in
            { dy, gradients in
                let (dx, activated) = (Storage(dy.count), Storage(dy.count))
                VectorKernels.best.gelu_backward(
                    dx.base, activated.base, storage.base, dy.base, dy.count)
                gradients.add(dx, to: slot)
            }
        }
    }

    /// The negative of each element.
    public static prefix func - (x: Tensor) -> Tensor { x * -1 }
    /// Each element plus a number.
    public static func + (x: Tensor, number: Float) -> Tensor {
        x.map({ $0 + number }, derivative: { _, _ in 1 })
    }
    /// Each element minus a number.
    public static func - (x: Tensor, number: Float) -> Tensor { x + -number }
    /// A number minus each element.
    public static func - (number: Float, x: Tensor) -> Tensor {
        x.map({ number - $0 }, derivative: { _, _ in -1 })
    }
    /// Each element times a number.
    public static func * (x: Tensor, factor: Float) -> Tensor {
        x.map({ $0 * factor }, derivative: { _, _ in factor })
    }
    /// Each element times a number.
    public static func * (factor: Float, x: Tensor) -> Tensor { x * factor }
    /// Each element divided by a number.
    public static func / (x: Tensor, divisor: Float) -> Tensor {
        x.map({ $0 / divisor }, derivative: { _, _ in 1 / divisor })
    }
}
