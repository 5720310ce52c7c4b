import Kernels

extension Tensor {
    /// The Euclidean distance of each row from the same row of `other`: two of [rows, n] to [rows].
    ///
    /// Where it is 0 the gradient is 0.
    public func euclideanDistance(_ other: Tensor) -> Tensor {
        distances(other, Euclidean.self, .sameRows)
    }

    /// The sum of the absolute differences of each row and the same row of `other`: two of [rows, n] to [rows].
    public func manhattanDistance(_ other: Tensor) -> Tensor {
        distances(other, Manhattan.self, .sameRows)
    }

    /// The Euclidean distance of every row from every row of `other`: [m, n] and [k, n] to [m, k].
    ///
    /// Near neighbours keep their digits. Where it is 0 the gradient is 0.
    public func euclideanDistances(to other: Tensor) -> Tensor {
        distances(other, Euclidean.self, .allRows)
    }

    /// The sum of the absolute differences of every row and every row of `other`: [m, n] and [k, n] to [m, k].
    public func manhattanDistances(to other: Tensor) -> Tensor {
        distances(other, Manhattan.self, .allRows)
    }

    private enum Pairing { case sameRows, allRows }

    private func distances<D: Distance>(_ other: Tensor, _: D.Type, _ pairing: Pairing) -> Tensor {
        precondition(
            shape.rank == 2 && other.shape.rank == 2 && shape[1] == other.shape[1]
                && (pairing == .allRows || shape[0] == other.shape[0]),
            "distance: the rows of \(shape) from those of \(other.shape)")
        let (rows, width) = (shape[0], shape[1])
        // In the same rows each row meets one other.
        let partners = pairing == .allRows ? other.shape[0] : 1
        let y = Storage(rows * partners)
        let estimates = pairing == .allRows ? D.estimates(self, other) : nil
        ThreadPool.shared.ranges(rows, grain: distanceGrain(partners * width)) { [base] own in
            let difference = Storage(width)
            for row in own {
                for pair in row * partners..<(row + 1) * partners {
                    let partner = pairing == .allRows ? pair - row * partners : row
                    y.base[pair] =
                        estimates?.value(row, partner)
                        ?? D.value(
                            base + row * width, other.base + partner * width, width,
                            difference.base)
                }
            }
        }
        let target: Shape = pairing == .allRows ? [rows, partners] : [rows]
        return .result(target, y, of: [self, other]) {
            [a = storage, slotA = slot, b = other.storage, slotB = other.slot] in
            { dy, gradients in
                /// The gradient of each of `count` rows of `x`, from those of `z` that it meets.
                func gradient(
                    _ count: Int, _ x: Storage, _ z: Storage,
                    _ meets: (Int) -> [(pair: Int, row: Int)]
                ) -> Storage {
                    let dx = Storage.zeros(count * width)
                    ThreadPool.shared.ranges(count, grain: distanceGrain(partners * width)) { own in
                        let difference = Storage(width)
                        for row in own {
                            for (pair, partner) in meets(row) where dy.base[pair] != 0 {
                                D.addGradient(
                                    dx.base + row * width, x.base + row * width,
                                    z.base + partner * width, width, dy.base[pair], y.base[pair],
                                    difference.base)
                            }
                        }
                    }
                    return dx
                }
                if slotA != nil {
                    let dx = gradient(rows, a, b) { row in
                        pairing == .allRows
                            ? (0..<partners).map { (row * partners + $0, $0) } : [(row, row)]
                    }
                    gradients.add(dx, to: slotA)
                }
                if slotB != nil {
                    let dx = gradient(pairing == .allRows ? partners : rows, b, a) { row in
                        pairing == .allRows
                            ? (0..<rows).map { ($0 * partners + row, $0) } : [(row, row)]
                    }
                    gradients.add(dx, to: slotB)
                }
            }
        }
    }
}

/// Rows for a thread at least, when each takes so many operations.
private func distanceGrain(_ operations: Int) -> Int {
    max(1, ThreadPool.elementGrain / max(operations, 1))
}

