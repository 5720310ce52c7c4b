import Foundation
import Kernels

extension Tensor {
    private func elementwise<F: ElementFunction>(_ function: F) -> Tensor {
        let y = Storage(count)
        ThreadPool.shared.ranges(count, grain: ThreadPool.elementGrain) { [base] range in
            let i = range.lowerBound
            function.apply(y.base + i, base + i, range.count)
        }
        return .result(shape, y, of: [self]) { [storage, slot] in
            { dy, gradients in
                let dx = Storage(dy.count)
                ThreadPool.shared.ranges(dy.count, grain: ThreadPool.elementGrain) {
                    [dx = dx.base, dy = dy.base, x = storage.base, y = y.base] range in
                    for i in range { dx[i] = dy[i] * function.derivative(x[i], y[i]) }
                }
                gradients.add(dx, to: slot)
            }
        }
    }

    /// e to the power of each element, within 2 ulp.
    public func exp() -> Tensor { elementwise(Exponential()) }
    /// The natural logarithm of each element.
    public func log() -> Tensor { elementwise(Logarithm()) }
    /// The square root of each element.
    public func squareRoot() -> Tensor { elementwise(SquareRoot()) }
    /// The hyperbolic tangent of each element, within 2 ulp.
    public func tanh() -> Tensor { elementwise(HyperbolicTangent()) }
    /// `max(x, 0)`; the derivative at 0 is 0.
    public func relu() -> Tensor { elementwise(RectifiedLinear()) }
    /// `1 / (1 + e^−x)`
    public func sigmoid() -> Tensor { elementwise(Sigmoid()) }
    /// The absolute value; the derivative at 0 is 0, as in PyTorch.
    public func abs() -> Tensor { elementwise(AbsoluteValue()) }
    /// Each element times itself.
    public func squared() -> Tensor { elementwise(Square()) }

    /// `log(1 + e^x)`, which neither overflows nor loses small values.
    public func softplus() -> Tensor { elementwise(Softplus()) }
    /// Each element moved into a range; the derivative is 1 inside it, ends included, and 0 outside.
    public func clamped(to range: ClosedRange<Float>) -> Tensor {
        elementwise(Clamping(range: range))
    }

    /// The Gaussian error linear unit in its exact form, `x · Φ(x)`.
    ///
    /// Hendrycks and Gimpel 2016, arXiv:1606.08415.
    public func gelu() -> Tensor {
        let y = Storage(count)
        geluForward(y, storage)
        return .result(shape, y, of: [self]) { [storage, slot] in
            { dy, gradients in
                let dx = Storage(dy.count)
                geluBackward(dx, nil, SavedActivation(storage, .float32), dy)
                gradients.add(dx, to: slot)
            }
        }
    }

    /// The negative of each element.
    public static prefix func - (x: Tensor) -> Tensor { x * -1 }
    /// Each element plus a number.
    public static func + (x: Tensor, number: Float) -> Tensor {
        x.elementwise(Affine(factor: 1, offset: number))
    }
    /// Each element minus a number.
    public static func - (x: Tensor, number: Float) -> Tensor { x + -number }
    /// A number minus each element.
    public static func - (number: Float, x: Tensor) -> Tensor {
        x.elementwise(Affine(factor: -1, offset: number))
    }
    /// Each element times a number.
    public static func * (x: Tensor, factor: Float) -> Tensor {
        x.elementwise(Scaling(factor: factor))
    }
    /// Each element times a number.
    public static func * (factor: Float, x: Tensor) -> Tensor { x * factor }
    /// Each element divided by a number.
    public static func / (x: Tensor, divisor: Float) -> Tensor {
        x.elementwise(Division(divisor: divisor))
    }
}

/// y = gelu(x) on all threads.
func geluForward(_ y: Storage, _ x: Storage) {
    ThreadPool.shared.ranges(x.count, grain: ThreadPool.elementGrain) { range in
        let i = range.lowerBound
        VectorKernels.best.gelu_forward(y.base + i, x.base + i, range.count)
    }
}

/// dx = dy · gelu'(x) and `activated`, if wanted, = gelu(x) again, on all threads; dx may be dy.
func geluBackward(_ dx: Storage, _ activated: Storage?, _ x: SavedActivation, _ dy: Storage) {
    ThreadPool.shared.ranges(x.count, grain: ThreadPool.elementGrain) { range in
        for block in range.blocks(of: 4096) {
            let i = block.lowerBound
            x.read(block) { x in
                VectorKernels.best.gelu_backward(
                    dx.base + i, activated.map { $0.base + i }, x, dy.base + i, block.count)
            }
        }
    }
}

