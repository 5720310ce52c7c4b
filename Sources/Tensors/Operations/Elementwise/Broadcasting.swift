import Kernels

extension Tensor {
    /// The sum of two tensors; dimensions of 1 and missing leading ones are repeated, as in NumPy.
    public static func + (a: Tensor, b: Tensor) -> Tensor { a.zip(b, "+", Sum.self) }
    /// The difference, with broadcasting.
    public static func - (a: Tensor, b: Tensor) -> Tensor { a.zip(b, "-", Difference.self) }
    /// The elementwise product, with broadcasting.
    public static func * (a: Tensor, b: Tensor) -> Tensor { a.zip(b, "*", Product.self) }
    /// The elementwise quotient, with broadcasting.
    public static func / (a: Tensor, b: Tensor) -> Tensor { a.zip(b, "/", Quotient.self) }

    private func zip<F: PairFunction>(_ other: Tensor, _ name: String, _: F.Type) -> Tensor {
        let pairs = Broadcast(shape, other.shape, operation: name)
        let y = Storage(pairs.shape.count)
        pairs.onAllThreads { [y = y.base, x1 = base, x2 = other.base] range in
            pairs.forEach(in: range) { i, a, b in y[i] = F.value(x1[a], x2[b]) }
        }
        return .result(pairs.shape, y, of: [self, other], operation: name) {
            [storage, slot, storage2 = other.storage, slot2 = other.slot] in
            { dy, gradients in
                if slot != nil {
                    gradients.add(
                        pairs.gradient(F.self, ofFirst: true, storage, storage2, dy), to: slot)
                }
                if slot2 != nil {
                    gradients.add(
                        pairs.gradient(F.self, ofFirst: false, storage, storage2, dy), to: slot2)
                }
            }
        }
    }
}

/// A function of two numbers, and its derivatives times the gradient `g` of the result.
///
/// A type, not closures: loops over it become vector code.
private protocol PairFunction {
    static func value(_ x: Float, _ y: Float) -> Float
    static func byFirst(_ x: Float, _ y: Float, _ g: Float) -> Float
    static func bySecond(_ x: Float, _ y: Float, _ g: Float) -> Float
}

private enum Sum: PairFunction {
    static func value(_ x: Float, _ y: Float) -> Float { x + y }
    static func byFirst(_ x: Float, _ y: Float, _ g: Float) -> Float { g }
    static func bySecond(_ x: Float, _ y: Float, _ g: Float) -> Float { g }
}

private enum Difference: PairFunction {
    static func value(_ x: Float, _ y: Float) -> Float { x - y }
    static func byFirst(_ x: Float, _ y: Float, _ g: Float) -> Float { g }
    static func bySecond(_ x: Float, _ y: Float, _ g: Float) -> Float { -g }
}

private enum Product: PairFunction {
    static func value(_ x: Float, _ y: Float) -> Float { x * y }
    static func byFirst(_ x: Float, _ y: Float, _ g: Float) -> Float { y * g }
    static func bySecond(_ x: Float, _ y: Float, _ g: Float) -> Float { x * g }
}

private enum Quotient: PairFunction {
    static func value(_ x: Float, _ y: Float) -> Float { x / y }
    static func byFirst(_ x: Float, _ y: Float, _ g: Float) -> Float { g / y }
    static func bySecond(_ x: Float, _ y: Float, _ g: Float) -> Float { -g * x / (y * y) }
}

/// Which elements of two tensors meet, and the shape of the result.
struct Broadcast {
    let shape: Shape
    /// The axes, from the outermost on; those that lie alike in both tensors are one.
    private var axes: [(size: Int, stepA: Int, stepB: Int)] = []

