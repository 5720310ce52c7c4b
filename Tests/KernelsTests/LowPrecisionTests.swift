import Testing
import TileInstructions

@testable import Kernels

/// Products of bfloat16 and 8-bit numbers: what they compute, and that the processor's instructions and plain C agree to the
/// bit.
@Suite struct LowPrecisionTests {
    /// Deep ones and wide ones, all small: other tests watch the memory of the process.
    static let sizes = [
        (1, 1, 1), (2, 3, 5), (14, 32, 2), (15, 33, 3), (130, 70, 31), (29, 40, 1101),
        (3, 35, 2050), (5, 230, 40), (230, 17, 64), (40, 40, 600), (600, 3, 70),
    ]

    /// The nearest number with an 8-bit mantissa, to even.
    private func rounded(_ x: Float) -> Double {
        let bits = x.bitPattern
        return Double(
            Float(bitPattern: (bits &+ 0x7FFF &+ (bits >> 16 & 1)) & 0xFFFF_0000))
    }

    @Test(arguments: sizes)
    func sumsProductsOfRoundedNumbers(_ size: (Int, Int, Int)) {
        let (m, n, k) = size
        let (a, b, bias) = (numbers(m * k, seed: 1), numbers(n * k, seed: 2), numbers(n, seed: 3))
        for kernels in Self.emulated {
            let c = product(a, b, bias, size, kernels)
            for i in 0..<m {
                for j in 0..<n {
                    var sum = Double(bias[j])
                    for p in 0..<k { sum += rounded(a[i * k + p]) * rounded(b[j * k + p]) }
                    #expect(abs(Double(c[i * n + j]) - sum) < 1e-4)
                }
            }
        }
    }

    @Test func roundsToEvenAndFlushesWhatIsNotNormal() {
        // 1 + 2⁻⁸ lies between 1 and 1 + 2⁻⁷: to the even one; 1 + 3 · 2⁻⁸ to 1 + 2⁻⁶.
        let values: [(Float, Float)] = [
            (1 + 0x1p-8, 1), (1 + 0x3p-8, 1 + 0x1p-6), (1 + 0x1p-8 + 0x1p-20, 1 + 0x1p-7),
            (0x1p-130, 0), (.greatestFiniteMagnitude, .infinity), (-.infinity, -.infinity),
        ]
        for kernels in Self.all {
            for (x, expected) in values {
                #expect(product([x], [1], [0], (1, 1, 1), kernels) == [expected])
            }
            #expect(product([.nan], [1], [0], (1, 1, 1), kernels)[0].isNaN)
            #expect(product([0x1p-100], [0x1p-30], [0], (1, 1, 1), kernels) == [0])
        }
    }

