import Foundation
import Testing

@testable import Kernels

/// The vector loops of each instruction set this processor has, against plain formulas in double.
@Suite struct VectorKernelTests {
    static let tables: [simile_kernel_table] = [SIMILE_BASELINE, SIMILE_AVX2, SIMILE_AVX512]
        .compactMap {
            simile_kernels($0)?.pointee
        }
    static let counts = [0, 1, 3, 4, 7, 8, 15, 16, 17, 31, 32, 33, 384]

    @Test(arguments: tables)
    func gelu(_ kernels: simile_kernel_table) {
        let x = (0..<4001).map { Float($0 - 2000) / 200 }
        var y = x
        kernels.gelu_forward(&y, x, x.count)
        for (x, y) in zip(x, y) {
            let exact = 0.5 * Double(x) * erfc(-Double(x) / 2.0.squareRoot())
            #expect(abs(Double(y) - exact) <= 2e-7 * (1 + abs(Double(x))), "gelu(\(x))")
        }
        // The value at 1 that the exact form has and the tanh form has not.
        #expect(abs(y[2200] - 0.8413447) < 5e-7)

        let dy = numbers(x.count, seed: 5)
        var (dx, again) = (x, x)
        kernels.gelu_backward(&dx, &again, x, dy, x.count)
        #expect(again == y)
        var alone = x
        kernels.gelu_backward(&alone, nil, x, dy, x.count)
        #expect(alone == dx, "without the value")
        for i in x.indices {
            let z = Double(x[i])
            let slope =
                0.5 * erfc(-z / 2.0.squareRoot()) + z * exp(-z * z / 2)
                / (2 * Double.pi).squareRoot()
            #expect(abs(Double(dx[i]) - Double(dy[i]) * slope) < 1e-6)
        }
    }

    /// The nearest number with 8 bits of mantissa, of two the even one.
    @Test(arguments: tables)
    func bfloat16(_ kernels: simile_kernel_table) {
        var x = stride(from: UInt32(0), to: .max - 20_011, by: 20_011)
            .map { Float(bitPattern: $0) }
        x += [0, -0.0, 1 + 0x1p-8, 1 + 0x3p-8, 1 + 0x1.1p-8, .infinity, -.infinity, .nan]
        x += [.greatestFiniteMagnitude, .leastNonzeroMagnitude, Float(bitPattern: 0x7fff_ffff)]
        var halves = [UInt16](repeating: 0, count: x.count)
        kernels.narrow(&halves, x, x.count)
        var back = x
        kernels.widen(&back, halves, x.count)
        for i in x.indices {
            #expect(back[i].bitPattern == UInt32(halves[i]) << 16)
            if x[i].isNaN {
                #expect(back[i].isNaN)
                continue
            }
            // Of the two numbers that it lies between.
            let (below, rest) = (x[i].bitPattern >> 16, x[i].bitPattern & 0xffff)
            let up = rest > 0x8000 || rest == 0x8000 && below % 2 == 1
            #expect(UInt32(halves[i]) == below + (up ? 1 : 0), "\(x[i])")
        }
        for count in Self.counts {
            var part = [UInt16](repeating: 7, count: 400)
            kernels.narrow(&part, x, count)
            #expect(Array(part[..<count]) == Array(halves[..<count]))
            #expect(part[count...].allSatisfy { $0 == 7 })
        }
    }

    @Test(arguments: tables)
    func bfloat16AtItsEnds(_ kernels: simile_kernel_table) {
        func rounded(_ value: Float) -> Float {
            var (value, narrow, wide) = (value, UInt16(0), Float(0))
            kernels.narrow(&narrow, &value, 1)
            kernels.widen(&wide, &narrow, 1)
            return wide
        }
        #expect(rounded(1) == 1 && rounded(-0.5) == -0.5 && rounded(0) == 0)
        // Between 1 and the next number, 1 + 2^-7.
        #expect(rounded(1 + 0x1p-9) == 1 && rounded(1 + 0x1.8p-8) == 1 + 0x1p-7)
        #expect(rounded(1 + 0x1p-8) == 1 && rounded(1 + 0x1.8p-7) == 1 + 0x1p-6)
        #expect(rounded(Float.greatestFiniteMagnitude) == .infinity)
        #expect(rounded(.infinity) == .infinity && rounded(-.infinity) == -.infinity)
        #expect(rounded(.nan).isNaN && rounded(Float(bitPattern: 0x7f80_0001)).isNaN)
        #expect(rounded(Float(bitPattern: 0x7fff_ffff)).isNaN)
    }