/// A function of one number, and its derivative from the input and the output.
///
/// A type, not closures: loops over it become vector code.
private protocol ElementFunction {
    /// y = f(x) for n numbers.
    func apply(_ y: UnsafeMutablePointer<Float>, _ x: UnsafePointer<Float>, _ n: Int)
    func derivative(_ x: Float, _ y: Float) -> Float
}

/// One that is computed number by number.
private protocol ScalarFunction: ElementFunction {
    func value(_ x: Float) -> Float
}

extension ScalarFunction {
    func apply(_ y: UnsafeMutablePointer<Float>, _ x: UnsafePointer<Float>, _ n: Int) {
        for i in 0..<n { y[i] = value(x[i]) }
    }
}

private struct Exponential: ElementFunction {
    func derivative(_ x: Float, _ y: Float) -> Float { y }
    func apply(_ y: UnsafeMutablePointer<Float>, _ x: UnsafePointer<Float>, _ n: Int) {
        VectorKernels.best.exp(y, x, n)
    }
}

private struct Logarithm: ScalarFunction {
    func value(_ x: Float) -> Float { Foundation.log(x) }
    func derivative(_ x: Float, _ y: Float) -> Float { 1 / x }
}

private struct SquareRoot: ScalarFunction {
    func value(_ x: Float) -> Float { x.squareRoot() }
    func derivative(_ x: Float, _ y: Float) -> Float { 0.5 / y }
}

private struct HyperbolicTangent: ElementFunction {
    func derivative(_ x: Float, _ y: Float) -> Float { 1 - y * y }
    func apply(_ y: UnsafeMutablePointer<Float>, _ x: UnsafePointer<Float>, _ n: Int) {
        VectorKernels.best.tanh(y, x, n)
    }
}

private struct RectifiedLinear: ScalarFunction {
    func value(_ x: Float) -> Float { max(x, 0) }
    func derivative(_ x: Float, _ y: Float) -> Float { x > 0 ? 1 : 0 }
}

private struct Sigmoid: ElementFunction {
    func derivative(_ x: Float, _ y: Float) -> Float { y * (1 - y) }
    func apply(_ y: UnsafeMutablePointer<Float>, _ x: UnsafePointer<Float>, _ n: Int) {
        VectorKernels.best.scale(y, -1, x, n)
        VectorKernels.best.exp(y, y, n)
        for i in 0..<n { y[i] = 1 / (1 + y[i]) }
    }
}

private struct Softplus: ScalarFunction {
    func value(_ x: Float) -> Float { max(x, 0) + log1p(Foundation.exp(-Swift.abs(x))) }
    func derivative(_ x: Float, _ y: Float) -> Float { 1 / (1 + Foundation.exp(-x)) }
}

private struct Clamping: ScalarFunction {
    let range: ClosedRange<Float>
    func value(_ x: Float) -> Float { min(max(x, range.lowerBound), range.upperBound) }
    func derivative(_ x: Float, _ y: Float) -> Float { range.contains(x) ? 1 : 0 }
}

private struct AbsoluteValue: ScalarFunction {
    func value(_ x: Float) -> Float { Swift.abs(x) }
    func derivative(_ x: Float, _ y: Float) -> Float { x > 0 ? 1 : x < 0 ? -1 : 0 }
}

private struct Square: ScalarFunction {
    func value(_ x: Float) -> Float { x * x }
    func derivative(_ x: Float, _ y: Float) -> Float { 2 * x }
}

private struct Affine: ScalarFunction {
    let factor: Float
    let offset: Float
    func value(_ x: Float) -> Float { x * factor + offset }
    func derivative(_ x: Float, _ y: Float) -> Float { factor }
}

private struct Scaling: ScalarFunction {
    let factor: Float
    func value(_ x: Float) -> Float { x * factor }
    func derivative(_ x: Float, _ y: Float) -> Float { factor }
}

private struct Division: ScalarFunction {
    let divisor: Float
    func value(_ x: Float) -> Float { x / divisor }
    func derivative(_ x: Float, _ y: Float) -> Float { 1 / divisor }
}
