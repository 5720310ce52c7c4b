/// The eigenvalues and eigenvectors of a symmetric matrix, in double precision.
///
/// Householder's reduction to three diagonals, then QR steps with Wilkinson's shift: Golub and Van Loan 2013, "Matrix
/// Computations", sections 8.3.1 and 8.3.5. Everything is added in one order, so the bits depend on nothing but the matrix.
struct SymmetricEigen {
    /// The eigenvalues, falling.
    private(set) var values: [Double]
    /// [n, n]: the eigenvectors in the order of their values, one a row, of length 1. The largest entry of each by its
    /// absolute value, the first of several, is positive.
    private(set) var vectors: [Double]

    private let size: Int
    /// What is beside the diagonal.
    private var offDiagonal: [Double]

    /// Decomposes a matrix [size, size]; of its two halves the upper one is read. One that is not finite has the eigenvalues
    /// 0.
    init(_ matrix: [Double], size: Int) {
        precondition(
            matrix.count == size * size, "\(matrix.count) numbers are no square of \(size)")
        self.size = size
        values = [Double](repeating: 0, count: size)
        offDiagonal = [Double](repeating: 0, count: size)
        vectors = [Double](repeating: 0, count: size * size)
        for i in 0..<size { vectors[i * size + i] = 1 }
        // With entries of at most 1 no square of one overflows.
        let scale = matrix.reduce(0) { max($0, abs($1)) }
        guard scale > 0, matrix.allSatisfy(\.isFinite) else { return }
        reduce(matrix.map { $0 / scale })
        diagonalize()
        sort()
        for i in 0..<size { values[i] *= scale }
    }

    /// Makes everything but three diagonals 0, by reflections that `vectors` keeps the product of.
    private mutating func reduce(_ matrix: [Double]) {
        let n = size
        var a = matrix
        for i in 0..<n {
            for j in 0..<i { a[i * n + j] = a[j * n + i] }
        }
        var (v, p) = ([Double](repeating: 0, count: n), [Double](repeating: 0, count: n))
        for k in 0..<max(n - 2, 0) {
            var rest = 0.0
            for j in k + 1..<n {
                v[j] = a[k * n + j]
                if j > k + 1 { rest += v[j] * v[j] }
            }
            guard rest > 0 else {
                offDiagonal[k] = v[k + 1]
                continue
            }
            let norm = (v[k + 1] * v[k + 1] + rest).squareRoot()
            let alpha = v[k + 1] > 0 ? -norm : norm
            v[k + 1] -= alpha
            let beta = 2 / (v[k + 1] * v[k + 1] + rest)
            offDiagonal[k] = alpha
            var projection = 0.0
            for i in k + 1..<n {
                var sum = 0.0
                for j in k + 1..<n { sum += a[i * n + j] * v[j] }
                p[i] = beta * sum
                projection += p[i] * v[i]
            }
            for i in k + 1..<n { p[i] -= beta / 2 * projection * v[i] }
            for i in k + 1..<n {
                for j in k + 1..<n { a[i * n + j] -= v[i] * p[j] + p[i] * v[j] }
            }
            reflectVectors(v, beta, from: k + 1)
        }
        for i in 0..<n { values[i] = a[i * n + i] }
        if n > 1 { offDiagonal[n - 2] = a[(n - 2) * n + n - 1] }
    }

    /// Applies a reflection, 1 − beta · v · vᵀ, to the rows of `vectors` from one on.
    private mutating func reflectVectors(_ v: [Double], _ beta: Double, from first: Int) {
        var sums = [Double](repeating: 0, count: size)
        for i in first..<size {
            for j in 0..<size { sums[j] += v[i] * vectors[i * size + j] }
        }
        for i in first..<size {
            for j in 0..<size { vectors[i * size + j] -= beta * v[i] * sums[j] }
        }
    }

    /// Makes the diagonals beside the main one 0.
    private mutating func diagonalize() {
        func isSmall(_ i: Int) -> Bool {
            let near = abs(values[i]) + abs(values[i + 1])
            return abs(offDiagonal[i]) <= .ulpOfOne * (near + .ulpOfOne)
        }
        var last = size - 1
        // Two steps for a value are usual.
        var stepsLeft = 60 * size
        while last > 0 {
            if isSmall(last - 1) {
                offDiagonal[last - 1] = 0
                last -= 1
                continue
            }
            var first = last - 1
            while first > 0, !isSmall(first - 1) { first -= 1 }
            step(first, last)
            stepsLeft -= 1
            precondition(stepsLeft > 0, "the eigenvalues do not converge")
        }
    }

    /// A QR step on the rows `first...last`, none of which is apart from the next.
    private mutating func step(_ first: Int, _ last: Int) {
        let half = (values[last - 1] - values[last]) / 2
        let square = offDiagonal[last - 1] * offDiagonal[last - 1]
        let root = (half * half + square).squareRoot()
        let shift = values[last] - square / (half + (half < 0 ? -root : root))
        var (x, z) = (values[first] - shift, offDiagonal[first])
        for k in first..<last {
            let length = (x * x + z * z).squareRoot()
            let (c, s) = length > 0 ? (x / length, z / length) : (1, 0)
            if k > first { offDiagonal[k - 1] = length }
            let (upper, lower, beside) = (values[k], values[k + 1], offDiagonal[k])
            values[k] = c * c * upper + 2 * c * s * beside + s * s * lower
            values[k + 1] = s * s * upper - 2 * c * s * beside + c * c * lower
            offDiagonal[k] = c * s * (lower - upper) + (c * c - s * s) * beside
            if k + 1 < last {
                x = offDiagonal[k]
                z = s * offDiagonal[k + 1]
                offDiagonal[k + 1] *= c
            }
            for j in k * size..<(k + 1) * size {
                let (a, b) = (vectors[j], vectors[j + size])
                vectors[j] = c * a + s * b
                vectors[j + size] = c * b - s * a
            }
        }
    }

    /// Orders by falling values and decides the signs.
    private mutating func sort() {
        let order = values.indices.sorted { (values[$1], $0) < (values[$0], $1) }
        var sorted: [Double] = []
        sorted.reserveCapacity(vectors.count)
        for index in order {
            let row = vectors[index * size..<(index + 1) * size]
            let largest = row.reduce(0) { abs($1) > abs($0) ? $1 : $0 }
            sorted += largest < 0 ? row.map { -$0 } : Array(row)
        }
        values = order.map { values[$0] }
        vectors = sorted
    }
}
