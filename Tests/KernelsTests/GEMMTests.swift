import Testing

@testable import Kernels

/// Matrix products against three loops in double.
@Suite struct GEMMTests {
    static let sizes = [
        (1, 1, 1), (2, 3, 5), (16, 16, 16), (17, 33, 7), (1, 64, 9), (64, 1, 9), (130, 70, 31),
        (300, 257, 41), (29, 200, 1100), (2100, 3, 33), (2030, 17, 520),
        (5, 7, 0), (0, 4, 3), (4, 0, 3),
    ]

    @Test(arguments: sizes, [GEMM.Engine.own, .library])
    func agreesWithThreeLoops(_ size: (Int, Int, Int), _ engine: GEMM.Engine) {
        for opA in [GEMM.Operand.plain, .transposed] { compare(size, opA, engine) }
    }

    private func compare(_ size: (Int, Int, Int), _ opA: GEMM.Operand, _ engine: GEMM.Engine) {
        let (m, n, k) = size
        for opB in [GEMM.Operand.plain, .transposed] {
            for beta: Float in [0, 1] {
                let a = numbers(m * k, seed: 1)
                let b = numbers(k * n, seed: 2)
                let start = numbers(m * n, seed: 3)
                let c = product(a, opA, b, opB, adding: beta == 0 ? nil : start, size, engine)
                for i in 0..<m {
                    for j in 0..<n {
                        var sum = Double(beta) * Double(start[i * n + j])
                        for p in 0..<k {
                            let x = opA == .plain ? a[i * k + p] : a[p * m + i]
                            let y = opB == .plain ? b[p * n + j] : b[j * k + p]
                            sum += Double(x) * Double(y)
                        }
                        #expect(
                            abs(Double(c[i * n + j]) - sum) < 1e-4, "\(opA) \(opB) beta \(beta)")
                    }
                }
            }
        }
    }

    @Test(
        arguments: [(3, 5, 7), (450, 33, 700), (2030, 9, 520), (1, 3072, 768)],
        [GEMM.Engine.own, .library])
    func activatesTheLeftSideAndBeginsWithTheBias(
        _ size: (Int, Int, Int), _ engine: GEMM.Engine
    ) {
        let (m, n, k) = size
        let (a, b, bias) = (
            numbers(m * k, seed: 1), numbers(k * n, seed: 2), numbers(n, seed: 3)
        )
        var activated = a
        VectorKernels.best.gelu_forward(&activated, a, a.count)
        let c = product(
            a, .plain, b, .transposed, bias: bias, activation: VectorKernels.best.gelu_forward,
            size, engine)
        for i in 0..<m {
            for j in 0..<n {
                var sum = Double(bias[j])
                for p in 0..<k { sum += Double(activated[i * k + p]) * Double(b[j * k + p]) }
                #expect(abs(Double(c[i * n + j]) - sum) < 1e-4)
            }
        }
    }

    /// So that an embedding does not depend on the sentences beside it.
    @Test func aRowIsTheSameWhateverTheOthers() {
        let (m, n, k) = (61, 130, 1000)
        let (a, b) = (numbers(m * k, seed: 1), numbers(k * n, seed: 2))
        let all = product(a, .plain, b, .plain, (m, n, k), .own)
        for (first, count) in [(0, 1), (13, 2), (20, 41)] {
            let some = product(
                Array(a[first * k..<(first + count) * k]), .plain, b, .plain, (count, n, k), .own)
            #expect(some == Array(all[first * n..<(first + count) * n]))
        }
    }

    /// Large and small, deep and empty ones, and many: more than there is room for at once.
    @Test(arguments: [GEMM.Engine.own, .library])
    func productsComputedTogetherAreThoseComputedAlone(_ engine: GEMM.Engine) {
        let sizes =
            [
                (450, 384, 70), (1, 1, 1), (70, 40, 450), (2030, 17, 520), (5, 7, 0), (0, 4, 3),
                (100, 33, 1600), (1000, 20, 1100), (3, 200, 5),
            ] + Array(repeating: (30, 20, 40), count: 100)
        let left = sizes.map { numbers($0.0 * $0.2, seed: 1) }
        let right = sizes.map { numbers($0.1 * $0.2, seed: 2) }
        let alone = sizes.indices.map { i in
            product(left[i], .plain, right[i], .transposed, sizes[i], engine)
        }
        let results = sizes.map { Storage($0.0 * $0.1) }
        let (a, b) = (left.map(copy), right.map(copy))
        GEMM.run(
            sizes.indices.map { i in
                let (m, n, k) = sizes[i]
                return GEMM.Product(
                    a[i].base, .plain, b[i].base, .transposed, into: results[i].base, m: m, n: n,
                    k: k, beta: 0)
            }, engine: engine)
        withExtendedLifetime((a, b)) {}
        for (result, alone) in zip(results, alone) {
            #expect((0..<result.count).map { result.base[$0] } == alone)
        }
    }

    /// c[m, n], from zeros or what it is added to.
    private func product(
        _ a: [Float], _ opA: GEMM.Operand, _ b: [Float], _ opB: GEMM.Operand,
        adding start: [Float]? = nil, bias: [Float]? = nil,
        activation: GEMM.ElementFunction? = nil, _ size: (m: Int, n: Int, k: Int),
        _ engine: GEMM.Engine
    ) -> [Float] {
        let (a, b, bias, c) = (
            copy(a), copy(b), bias.map(copy), copy(start ?? numbers(size.m * size.n, seed: 9))
        )
        GEMM.run(
            GEMM.Product(
                a.base, opA, b.base, opB, into: c.base, m: size.m, n: size.n, k: size.k,
                beta: start == nil ? 0 : 1, bias: bias.map { UnsafePointer($0.base) },
                activation: activation), engine: engine)
        withExtendedLifetime((a, b, bias)) {}
        return (0..<c.count).map { c.base[$0] }
    }

    private func copy(_ numbers: [Float]) -> Storage {
        let copy = Storage(numbers.count)
        copy.base.update(from: numbers, count: numbers.count)
        return copy
    }

    @Test func coreTypeFollowsTheInstructionSet() {
        #expect(BLAS.coreType(for: SIMILE_AVX512) == "SkylakeX")
        #expect(BLAS.coreType(for: SIMILE_AVX2) == "Haswell")
        #expect(BLAS.instructionSet(ofCoreType: "HASWELL") == SIMILE_AVX2)
        #expect(BLAS.instructionSet(ofCoreType: "Cooperlake") == SIMILE_AVX512)
        #expect(BLAS.instructionSet(ofCoreType: "Prescott") == SIMILE_BASELINE)
    }

    @Test func missingLibrarySaysWhatToInstall() {
        let error = BLASError.notFound(
            asked: nil, reason: "libopenblas.so.0: cannot open shared object file")
        #expect(error.description.contains("apt-get install libopenblas0-pthread"))
        let asked = BLASError.notFound(asked: "/x/libmkl_rt.so", reason: "no such file")
        #expect(asked.description.hasPrefix("SIMILE_BLAS names /x/libmkl_rt.so"))
    }
}

/// Numbers in -1..<1 that are the same everywhere.
func numbers(_ count: Int, seed: UInt64, in range: ClosedRange<Float> = -1...1) -> [Float] {
    (0..<count).map { i in
        let unit = Float(simile_mix(seed, UInt64(i)) >> 40) * 0x1p-24
        return range.lowerBound + unit * (range.upperBound - range.lowerBound)
    }
}

func withBase(_ array: [Float], _ body: (UnsafePointer<Float>) -> Void) {
    (array.isEmpty ? [0] : array).withUnsafeBufferPointer {
        if let base = $0.baseAddress { body(base) }
    }
}
