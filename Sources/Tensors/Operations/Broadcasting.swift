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
    private func zip(
        _ other: Tensor, _ name: String, _ forward: (Float, Float) -> Float,
        _ da: @escaping (Float, Float, Float) -> Float,
        _ db: @escaping (Float, Float, Float) -> Float
    ) -> Tensor {
        let pairs = Broadcast(shape, other.shape, operation: name)
        let y = Storage(pairs.shape.count)
        pairs.forEach { [base] i, a, b in y.base[i] = forward(base[a], other.base[b]) }
        return .result(pairs.shape, y, of: [self, other], operation: name) {
            [storage, slot, count, x2 = other.storage, slot2 = other.slot, count2 = other.count] in
            { dy, gradients in
                if slot != nil {
                    let dx = Storage.zeros(count)
                    pairs.forEach { i, a, b in
                        dx.base[a] += da(storage.base[a], x2.base[b], dy.base[i])
                    }
                    gradients.add(dx, to: slot)
                }
                if slot2 != nil {
                    let dx = Storage.zeros(count2)
                    pairs.forEach { i, a, b in
                        dx.base[b] += db(storage.base[a], x2.base[b], dy.base[i])
                    }
                    gradients.add(dx, to: slot2)
                }
            }
        }
    }
}

/// Which elements of two tensors meet, and the shape of the result.
struct Broadcast {
    let shape: Shape
    private let sizes: [Int]
    private let stridesA: [Int]
    private let stridesB: [Int]

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
        sizes = sizesA.indices.map { axis in
            let (m, n) = (sizesA[axis], sizesB[axis])
            precondition(
                m == n || m == 1 || n == 1, "\(a) \(operation) \(b): the shapes do not fit together"
            )
            return m == 1 ? n : m
        }
        shape = Shape(sizes.suffix(max(a.rank, b.rank)))
        stridesA = strides(sizesA)
        stridesB = strides(sizesB)
    }

    func forEach(_ body: (_ result: Int, _ a: Int, _ b: Int) -> Void) {
        var i = 0
        for x0 in 0..<sizes[0] {
            for x1 in 0..<sizes[1] {
                for x2 in 0..<sizes[2] {
                    var a = x0 * stridesA[0] + x1 * stridesA[1] + x2 * stridesA[2]
                    var b = x0 * stridesB[0] + x1 * stridesB[1] + x2 * stridesB[2]
                    for _ in 0..<sizes[3] {
                        body(i, a, b)
                        i += 1
                        a += stridesA[3]
                        b += stridesB[3]
                    }
                }
            }
        }
    }
}
