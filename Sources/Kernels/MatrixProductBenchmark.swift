/// The rate of the BLAS library, against which everything else is measured.
public enum MatrixProductBenchmark {
    /// The median rate of products of two square matrices on all threads, in 10⁹ operations a second.
    public static func gigaflops(size: Int = 1024, seconds: Double = 1) -> Double {
        let count = size * size
        let buffer = UnsafeMutablePointer<Float>.allocate(capacity: 3 * count)
        defer { buffer.deallocate() }
        for i in 0..<3 * count { buffer[i] = Float(i % 7) * 0.1 }
        func product() {
            GEMM.parts(size, width: count) { rows in
                let first = rows.lowerBound * size
                GEMM.blas(
                    buffer + first, .plain, size, buffer + count, .transposed, size,
                    into: buffer + 2 * count + first, size, m: rows.count, n: size, k: size,
                    beta: 0)
            }
        }
        let clock = ContinuousClock()
        var times: [Double] = []
        product()
        let start = clock.now
        repeat {
            times.append(clock.measure(product) / .seconds(1))
        } while times.count < 5 || clock.now - start < .seconds(seconds)
        return 2 * Double(count) * Double(size) / times.sorted()[times.count / 2] * 1e-9
    }
}
