extension GEMM.Product {
    /// With the BLAS library: one single-threaded call for each part of the longer side of c.
    func runLibrary() {
        if m >= n || activation != nil {
            GEMM.parts(m, width: n * k) { rows in
                var left = a + (opA == .plain ? rows.lowerBound * strideA : rows.lowerBound)
                var activated: Storage?
                if let activation {
                    let buffer = Storage(rows.count * k)
                    activation(buffer.base, left, buffer.count)
                    left = UnsafePointer(buffer.base)
                    activated = buffer
                }
                call(left, b, into: c + rows.lowerBound * n, m: rows.count, n: n, bias: bias)
                withExtendedLifetime(activated) {}
            }
        } else {
            GEMM.parts(n, width: m * k) { columns in
                let right = b + (opB == .plain ? columns.lowerBound : columns.lowerBound * strideB)
                call(
                    a, right, into: c + columns.lowerBound, m: m, n: columns.count,
                    bias: bias.map { $0 + columns.lowerBound })
            }
        }
    }

    /// The product of some rows and columns.
    private func call(
        _ a: UnsafePointer<Float>, _ b: UnsafePointer<Float>, into c: UnsafeMutablePointer<Float>,
        m: Int, n: Int, bias: UnsafePointer<Float>?
    ) {
        if let bias { for i in 0..<m { (c + i * self.n).update(from: bias, count: n) } }
        Self.library.sgemm(
            101, opA.rawValue, opB.rawValue, Int32(m), Int32(n), Int32(k), 1, a, Int32(strideA), b,
            Int32(strideB), bias == nil ? beta : 1, c, Int32(self.n))
    }

    private static let library: BLAS = {
        switch BLAS.shared {
        case .success(let library): return library
        case .failure(let error): preconditionFailure("\(error)")
        }
    }()
}
