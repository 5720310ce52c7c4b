import Testing

@testable import NeuralNetwork
@testable import Tensors

/// What must be noticed before weights are handed on.
@Suite struct NonFiniteTests {
    private let store = ParameterStore(source: .random(seed: 1))
    private let wide: Parameter
    private let stacked: Parameter

    init() {
        wide = (store.root / "a").parameter("weight", [5, 7], .normal(standardDeviation: 1))
        stacked = store.root.stacked(
            ["query", "key"], "bias", [6], .normal(standardDeviation: 1))
    }

    private func put(_ value: Float, at indices: [Int], of parameter: Parameter, part: Int) {
        parameter.setValues(of: parameter.parts[part]) { values in
            for index in indices { values[index] = value }
        }
    }

    @Test func finiteNumbersPassHoweverLarge() throws {
        try store.requireFinite()
        put(3e38, at: [0, 3, 34], of: wide, part: 0)  // their squares are infinite
        try store.requireFinite()
    }

    @Test(arguments: [Float.nan, .infinity, -.infinity])
    func theFirstArrayIsNamedWithItsCount(_ value: Float) throws {
        put(value, at: [1, 34], of: wide, part: 0)
        #expect(
            throws: NonFiniteError(
                array: "a.weight", count: 2, size: 35, index: [0, 1], otherArrays: 0)
        ) { try store.requireFinite() }
        put(value, at: [5], of: stacked, part: 1)
        let error = #expect(throws: NonFiniteError.self) { try store.requireFinite() }
        #expect(
            error?.description
                == "a.weight: 2 of its 35 numbers are NaN or infinite, the first at [0, 1], and 1 other array has such numbers too; training diverged, or the file of the weights is damaged: use an earlier checkpoint, fetch the file again, or train again with a lower learning rate"
        )
        put(0, at: [1, 34], of: wide, part: 0)
        #expect(
            throws: NonFiniteError(
                array: "key.bias", count: 1, size: 6, index: [5], otherArrays: 0)
        ) { try store.requireFinite() }
    }
}
