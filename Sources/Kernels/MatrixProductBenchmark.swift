/// The rate of matrix products, against which everything else is measured.
public enum MatrixProductBenchmark {
    /// The median rate of products of two square matrices on all threads, in 10⁹ operations a second; by
    /// default the BLAS library's, of float32.
    public static func gigaflops(
        _ engine: GEMM.Engine = .library, precision: GEMM.Precision = .float32, size: Int = 1024,
        seconds: Double = 1
    ) -> Double {
        let count = size * size
        let buffer = Storage(3 * count)
        for i in 0..<3 * count { buffer.base[i] = Float(i % 7) * 0.1 }
        let (a, b, c) = (buffer.base, buffer.base + count, buffer.base + 2 * count)
        func product() {
            GEMM.run(
                GEMM.Product(
                    a, .plain, b, .transposed, into: c, m: size, n: size, k: size, beta: 0,
                    precision: precision),
                engine: engine)
        }
        let clock = ContinuousClock()
        var times: [Double] = []
        product()
        let start = clock.now
        repeat {
            times.append(clock.measure(product) / .seconds(1))
        } while times.count < 5 || clock.now - start < .seconds(seconds)
        withExtendedLifetime(buffer) {}
        return 2 * Double(count) * Double(size) / times.sorted()[times.count / 2] * 1e-9
    }
}