/// A distance of two vectors and its gradient; `difference` is scratch of their length.
private protocol Distance {
    /// The distances of all rows that can be had from a matrix product; nil when none can.
    static func estimates(_ a: Tensor, _ b: Tensor) -> ProductDistances?
    static func value(
        _ a: UnsafePointer<Float>, _ b: UnsafePointer<Float>, _ n: Int,
        _ difference: UnsafeMutablePointer<Float>
    ) -> Float
    /// da += g · d distance / da
    static func addGradient(
        _ da: UnsafeMutablePointer<Float>, _ a: UnsafePointer<Float>, _ b: UnsafePointer<Float>,
        _ n: Int, _ g: Float, _ distance: Float, _ difference: UnsafeMutablePointer<Float>)
}

extension Distance {
    static func estimates(_ a: Tensor, _ b: Tensor) -> ProductDistances? { nil }

    /// a − b
    static func subtract(
        _ difference: UnsafeMutablePointer<Float>, _ a: UnsafePointer<Float>,
        _ b: UnsafePointer<Float>, _ n: Int
    ) {
        difference.update(from: a, count: n)
        VectorKernels.best.axpy(difference, -1, b, n)
    }
}

/// Euclidean distances from a matrix product: `‖a − b‖² = ‖a‖² + ‖b‖² − 2 a · b`.
private struct ProductDistances {
    private let squaresA: [Double]
    private let squaresB: [Double]
    private let products: Storage

    init(_ a: Tensor, _ b: Tensor) {
        let width = a.shape[1]
        func squares(_ x: Tensor) -> [Double] {
            (0..<x.shape[0]).map { VectorKernels.best.sum_of_squares(x.base + $0 * width, width) }
        }
        squaresA = squares(a)
        squaresB = squares(b)
        products = Storage(squaresA.count * squaresB.count)
        GEMM.run(
            GEMM.Product(
                a.base, .plain, b.base, .transposed, into: products.base, m: squaresA.count,
                n: squaresB.count, k: width, beta: 0))
    }

    /// The distance of two rows; nil where they are so near that the difference of squares would lose digits.
    @inline(__always)
    func value(_ row: Int, _ partner: Int) -> Float? {
        let sum = squaresA[row] + squaresB[partner]
        let square = sum - 2 * Double(products.base[row * squaresB.count + partner])
        return square > 0.1 * sum ? Float(square.squareRoot()) : nil
    }
}

private enum Euclidean: Distance {
    static func estimates(_ a: Tensor, _ b: Tensor) -> ProductDistances? { ProductDistances(a, b) }

    static func value(
        _ a: UnsafePointer<Float>, _ b: UnsafePointer<Float>, _ n: Int,
        _ difference: UnsafeMutablePointer<Float>
    ) -> Float {
        subtract(difference, a, b, n)
        return Float(VectorKernels.best.sum_of_squares(difference, n).squareRoot())
    }

    static func addGradient(
        _ da: UnsafeMutablePointer<Float>, _ a: UnsafePointer<Float>, _ b: UnsafePointer<Float>,
        _ n: Int, _ g: Float, _ distance: Float, _ difference: UnsafeMutablePointer<Float>
    ) {
        if distance == 0 { return }
        subtract(difference, a, b, n)
        VectorKernels.best.scale(difference, 1 / distance, difference, n)
        VectorKernels.best.axpy(da, g, difference, n)
    }
}

private enum Manhattan: Distance {
    static func value(
        _ a: UnsafePointer<Float>, _ b: UnsafePointer<Float>, _ n: Int,
        _ difference: UnsafeMutablePointer<Float>
    ) -> Float {
        // Eight sums side by side become vector code.
        var sums = SIMD8<Float>.zero
        var i = 0
        while i + 8 <= n {
            let x = UnsafeRawPointer(a + i).loadUnaligned(as: SIMD8<Float>.self)
            let z = UnsafeRawPointer(b + i).loadUnaligned(as: SIMD8<Float>.self)
            let d = x - z
            sums += d.replacing(with: -d, where: d .< 0)
            i += 8
        }
        var sum = sums.sum()
        while i < n {
            sum += abs(a[i] - b[i])
            i += 1
        }
        return sum
    }

    static func addGradient(
        _ da: UnsafeMutablePointer<Float>, _ a: UnsafePointer<Float>, _ b: UnsafePointer<Float>,
        _ n: Int, _ g: Float, _ distance: Float, _ difference: UnsafeMutablePointer<Float>
    ) {
        for i in 0..<n { da[i] += a[i] > b[i] ? g : a[i] < b[i] ? -g : 0 }
    }
}