    init(_ a: Shape, _ b: Shape, operation: String) {
        func padded(_ shape: Shape) -> [Int] {
            Array(repeating: 1, count: Shape.maxRank - shape.rank) + shape.array
        }
        func strides(_ sizes: [Int]) -> [Int] {
            var strides = [Int](repeating: 0, count: sizes.count)
            var step = 1
            for axis in sizes.indices.reversed() {
                strides[axis] = sizes[axis] == 1 ? 0 : step
                step *= sizes[axis]
            }
            return strides
        }
        let (sizesA, sizesB) = (padded(a), padded(b))
        let sizes = sizesA.indices.map { axis in
            let (m, n) = (sizesA[axis], sizesB[axis])
            precondition(
                m == n || m == 1 || n == 1, "\(a) \(operation) \(b): the shapes do not fit together"
            )
            return m == 1 ? n : m
        }
        shape = Shape(sizes.suffix(max(a.rank, b.rank)))
        for (size, (stepA, stepB)) in Swift.zip(sizes, Swift.zip(strides(sizesA), strides(sizesB)))
        where size != 1 {
            if let outer = axes.last, outer.stepA == size * stepA, outer.stepB == size * stepB {
                axes[axes.count - 1] = (outer.size * size, stepA, stepB)
            } else {
                axes.append((size, stepA, stepB))
            }
        }
        if axes.isEmpty { axes = [(1, 0, 0)] }
    }

    /// Cuts the elements of the result into ranges, on several threads at once.
    func onAllThreads(_ body: (_ range: Range<Int>) -> Void) {
        ThreadPool.shared.ranges(shape.count, grain: ThreadPool.elementGrain, body)
    }

    /// Calls `body` for each of some elements of the result, in order.
    @inline(__always)
    func forEach(in range: Range<Int>, _ body: (_ result: Int, _ a: Int, _ b: Int) -> Void) {
        let (size, stepA, stepB) = axes[axes.count - 1]
        var next = range.lowerBound
        while next < range.upperBound {
            let (row, first) = next.quotientAndRemainder(dividingBy: size)
            let count = min(size - first, range.upperBound - next)
            let start = offsets(ofRow: row)
            let (i, a, b) = (next, start.a + first * stepA, start.b + first * stepB)
            // Constant steps become vector code.
            switch (stepA, stepB) {
            case (1, 1): for j in 0..<count { body(i + j, a + j, b + j) }
            case (1, 0): for j in 0..<count { body(i + j, a + j, b) }
            case (0, 1): for j in 0..<count { body(i + j, a, b + j) }
            default: for j in 0..<count { body(i + j, a + j * stepA, b + j * stepB) }
            }
            next += count
        }
    }

    /// For each element of one of the tensors the sum of the gradients of the pairs it is in.
    @inline(__always)
    fileprivate func gradient<F: PairFunction>(
        _: F.Type, ofFirst: Bool, _ first: Storage, _ second: Storage, _ dy: Storage
    ) -> Storage {
        let (x1, x2, dy) = (first.base, second.base, dy.base)
        let count = ofFirst ? first.count : second.count
        let sums = Storage(count)
        if count == shape.count {  // each is in one pair
            onAllThreads { [sums = sums.base] range in
                forEach(in: range) { i, a, b in
                    sums[i] =
                        ofFirst ? F.byFirst(x1[a], x2[b], dy[i]) : F.bySecond(x1[a], x2[b], dy[i])
                }
            }
        } else {
            sums.base.update(repeating: 0, count: count)
            forEach(in: 0..<shape.count) { [sums = sums.base] i, a, b in
                if ofFirst {
                    sums[a] += F.byFirst(x1[a], x2[b], dy[i])
                } else {
                    sums[b] += F.bySecond(x1[a], x2[b], dy[i])
                }
            }
        }
        return sums
    }

    /// Where a run along the innermost axis begins in both tensors.
    private func offsets(ofRow row: Int) -> (a: Int, b: Int) {
        var (row, a, b) = (row, 0, 0)
        for axis in axes.dropLast().reversed() {
            let place = row % axis.size
            row /= axis.size
            a += place * axis.stepA
            b += place * axis.stepB
        }
        return (a, b)
    }
}
