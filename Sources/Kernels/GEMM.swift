/// Row-major matrix products, cut into parts that each run as one single-threaded BLAS call.
public enum GEMM {
    /// Whether an operand is used as it lies in memory or transposed.
    public enum Operand: Int32, Sendable {
        case plain = 111
        case transposed = 112
    }

    /// c[m, n] = beta · c + a[m, k] · b[k, n], where `a` and `b` may be stored transposed; one thread.
    ///
    /// Strides are those of the rows as stored, in floats. With `bias` [n], which each row of c begins with,
    /// beta is 0.
    public static func single(
        _ a: UnsafePointer<Float>, _ opA: Operand, _ strideA: Int,
        _ b: UnsafePointer<Float>, _ opB: Operand, _ strideB: Int,
        into c: UnsafeMutablePointer<Float>, _ strideC: Int,
        m: Int, n: Int, k: Int, beta: Float, bias: UnsafePointer<Float>? = nil
    ) {
        if m == 0 || n == 0 { return }
        if let bias { for i in 0..<m { (c + i * strideC).update(from: bias, count: n) } }
        let beta = bias == nil ? beta : 1
        guard k > 0 else {  // BLAS refuses the strides of an empty operand
            if beta == 0 { for i in 0..<m { (c + i * strideC).update(repeating: 0, count: n) } }
            return
        }
        blas(
            a, opA, strideA, b, opB, strideB, into: c, strideC, m: m, n: n, k: k, beta: beta)
    }

    /// One call of the library.
    static func blas(
        _ a: UnsafePointer<Float>, _ opA: Operand, _ strideA: Int,
        _ b: UnsafePointer<Float>, _ opB: Operand, _ strideB: Int,
        into c: UnsafeMutablePointer<Float>, _ strideC: Int, m: Int, n: Int, k: Int, beta: Float
    ) {
        library.sgemm(
            101, opA.rawValue, opB.rawValue, Int32(m), Int32(n), Int32(k), 1, a, Int32(strideA),
            b, Int32(strideB), beta, c, Int32(strideC))
    }

    /// The same for contiguous matrices, on all threads: c is cut along its longer side, so that each
    /// thread packs less.
    public static func parallel(
        _ a: UnsafePointer<Float>, _ opA: Operand, _ b: UnsafePointer<Float>, _ opB: Operand,
        into c: UnsafeMutablePointer<Float>, m: Int, n: Int, k: Int, beta: Float,
        bias: UnsafePointer<Float>? = nil
    ) {
        let strideA = opA == .plain ? k : m
        let strideB = opB == .plain ? n : k
        if m >= n {
            parts(m, width: n * k) { rows in
                let start = opA == .plain ? rows.lowerBound * strideA : rows.lowerBound
                single(
                    a + start, opA, strideA, b, opB, strideB, into: c + rows.lowerBound * n, n,
                    m: rows.count, n: n, k: k, beta: beta, bias: bias)
            }
        } else {
            parts(n, width: m * k) { columns in
                let start = opB == .plain ? columns.lowerBound : columns.lowerBound * strideB
                single(
                    a, opA, strideA, b + start, opB, strideB, into: c + columns.lowerBound, n,
                    m: m, n: columns.count, k: k, beta: beta,
                    bias: bias.map { $0 + columns.lowerBound })
            }
        }
    }

    /// Cuts 0..<n for a product of `n` × `width` multiplications: a part for each thread, in multiples of
    /// 16 (a register tile), and one part when there is too little to share.
    public static func parts(_ n: Int, width: Int, _ body: (Range<Int>) -> Void) {
        let pool = ThreadPool.shared
        let tiles = (n + 15) / 16
        let pieces = n * width < 1 << 18 ? 1 : min(pool.count, tiles)
        if n == 0 { return }
        pool.run(pieces) { piece, _ in
            let tile = ThreadPool.piece(piece, of: pieces, count: tiles)
            body(tile.lowerBound * 16..<min(tile.upperBound * 16, n))
        }
    }

    private static let library: BLAS = {
        switch BLAS.shared {
        case .success(let library): return library
        case .failure(let error): preconditionFailure("\(error)")
        }
    }()
}
