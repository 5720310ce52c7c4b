import Testing

@testable import Tensors

/// An embedding table that is also the weight of a product, as that of a tied decoder.
@Suite struct RowSparseTests {
    private func table(isRowSparse: Bool) -> Parameter {
        let table = Parameter(
            parts: [.init(name: "words", shape: [5, 3], offset: 0)], shape: [5, 3],
            isRowSparse: isRowSparse)
        table.setValues(of: table.parts[0]) { values in
            for i in 0..<values.count { values[i] = Float(i % 7) / 4 - 0.5 }
        }
        return table
    }

    /// A step of lookups alone, which leaves numbers in their rows, then one of both, in either order.
    private func gradient(_ table: Parameter, productFirst: Bool) -> [Float] {
        let x = Tensor([0.3, -1, 2, 0.1, 0.7, -0.2], [2, 3])
        func lookUp(_ ids: [Int32]) {
            let tape = Tape()
            let rows = Tensor.embeddingSum([(ids, table)], on: tape)
            tape.backward(from: rows.squared().sum())
        }
        func multiply() {
            let tape = Tape()
            let y = tape.watch(x).linear(weight: table, bias: nil)
            tape.backward(from: y.squared().sum())
        }
        lookUp([4, 2])
        table.clearGradient()
        if productFirst { multiply() }
        lookUp([1, 3, 1])
        if !productFirst { multiply() }
        #expect(Set(table.touchedRows).count == (table.isRowSparse ? 5 : 0))
        #expect(table.touchedRows.count == (table.isRowSparse ? 5 : 0))
        return table.gradient?.values ?? []
    }

    @Test(arguments: [false, true]) func itsGradientIsTheSumOfBoth(_ productFirst: Bool) {
        let expected = gradient(table(isRowSparse: false), productFirst: productFirst)
        let found = gradient(table(isRowSparse: true), productFirst: productFirst)
        #expect(found == expected && found.count == 15)
        #expect(found.contains { $0 != 0 })
    }
}
