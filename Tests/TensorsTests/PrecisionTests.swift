import Kernels
import Testing

@testable import Tensors

/// Linear layers in less than float32.
@Suite struct PrecisionTests {
    private static let isAvailable = GEMM.Precision.bfloat16.isAvailable

    private func weight(_ shape: Shape, seed: UInt64) -> Parameter {
        let count = shape.count
        let values = (0..<count).map { i in
            Float(simile_mix(seed, UInt64(i)) >> 40) * 0x1p-23 - 1
        }
        return Parameter("weight", Tensor(values, shape))
    }

    /// The value and the gradients of two layers, with what is rounded in the weights' products.
    private func results(_ precision: GEMM.Precision) throws -> [[Float]] {
        let (first, second) = (weight([48, 40], seed: 1), weight([24, 48], seed: 2))
        let bias = Parameter("bias", Tensor((0..<24).map { Float($0) / 24 }, [24]))
        for parameter in [first, second] { parameter.precision = precision }
        let tape = Tape(seed: 1)
        let input = weight([30, 40], seed: 3)
        let y = input(on: tape).linear(weight: first, bias: nil)
            .geluLinear(weight: second, bias: bias)
        tape.backward(from: y.squared().sum())
        return [y.values]
            + (try [input, first, second, bias].map { try #require($0.gradient).values })
    }

    /// Rounding to 8 bits moves a sum of k products by about 2⁻⁸ / √k of its terms.
    @Test(.enabled(if: isAvailable, "no AVX512-BF16"))
    func bfloat16GradientsAreNearThoseOfFloat32() throws {
        for (rounded, exact) in zip(try results(.bfloat16), try results(.float32)) {
            let largest = exact.map(abs).max() ?? 0
            let furthest = zip(rounded, exact).map { abs($0 - $1) }.max() ?? .infinity
            #expect(furthest > 0 && furthest < 0.01 * largest)
        }
    }

    @Test func aPackedWeightIsUsedUntilItChanges() {
        let weight = weight([48, 40], seed: 1)
        let x = Tensor((0..<120).map { Float($0 % 7) - 3 }, [3, 40])
        let plain = x.linear(weight: weight, bias: nil).values
        weight.pack(.float32)
        let packed = x.linear(weight: weight, bias: nil).values
        #expect(zip(plain, packed).allSatisfy { abs($0 - $1) < 1e-4 })
        #expect(weight.packed != nil)
        weight.setValues(of: weight.parts[0]) { values in
            for i in values.indices { values[i] = 0 }
        }
        #expect(weight.packed == nil)
        #expect(x.linear(weight: weight, bias: nil).values.allSatisfy { $0 == 0 })
    }
}