    /// Of two numbers and their two neighbours vectors take the second first; tiles add the firsts and the seconds apart.
    @Test func sumsInTheOrderOfTheInstruction() {
        let (large, small): (Float, Float) = (0x1p24, 1)
        // large + 1 + 1 is large where each 1 is added alone, as half of what is the least for it goes to the even one.
        let a = [small, large, small, 0]
        #expect(
            Self.emulated.map { product(a, [1, 1, 1, 0], [0], (1, 1, 4), $0) }
                == [[large], [large + 2]])
    }

    @Test(
        .enabled(if: !pairs.isEmpty, "no AVX512-BF16: nothing to compare with plain C"),
        arguments: sizes)
    func theProcessorPairsAsPlainCDoes(_ size: (m: Int, n: Int, k: Int)) throws {
        let (m, n, k) = size
        let (a, b, bias) = (numbers(m * k, seed: 1), numbers(n * k, seed: 2), numbers(n, seed: 3))
        for (kernels, plain) in zip(Self.pairs, Self.emulated) {
            for opA in [GEMM.Operand.plain, .transposed] {
                for opB in [GEMM.Operand.plain, .transposed] {
                    #expect(
                        product(a, opA, b, opB, bias, size, kernels)
                            == product(a, opA, b, opB, bias, size, plain))
                }
            }
        }
    }

    #if arch(x86_64)
        @Test(
            .enabled(
                if: pairs.count == 2 && fours.count == 2, "no AVX-512 for what is around tiles"))
        func tilesMultiplyWholeNumbers() {
            #expect(simile_amx_multiplies() == 1)
        }
    #endif

    /// The same bits as without packing, whatever the other rows; also with an activation.
    @Test(arguments: sizes)
    func aPackedWeightMultipliesAsGEMMDoes(_ size: (m: Int, n: Int, k: Int)) {
        let (m, n, k) = size
        let (a, b, bias) = (numbers(m * k, seed: 1), numbers(n * k, seed: 2), numbers(n, seed: 3))
        for kernels in Self.all + [VectorKernels.best.products] {
            let packed = PackedMatrix(b, n: n, k: k, floats: kernels)
            for activation in [nil, VectorKernels.best.gelu_forward] as [GEMM.ElementFunction?] {
                let whole = multiply(packed, a, bias, size, activation)
                #expect(
                    whole
                        == product(
                            a, .plain, b, .transposed, bias, size, kernels, activation: activation))
                let last = multiply(packed, Array(a.suffix(k)), bias, (1, n, k), activation)
                #expect(last == Array(whole.suffix(n)))
            }
        }
    }

    @Test(arguments: sizes)
    func eightBitsAreWithinHalfAStep(_ size: (m: Int, n: Int, k: Int)) {
        let (m, n, k) = size
        let a = numbers(m * k, seed: 1, in: -0.2...3)
        let (b, bias) = (numbers(n * k, seed: 2), numbers(n, seed: 3))
        let packed = PackedMatrix(b, n: n, k: k, int8: simile_int8_products_emulated)
        let c = multiply(packed, a, bias, size)
        for i in 0..<m {
            let row = a[i * k..<(i + 1) * k]
            let step = Double(max(row.max() ?? 0, 0) - min(row.min() ?? 0, 0)) / 255
            for j in 0..<n {
                let column = b[j * k..<(j + 1) * k]
                let columnStep = Double(column.map(abs).max() ?? 0) / 127
                var (sum, bound) = (Double(bias[j]), 1e-5)
                for (x, w) in zip(row, column) {
                    sum += Double(x) * Double(w)
                    // x is off by up to a step, as its zero is rounded too, and w by half of one.
                    bound += step * abs(Double(w)) + columnStep / 2 * (abs(Double(x)) + step)
                }
                #expect(abs(Double(c[i * n + j]) - sum) <= bound)
            }
        }
        // A row has the same bits alone, and zeros are exact.
        #expect(
            multiply(packed, Array(a.suffix(k)), bias, (1, n, k)) == Array(c.suffix(n)))
        #expect(multiply(packed, Array(repeating: 0, count: k), bias, (1, n, k)) == bias)
    }

    /// Numbers so near to 0, or so large, that no step is a float.
    @Test func whatHasNoStepIsZeroInEightBits() {
        let (size, bias) = ((m: 2, n: 3, k: 5), [1, 2, 3] as [Float])
        let (tiny, plain) = (
            [Float](repeating: .leastNonzeroMagnitude, count: 15), numbers(15, seed: 1)
        )
        for kernels in [simile_int8_products_emulated] + Self.fours {
            for (a, b) in [(tiny, plain), (plain, tiny)] {
                let packed = PackedMatrix(b, n: 3, k: 5, int8: kernels)
                #expect(multiply(packed, Array(a[..<10]), bias, size) == bias + bias)
            }
            let infinite = PackedMatrix(
                plain.dropLast() + [.infinity], n: 3, k: 5, int8: kernels)
            #expect(!multiply(infinite, Array(plain[..<10]), bias, size)[2].isFinite)
        }
    }

    @Test(
        .enabled(if: !fours.isEmpty, "no AVX512-VNNI: nothing to compare with plain C"),
        arguments: sizes)
    func theProcessorMultipliesEightBitsAsPlainCDoes(_ size: (m: Int, n: Int, k: Int)) throws {
        let (m, n, k) = size
        let a = numbers(m * k, seed: 1, in: -0.2...3)
        let (b, bias) = (numbers(n * k, seed: 2), numbers(n, seed: 3))
        let plain = PackedMatrix(b, n: n, k: k, int8: simile_int8_products_emulated)
        for activation in [nil, VectorKernels.best.gelu_forward] as [GEMM.ElementFunction?] {
            let expected = multiply(plain, a, bias, size, activation)
            for kernels in Self.fours {
                let packed = PackedMatrix(b, n: n, k: k, int8: kernels)
                #expect(multiply(packed, a, bias, size, activation) == expected)
            }
        }
    }

    /// Plain C in the order of vectors and in that of tiles.
    private static let emulated = [
        simile_bfloat16_products_emulated, simile_bfloat16_tiles_emulated,
    ]
    /// The same of the processor's instructions, those of AMX stood in for where it has none.
    private static let pairs: [simile_product_kernels] = {
        guard let vectors = simile_bfloat16_products(SIMILE_AVX512)?.pointee else { return [] }
        #if arch(x86_64)
            if tilesRun { return [vectors, simile_bfloat16_products_amx] }
        #endif
        return [vectors]
    }()
    private static let fours: [simile_int8_products] = {
        guard let vectors = simile_int8_products_of(SIMILE_AVX512)?.pointee else { return [] }
        #if arch(x86_64)
            if tilesRun { return [vectors, simile_int8_products_amx] }
        #endif
        return [vectors]
    }()
    private static let all = emulated + pairs
    private static let tilesRun = stand_in_for_tile_instructions() != 0

    private func product(
        _ a: [Float], _ b: [Float], _ bias: [Float], _ size: (m: Int, n: Int, k: Int),
        _ kernels: simile_product_kernels
    ) -> [Float] {
        product(a, .plain, b, .transposed, bias, size, kernels)
    }

    private func product(
        _ a: [Float], _ opA: GEMM.Operand, _ b: [Float], _ opB: GEMM.Operand, _ bias: [Float],
        _ size: (m: Int, n: Int, k: Int), _ kernels: simile_product_kernels,
        activation: GEMM.ElementFunction? = nil
    ) -> [Float] {
        var c = [Float](repeating: .nan, count: size.m * size.n)
        withBase(a) { a in
            withBase(b) { b in
                withBase(bias) { bias in
                    c.withUnsafeMutableBufferPointer { c in
                        guard let c = c.baseAddress else { return }
                        GEMM.runPacked(
                            [
                                GEMM.Product(
                                    a, opA, b, opB, into: c, m: size.m, n: size.n, k: size.k,
                                    beta: 0, bias: bias, activation: activation)
                            ], kernels: { _ in kernels })
                    }
                }
            }
        }
        return c
    }

    private func multiply(
        _ weight: PackedMatrix, _ x: [Float], _ bias: [Float], _ size: (m: Int, n: Int, k: Int),
        _ activation: GEMM.ElementFunction? = nil
    ) -> [Float] {
        var y = [Float](repeating: .nan, count: size.m * size.n)
        weight.multiply(x, rows: size.m, bias: bias, activation: activation, into: &y)
        return y
    }
}