    /// Numbers of every size, with the ends of what there is a float for.
    @Test(arguments: tables)
    func expAndTanhAreWithinTwoUlp(_ kernels: simile_kernel_table) {
        let x =
            stride(from: UInt32(0), to: .max - 20_011, by: 20_011).map(Float.init(bitPattern:))
            .filter { !$0.isNaN }
            + [0, -0.0, 1, -1, 0.625, 88.7228, 88.73, 89, -87.4, -103.9, -104.1]
            + [.infinity, -.infinity, .greatestFiniteMagnitude, -.greatestFiniteMagnitude]
        var (powers, tangents) = (x, x)
        kernels.exp(&powers, x, x.count)
        kernels.tanh(&tangents, x, x.count)
        func ulps(_ found: Float, _ exact: Double) -> Double {
            let nearest = Float(exact)
            if found == nearest { return 0 }
            return abs(Double(found) - exact) / Double(nearest.ulp)
        }
        let worst = x.indices.map { i in
            max(ulps(powers[i], exp(Double(x[i]))), ulps(tangents[i], tanh(Double(x[i]))))
        }.max()
        #expect((worst ?? .infinity) <= 2)
        // The same array may be input and output.
        for function in [kernels.exp, kernels.tanh] {
            var inPlace: [Float] = [.nan, 0.5]
            var apart = inPlace
            function(&apart, inPlace, 2)
            inPlace.withUnsafeMutableBufferPointer {
                if let base = $0.baseAddress { function(base, base, 2) }
            }
            #expect(inPlace[0].isNaN && apart[0].isNaN && inPlace[1] == apart[1])
        }
    }

    @Test(arguments: tables)
    func productsOfPanels(_ kernels: simile_kernel_table) {
        let (tall, wide) = (kernels.products.shape.rows, kernels.products.shape.columns)
        for (m, n) in [(1, 1), (tall, wide), (tall + 1, wide / 2), (3 * tall - 1, 2 * wide + 5)] {
            for k in [1, 15, 16, 33] {
                let (a, b) = (numbers(m * k, seed: 1), numbers(k * n, seed: 2))
                let (bias, start) = (numbers(n, seed: 3), numbers(m * n, seed: 4))
                let exact = (0..<m * n).map { cell in
                    (0..<k).reduce(0.0) {
                        $0 + Double(a[cell / n * k + $1]) * Double(b[$1 * n + cell % n])
                    }
                }
                // Both ways of packing each side: as it is, and from its transpose.
                let (aTurned, bTurned) = (transposed(a, m, k), transposed(b, k, n))
                for turned: Int32 in [0, 1] {
                    let (bands, panels) = ((m + tall - 1) / tall, (n + wide - 1) / wide)
                    var left = [Float](repeating: .nan, count: bands * wide / 2 * k)
                    var right = [Float](repeating: .nan, count: panels * wide * k)
                    kernels.products.pack_left(
                        &left, turned == 1 ? a : aTurned, turned == 1 ? k : m, m, k, turned)
                    kernels.products.pack_right(
                        &right, turned == 1 ? bTurned : b, turned == 1 ? k : n, n, k, turned)
                    var (added, begun) = (start, start)
                    kernels.products.product(&added, n, left, m, right, n, k, 1, nil)
                    kernels.products.product(&begun, n, left, m, right, n, k, 0, bias)
                    for cell in 0..<m * n {
                        #expect(abs(Double(added[cell] - start[cell]) - exact[cell]) < 1e-5)
                        #expect(abs(Double(begun[cell] - bias[cell % n]) - exact[cell]) < 1e-5)
                    }
                }
            }
        }
    }

    private func transposed(_ x: [Float], _ rows: Int, _ columns: Int) -> [Float] {
        (0..<x.count).map { x[$0 % rows * columns + $0 / rows] }
    }

