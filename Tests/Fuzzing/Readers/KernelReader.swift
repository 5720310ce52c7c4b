import Kernels
import TileInstructions

extension FuzzReader {
    /// The vector loops of every instruction set that this processor has, on arrays that end where they have to, of sizes
    /// and numbers that the input gives. Where two sets promise the same numbers to the bit, they are compared.
    static let kernels = FuzzReader("kernels", longest: 256, expects: { _ in false }) { bytes in
        guard bytes.count >= 4 else { return }
        let (rows, n, width) = (Int(bytes[1]) % 12 + 1, Int(bytes[2]) % 140, Int(bytes[3]) % 24 + 1)
        let numbers = Numbers(bytes.dropFirst(4))
        let sets = [SIMILE_BASELINE, SIMILE_AVX2, SIMILE_AVX512].compactMap {
            simile_kernels($0)?.pointee
        }
        for kernels in sets {
            switch bytes[0] % 6 {
            case 0: mapRows(kernels, numbers, rows, n)
            case 1: normalise(kernels, numbers, rows, max(n, 1))
            case 2: attend(kernels, numbers, rows, width, isCausal: bytes[2] & 1)
            case 3: multiply(kernels.products, numbers, rows, n % 40 + 1, width)
            case 4: step(kernels, numbers, n)
            default: break
            }
        }
        if bytes[0] % 6 == 5 { multiplyBriefly(numbers, rows, n % 40 + 1, width) }
    }

    private static func mapRows(
        _ kernels: simile_kernel_table, _ numbers: Numbers, _ rows: Int, _ n: Int
    ) {
        let (x, dy, y) = (numbers.array(n), numbers.array(n, from: 7), numbers.array(n))
        kernels.exp(y.start, x.start, n)
        kernels.tanh(y.start, x.start, n)
        kernels.gelu_forward(y.start, x.start, n)
        kernels.gelu_backward(y.start, x.start, x.start, dy.start, n)
        kernels.add(y.start, x.start, n)
        kernels.axpy(y.start, 0.5, x.start, n)
        kernels.scale(y.start, 0.5, x.start, n)
        _ = kernels.dot(x.start, dy.start, n)
        _ = kernels.sum_of_squares(x.start, n)
        kernels.multiply_in_turn(y.start, n, x.start, min(n, 3))
        let (table, sums) = (numbers.array(rows * n), numbers.array(n))
        kernels.add_column_sums(sums.start, table.start, n, rows, n)
        kernels.dropout(table.start, table.start, numbers.dropout, 3, rows, n)
        kernels.scale_shift(table.start, table.start, x.start, dy.start, rows, n)
        if n > 0 { kernels.softmax_rows(table.start, table.start, rows, n) }
    }

    private static func normalise(
        _ kernels: simile_kernel_table, _ numbers: Numbers, _ rows: Int, _ n: Int
    ) {
        let (x, y, normalised) = (
            numbers.array(rows * n), numbers.array(rows * n), numbers.array(rows * n)
        )
        let (gamma, beta, rstd) = (numbers.array(n), numbers.array(n), numbers.array(rows))
        kernels.add_norm_forward(
            y.start, normalised.start, rstd.start, x.start, x.start, gamma.start, beta.start, 1e-12,
            numbers.dropout, 0, rows, n)
        let (dz, dgamma, dbeta) = (numbers.array(rows * n), numbers.array(n), numbers.array(n))
        kernels.add_norm_backward(
            dz.start, x.start, dgamma.start, dbeta.start, y.start, normalised.start, rstd.start,
            gamma.start, numbers.dropout, 0, rows, n)
    }

    private static func attend(
        _ kernels: simile_kernel_table, _ numbers: Numbers, _ length: Int, _ d: Int,
        isCausal: UInt8
    ) {
        let count = length * d
        let (q, k, v, out) = (
            numbers.array(count), numbers.array(count, from: 3), numbers.array(count, from: 5),
            numbers.array(count)
        )
        let scratch = numbers.array(simile_attention_scratch(length, d))
        kernels.attention_forward(
            out.start, d, q.start, k.start, v.start, d, length, d, 0.125, Int32(isCausal),
            numbers.dropout, 0, scratch.start)
        let (dq, dk, dv) = (numbers.array(count), numbers.array(count), numbers.array(count))
        kernels.attention_backward(
            dq.start, dk.start, dv.start, d, out.start, d, q.start, k.start, v.start, d, length, d,
            0.125, Int32(isCausal), numbers.dropout, 0, scratch.start)
    }

