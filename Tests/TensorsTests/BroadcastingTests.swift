import Testing

@testable import Tensors

/// Elementwise operations against loops over the indices of both tensors.
@Suite struct BroadcastingTests {
    static let shapes: [(Shape, Shape)] = [
        ([], []), ([], [3]), ([4], [1]), ([5, 7], [5, 7]), ([5, 7], [7]), ([5, 7], [5, 1]),
        ([5, 1], [1, 7]), ([7], [5, 7]), ([2, 3, 4, 5], [2, 3, 4, 5]), ([2, 3, 4, 5], [3, 1, 5]),
        ([2, 1, 4, 1], [1, 3, 1, 5]), ([2, 3, 4, 5], [2, 3, 1, 1]), ([1, 1, 1, 1], [2, 3]),
        ([0, 3], [3]), ([0], [1]), ([130, 129], [130, 129]), ([130, 129], [129]),
        ([130, 129], [130, 1]),
    ]

    @Test(arguments: shapes)
    func pairsWhatNumPyPairs(_ a: Shape, _ b: Shape) {
        let (x, y) = (counting(a, from: 1), counting(b, from: 1000))
        let tape = Tape()
        let (u, v) = (tape.watch(x), tape.watch(y))
        let product = u * v
        let shape = product.shape
        var (expected, du, dv) = (
            [Float](), [Float](repeating: 0, count: x.count), [Float](repeating: 0, count: y.count)
        )
        for i in 0..<shape.count {
            let (j, k) = (place(i, in: shape, of: a), place(i, in: shape, of: b))
            expected.append(x.values[j] * y.values[k])
            du[j] += y.values[k]
            dv[k] += x.values[j]
        }
        #expect(product.values == expected)
        let gradients = tape.backward(from: product.sum())
        #expect(gradients[u]?.values == du)
        #expect(gradients[v]?.values == dv)
    }

    /// Small whole numbers, whose sums are exact.
    private func counting(_ shape: Shape, from first: Int) -> Tensor {
        Tensor((0..<shape.count).map { Float((first + $0) % 11) }, shape)
    }

    /// Where element `i` of `result` comes from in a tensor that was broadcast to it.
    private func place(_ i: Int, in result: Shape, of shape: Shape) -> Int {
        var (rest, place, step) = (i, 0, 1)
        for axis in (0..<result.rank).reversed() {
            let index = rest % result[axis]
            rest /= result[axis]
            let own = axis - (result.rank - shape.rank)
            guard own >= 0 else { continue }
            if shape[own] != 1 { place += index * step }
            step *= shape[own]
        }
        return place
    }
}