    @Test(arguments: tables)
    func softmaxOfExtremes(_ kernels: simile_kernel_table) {
        for n in Self.counts where n > 0 {
            let x = numbers(n, seed: 9, in: -200...200)
            var y = x
            kernels.softmax_rows(&y, x, 1, n)
            let top = Double(x.max() ?? 0)
            let total = x.reduce(0) { $0 + exp(Double($1) - top) }
            for i in 0..<n { #expect(abs(Double(y[i]) - exp(Double(x[i]) - top) / total) < 1e-6) }
        }
    }

    @Test(arguments: tables)
    func wholeArrays(_ kernels: simile_kernel_table) {
        for n in Self.counts {
            let (x, y) = (numbers(n, seed: 1), numbers(n, seed: 2))
            var sum = y
            kernels.add(&sum, x, n)
            var scaled = y
            kernels.axpy(&scaled, 0.5, x, n)
            var half = x
            kernels.scale(&half, 0.5, x, n)
            for i in 0..<n {
                #expect(sum[i] == x[i] + y[i])
                #expect(abs(scaled[i] - (y[i] + 0.5 * x[i])) < 1e-6)
                #expect(half[i] == x[i] / 2)
            }
            let dot = zip(x, y).reduce(0.0) { $0 + Double($1.0) * Double($1.1) }
            #expect(abs(Double(kernels.dot(x, y, n)) - dot) < 1e-5)
            let squares = x.reduce(0.0) { $0 + Double($1) * Double($1) }
            #expect(abs(kernels.sum_of_squares(x, n) - squares) < 1e-4)
        }
    }

    @Test(arguments: tables)
    func columnSumsWithAStride(_ kernels: simile_kernel_table) {
        let (rows, columns, stride) = (9, 21, 30)
        let x = numbers(rows * stride, seed: 4)
        var sums = [Float](repeating: 1, count: columns)
        kernels.add_column_sums(&sums, x, stride, rows, columns)
        for c in 0..<columns {
            let exact = 1 + (0..<rows).reduce(0.0) { $0 + Double(x[$1 * stride + c]) }
            #expect(abs(Double(sums[c]) - exact) < 1e-5)
        }
    }

    @Test(arguments: tables)
    func layerNormOfOddWidths(_ kernels: simile_kernel_table) {
        for n in Self.counts where n > 0 {
            let (x, residual) = (numbers(n, seed: 1, in: 3...5), numbers(n, seed: 2))
            let (gamma, beta) = (numbers(n, seed: 3), numbers(n, seed: 4))
            var (y, normalised, rstd) = (x, x, [Float(0)])
            kernels.add_norm_forward(
                &y, &normalised, &rstd, x, residual, gamma, beta, 1e-12, .off, 0, 1, n)
            let z = zip(x, residual).map { Double($0 + $1) }
            let mean = z.reduce(0, +) / Double(n)
            let variance = z.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(n)
            for i in 0..<n where n > 1 {
                let exact =
                    (z[i] - mean) / (variance + 1e-12).squareRoot() * Double(gamma[i])
                    + Double(beta[i])
                #expect(abs(Double(y[i]) - exact) < 1e-4, "width \(n)")
            }
            // A constant row gives beta.
            if n == 1 { #expect(y == beta) }
        }
    }

    /// Dropout keeps the right share, scales it, and is a function of (key, row, column) alone.
    @Test(arguments: tables)
    func dropout(_ kernels: simile_kernel_table) {
        let (rows, n) = (500, 97)
        let ones = [Float](repeating: 1, count: rows * n)
        let dropout = simile_dropout(key: 77, probability: 0.1)
        var y = ones
        kernels.dropout(&y, ones, dropout, 0, rows, n)
        let kept = y.count { $0 != 0 }
        #expect(abs(Double(kept) / Double(rows * n) - 0.9) < 0.01)
        #expect(Set(y) == [0, 1 / (1 - 0.1)])

        var part = [Float](repeating: 1, count: 3 * n)
        kernels.dropout(&part, part, dropout, 40, 3, n)
        #expect(part == Array(y[40 * n..<43 * n]))

        var other = ones
        kernels.dropout(&other, ones, simile_dropout(key: 78, probability: 0.1), 0, rows, n)
        let both = zip(y, other).count { $0 == 0 && $1 == 0 }
        #expect(abs(Double(both) / Double(rows * n) - 0.01) < 0.003)

        // Columns beside each other are independent too.
        let pairs = (0..<rows * n - 1).count { y[$0] == 0 && y[$0 + 1] == 0 }
        #expect(abs(Double(pairs) / Double(rows * n) - 0.01) < 0.003)
    }

    /// Every instruction set gives the same attention, also for a sequence longer than a block of queries.
    @Test(arguments: [1, 5, 16, 33, 64, 65, 130], [8, 32, 40])
    func attention(_ length: Int, _ size: Int) {
        for causal in [false, true] { checkAttention(length, size, causal: causal) }
    }

    private func checkAttention(_ length: Int, _ size: Int, causal: Bool) {
        let stride = 3 * size
        let qkv = numbers(length * stride, seed: 6)
        let scale = 1 / Float(size).squareRoot()
        var exact = [Double](repeating: 0, count: length * size)
        for i in 0..<length {
            let scores = (0..<(causal ? i + 1 : length)).map { j in
                (0..<size).reduce(0.0) {
                    $0 + Double(qkv[i * stride + $1]) * Double(qkv[j * stride + size + $1])
                } * Double(scale)
            }
            let total = scores.reduce(0) { $0 + exp($1) }
            for j in scores.indices {
                for c in 0..<size {
                    exact[i * size + c] +=
                        exp(scores[j]) / total * Double(qkv[j * stride + 2 * size + c])
                }
            }
        }
        for kernels in Self.tables {
            var out = [Float](repeating: 0, count: length * size)
            var scratch = [Float](repeating: .nan, count: simile_attention_scratch(length, size))
            withBase(qkv) { q in
                kernels.attention_forward(
                    &out, size, q, q + size, q + 2 * size, stride, length, size, scale,
                    causal ? 1 : 0, .off, 0, &scratch)
            }
            let error = zip(out, exact).map { abs(Double($0) - $1) }.max() ?? 0
            #expect(error < 2e-6, "\(String(cString: kernels.name)), causal: \(causal)")
        }
    }

    @Test(arguments: tables)
    func factorsAreMultipliedOneByOne(_ kernels: simile_kernel_table) {
        let x = numbers(19, seed: 8)
        let factors = (0..<50).map { 1 - Float($0) * 1e-6 }
        var y = x
        kernels.multiply_in_turn(&y, y.count, factors, factors.count)
        #expect(y == x.map { factors.reduce($0, *) })
    }
}

extension simile_kernel_table: @retroactive CustomTestStringConvertible {
    /// The instruction set.
    public var testDescription: String { String(cString: name) }
}
