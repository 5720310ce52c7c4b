/// The rate of matrix products, against which everything else is measured.
public enum MatrixProductBenchmark {
    /// The median rate of products of two square matrices on all threads, in 10⁹ operations a second; by
    /// default the BLAS library's, of float32.
    public static func gigaflops(
        _ engine: GEMM.Engine = .library, precision: GEMM.Precision = .float32, size: Int = 1024,
        seconds: Double = 1
    ) -> Double {
        rate(size, seconds) { a, b, c in
            GEMM.run(
                GEMM.Product(
                    a, .plain, b, .transposed, into: c, m: size, n: size, k: size, beta: 0,
                    precision: precision),
                engine: engine)
        }
    }

    /// The same of products with a matrix that is packed beforehand, as those of encoding in 8 bits are.
    public static func gigaopsPacked(
        _ precision: GEMM.Precision, size: Int = 1024, seconds: Double = 1
    ) -> Double {
        var packed: PackedMatrix?
        return rate(size, seconds) { a, b, c in
            let matrix = packed ?? PackedMatrix(b, n: size, k: size, precision: precision)
            packed = matrix
            matrix.multiply(a, rows: size, bias: nil, into: c)
        }
    }

    /// The median rate of a product into c, after one that is not counted.
    private static func rate(
        _ size: Int, _ seconds: Double,
        _ product: (
            _ a: UnsafeMutablePointer<Float>, _ b: UnsafeMutablePointer<Float>,
            _ c: UnsafeMutablePointer<Float>
        ) -> Void
    ) -> Double {
        let count = size * size
        let buffer = Storage(3 * count)
        for i in 0..<3 * count { buffer.base[i] = Float(i % 7) * 0.1 }
        func run() { product(buffer.base, buffer.base + count, buffer.base + 2 * count) }
        let clock = ContinuousClock()
        var times: [Double] = []
        run()
        let start = clock.now
        repeat {
            times.append(clock.measure(run) / .seconds(1))
        } while times.count < 5 || clock.now - start < .seconds(seconds)
        withExtendedLifetime(buffer) {}
        return 2 * Double(count) * Double(size) / times.sorted()[times.count / 2] * 1e-9
    }
}
