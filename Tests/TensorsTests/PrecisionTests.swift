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

    /// The value and the gradients of an encoder layer, with what is kept of it.
    private func layer(
        _ activations: Tape.ActivationPrecision, _ precision: GEMM.Precision,
        checkpointing: Bool = false
    ) throws -> [[Float]] {
        let parameters = [
            weight([96, 32], seed: 1), weight([32, 32], seed: 2), weight([64, 32], seed: 3),
            weight([32, 64], seed: 4),
        ]
        for parameter in parameters { parameter.precision = precision }
        let (gamma, beta) = (weight([32], seed: 5), weight([32], seed: 6))
        let tape = Tape(
            seed: 1, gradientCheckpointing: checkpointing, activations: activations)
        let input = weight([23, 32], seed: 7)
        let layout = SequenceLayout(lengths: [5, 1, 0, 17])
        let y = input(on: tape).checkpointed { x in
            let attended = x.linear(weight: parameters[0], bias: nil)
                .packedSelfAttention(layout, heads: 2, dropout: 0.1)
                .linear(weight: parameters[1], bias: nil)
                .addNorm(residual: x, weight: gamma, bias: beta, epsilon: 1e-12, dropout: 0.1)
            return attended.linear(weight: parameters[2], bias: nil)
                .geluLinear(weight: parameters[3], bias: nil)
                .addNorm(
                    residual: attended, weight: gamma, bias: beta, epsilon: 1e-12, dropout: 0.1)
        }
        tape.backward(from: (y * Tensor((0..<736).map { Float($0 % 11) / 11 }, [23, 32])).sum())
        return [y.values]
            + (try ([input, gamma, beta] + parameters).map { try #require($0.gradient).values })
    }

    /// How far results are from the exact ones, each as a part of its largest number.
    private func distances(_ rounded: [[Float]], _ exact: [[Float]]) -> [Float] {
        zip(rounded, exact).map { rounded, exact in
            let largest = exact.map(abs).max() ?? 0
            return (zip(rounded, exact).map { abs($0 - $1) }.max() ?? .infinity) / largest
        }
    }

    /// Rounding what is kept leaves the forward pass as it is.
    @Test(arguments: [false, true])
    func gradientsAtRoundedActivationsAreNear(checkpointing: Bool) throws {
        let rounded = try layer(.bfloat16, .float32, checkpointing: checkpointing)
        let exact = try layer(.float32, .float32, checkpointing: checkpointing)
        #expect(rounded[0] == exact[0])
        #expect(rounded[1...] != exact[1...])
        for distance in distances(rounded, exact) { #expect(distance < 0.01) }
    }

    /// What is kept is rounded no further than what is multiplied.
    @Test(.enabled(if: isAvailable, "no AVX512-BF16"))
    func gradientsAtRoundedActivationsAndProductsAreNear() throws {
        let exact = try layer(.float32, .float32)
        let products = distances(try layer(.float32, .bfloat16), exact)
        let all = distances(try layer(.bfloat16, .bfloat16), exact)
        #expect(all != products)
        for (all, products) in zip(all, products) { #expect(all < 2 * products + 0.005) }
    }

    @Test func whatIsKeptIsNear() {
        let numbers = Tensor((0..<101).map { Float($0) + 1 / 512 }, [101])
        let saved = SavedActivation(numbers.storage, .bfloat16)
        let whole = Tensor([101], saved.values).values
        for (rounded, exact) in zip(whole, numbers.values) {
            #expect(abs(rounded - exact) <= exact / 256)
        }
        let parts = SavedActivation(count: 101, .bfloat16)
        for block in (0..<101).blocks(of: 16) {
            parts.write(block) {
                $0.update(from: numbers.base + block.lowerBound, count: block.count)
            }
        }
        parts.read(3..<7) {
            #expect(Array(UnsafeBufferPointer(start: $0, count: 4)) == Array(whole[3..<7]))
        }
        #expect(Tensor([101], parts.values).values == whole)
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