    /// A product of packed panels.
    @discardableResult private static func multiply(
        _ products: simile_product_kernels, _ numbers: Numbers, _ m: Int, _ n: Int, _ k: Int
    ) -> [UInt32] {
        let (a, b, c) = (numbers.array(m * k), numbers.array(k * n, from: 9), numbers.array(m * n))
        let left = numbers.array(products.shape.sizeOfLeft(m, k))
        let right = numbers.array(products.shape.sizeOfRight(n, k))
        products.pack_left(left.start, a.start, k, m, k, 1)
        products.pack_right(right.start, b.start, n, n, k, 0)
        products.product(c.start, n, left.start, m, right.start, n, k, 0, nil)
        products.product(c.start, n, left.start, m, right.start, n, k, 1, nil)
        return c.bits
    }

    private static func step(_ kernels: simile_kernel_table, _ numbers: Numbers, _ n: Int) {
        let (p, g, m, v) = (
            numbers.array(n), numbers.array(n), numbers.array(n), numbers.array(n)
        )
        kernels.adamw(
            p.start, g.start, m.start, v.start, n,
            simile_adamw(
                gradient_scale: 1, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, step_size: 0.1,
                inverse_correction2: 2, decay: 0.99))
    }

    /// Products of numbers of 16 and of 8 bits: the processor's instructions give what plain C gives.
    private static func multiplyBriefly(_ numbers: Numbers, _ m: Int, _ n: Int, _ k: Int) {
        if let own = simile_bfloat16_products(SIMILE_AVX512)?.pointee {
            precondition(
                multiply(own, numbers, m, n, k)
                    == multiply(simile_bfloat16_products_emulated, numbers, m, n, k))
            #if arch(x86_64)
                if tilesRun {
                    precondition(
                        multiply(simile_bfloat16_products_amx, numbers, m, n, k)
                            == multiply(simile_bfloat16_tiles_emulated, numbers, m, n, k))
                }
            #endif
        }
        if let own = simile_int8_products_of(SIMILE_AVX512)?.pointee {
            let plain = multiplyBytes(simile_int8_products_emulated, numbers, m, n, k)
            precondition(multiplyBytes(own, numbers, m, n, k) == plain)
            #if arch(x86_64)
                if tilesRun {
                    precondition(multiplyBytes(simile_int8_products_amx, numbers, m, n, k) == plain)
                }
            #endif
        }
    }

    private static let tilesRun = stand_in_for_tile_instructions() != 0

    private static func multiplyBytes(
        _ products: simile_int8_products, _ numbers: Numbers, _ m: Int, _ n: Int, _ k: Int
    ) -> [UInt32] {
        let shape = products.shape
        let width = shape.panels(n) * shape.columns
        let (a, weights) = (numbers.array(m * k), numbers.array(n * k, from: 9))
        let left = numbers.array(shape.sizeOfLeft(m, k))
        let right = numbers.array(shape.sizeOfRight(n, k))
        let (scales, c) = (numbers.array(width), numbers.array(m * n))
        var forms = [simile_int8_row](repeating: .init(scale: 1, zero: 0), count: m)
        var sums = [Int32](repeating: 0, count: width)
        products.pack_rows(left.start, &forms, a.start, k, m, k)
        simile_int8_pack_weights(right.start, scales.start, &sums, shape, weights.start, n, k)
        products.product(
            c.start, n, left.start, &forms, m, right.start, scales.start, &sums, n, k, nil)
        return c.bits
    }
}

/// Numbers made of an input's bytes: four give one, again and again.
private struct Numbers {
    let bytes: ArraySlice<UInt8>

    init(_ bytes: ArraySlice<UInt8>) { self.bytes = bytes.isEmpty ? [0] : bytes }

    /// One that leaves out the rarer, the smaller the last byte is.
    var dropout: simile_dropout {
        simile_dropout(
            key: UInt64(bytes.count), threshold: UInt32(bytes[bytes.startIndex]) << 23, scale: 1.5)
    }

    /// An array of its own length in memory, so that what is next to it is noticed.
    func array(_ count: Int, from first: Int = 0) -> Array {
        Array(count) { index in
            let bits = (0..<4).reduce(UInt32(0)) { bits, byte in
                let place = (4 * (first + index) + byte) % bytes.count
                return bits << 8 | UInt32(bytes[bytes.startIndex + place])
            }
            let number = Float(bitPattern: bits)
            return number.isNaN || abs(number) > 1e30 ? 1 : number
        }
    }

    final class Array {
        let start: UnsafeMutablePointer<Float>
        private let count: Int

        init(_ count: Int, _ number: (Int) -> Float) {
            self.count = count
            start = .allocate(capacity: count)
            for index in 0..<count { start[index] = number(index) }
        }

        deinit { start.deallocate() }

        var bits: [UInt32] { (0..<count).map { start[$0].bitPattern } }
    }
}
