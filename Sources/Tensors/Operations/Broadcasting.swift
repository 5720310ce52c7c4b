import Kernels

extension Tensor {
    /// The sum of two tensors; dimensions of 1 and missing leading ones are repeated, as in NumPy.
    public static func + (a: Tensor, b: Tensor) -> Tensor {
        a.zip(b, "+", { $0 + $1 }, { _, _, g in g }, { _, _, g in g })
    }
    /// The difference, with broadcasting.
    public static func - (a: Tensor, b: Tensor) -> Tensor {
        a.zip(b, "-", { $0 - $1 }, { _, _, g in g }, { _, _, g in -g })
    }
    /// The elementwise product, with broadcasting.
    public static func * (a: Tensor, b: Tensor) -> Tensor {
        a.zip(b, "*", { $0 * $1 }, { _, y, g in y * g }, { x, _, g in x * g })
    }
    /// The elementwise quotient, with broadcasting.
    public static func / (a: Tensor, b: Tensor) -> Tensor {
        a.zip(b, "/", { $0 / $1 }, { _, y, g in g / y }, { x, y, g in -g * x / (y * y) })
    }

    /// An elementwise operation of two tensors; `da` and `db` get both inputs and the output's gradient.
    ///
    /// Inlined, so that its loops become vector code.
    @inline(__always)
    private func zip(
        _ other: Tensor, _ name: String, _ forward: (Float, Float) -> Float,
        _ da: @escaping (Float, Float, Float) -> Float,
        _ db: @escaping (Float, Float, Float) -> Float
    ) -> Tensor {
        let pairs = Broadcast(shape, other.shape, operation: name)
        let y = Storage(pairs.shape.count)
        pairs.onAllThreads { [y = y.base, x1 = base, x2 = other.base] i, a, b in
            y[i] = forward(x1[a], x2[b])
        }
        return .result(pairs.shape, y, of: [self, other], operation: name) {
            [
                storage, slot, count, storage2 = other.storage, slot2 = other.slot,
                count2 = other.count
            ]
            in
            { dy, gradients in
                let (x1, x2, dy) = (storage.base, storage2.base, dy.base)
                if slot != nil {
                    let gradient = pairs.sums(count, isA: true) { i, a, b in
                        da(x1[a], x2[b], dy[i])
                    }
                    gradients.add(gradient, to: slot)
                }
                if slot2 != nil {
                    let gradient = pairs.sums(count2, isA: false) { i, a, b in
                        db(x1[a], x2[b], dy[i])
                    }
                    gradients.add(gradient, to: slot2)
                }
            }
        }
    }
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

    /// Calls `body` for every element of the result, in order.
    @inline(__always)
    func forEach(_ body: (_ result: Int, _ a: Int, _ b: Int) -> Void) {
        forEach(in: 0..<shape.count, body)
    }

    /// Calls `body` for every element of the result, on several threads at once.
    @inline(__always)
    func onAllThreads(_ body: (_ result: Int, _ a: Int, _ b: Int) -> Void) {
        ThreadPool.shared.ranges(shape.count, grain: 1 << 13) { forEach(in: $0, body) }
    }

    /// For each of the `count` elements of one tensor the sum of what belongs to it.
    @inline(__always)
    func sums(_ count: Int, isA: Bool, _ term: (_ result: Int, _ a: Int, _ b: Int) -> Float)
        -> Storage
    {
        if count == shape.count {  // each has one term
            let sums = Storage(count)
            onAllThreads { [sums = sums.base] i, a, b in sums[i] = term(i, a, b) }
            return sums
        }
        let sums = Storage.zeros(count)
        forEach { [sums = sums.base] i, a, b in sums[isA ? a : b] += term(i, a, b) }
        return sums
    }

    @inline(__always)
    private func forEach(in range: Range<Int>, _ body: (Int, Int, Int) -> Void) {
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
