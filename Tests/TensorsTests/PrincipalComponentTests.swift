import Support
import Testing

@testable import Tensors

/// Eigenvectors and the projection on the first of them.
@Suite struct PrincipalComponentTests {
    /// A symmetric matrix whose numbers are always the same; of a rank, if one is given.
    private static func symmetric(_ n: Int, rank: Int? = nil, seed: UInt64) -> [Double] {
        var random = SplitMix64(state: seed)
        let rank = rank ?? n
        let factors = (0..<rank * n).map { _ in Double.random(in: -1..<1, using: &random) }
        let signs = (0..<rank).map { _ in Bool.random(using: &random) ? 1.0 : -1.0 }
        return (0..<n * n).map { index in
            (0..<rank).reduce(0) {
                $0 + signs[$1] * factors[$1 * n + index / n] * factors[$1 * n + index % n]
            }
        }
    }

    @Test(
        arguments: [
            (1, nil), (2, nil), (3, nil), (7, nil), (24, nil), (24, 3), (24, 1),
        ] as [(Int, Int?)])
    func decomposes(_ n: Int, rank: Int?) {
        let matrix = Self.symmetric(n, rank: rank, seed: UInt64(n))
        let eigen = SymmetricEigen(matrix, size: n)
        func vector(_ i: Int) -> [Double] { Array(eigen.vectors[i * n..<(i + 1) * n]) }
        for i in 0..<n {
            let v = vector(i)
            for row in 0..<n {
                let product = (0..<n).reduce(0) { $0 + matrix[row * n + $1] * v[$1] }
                #expect(abs(product - eigen.values[i] * v[row]) < 1e-12)
            }
            for j in 0...i {
                let dot = zip(v, vector(j)).reduce(0) { $0 + $1.0 * $1.1 }
                #expect(abs(dot - (i == j ? 1 : 0)) < 1e-13)
            }
            if i > 0 { #expect(eigen.values[i] <= eigen.values[i - 1]) }
            let largest = v.max { abs($0) < abs($1) } ?? 0
            #expect(largest > 0)
        }
    }

    /// Of more rows than are looked at, those of every column in turn.
    @Test func rowsOfTwoColumnsInTurn() {
        let found = PrincipalComponents(count: 1, ofRows: 40_000, width: 2) { row in
            let sign: Float = row % 4 < 2 ? 1 : -1
            return row.isMultiple(of: 2) ? [sign, 0] : [0, 10 * sign]
        }
        #expect(abs(abs(found.components[1]) - 1) < 1e-2, "\(found.components)")
    }

    @Test func knownValues() {
        // Second differences: 2 − 2 cos(π k / (n + 1)).
        let n = 9
        let matrix = (0..<n * n).map { [2.0, -1][min(abs($0 / n - $0 % n), 1)] }
            .enumerated().map { abs($0 / n - $0 % n) > 1 ? 0 : $1 }
        let values = SymmetricEigen(matrix, size: n).values
        let expected = [
            3.902113032590307, 3.618033988749895, 3.175570504584946, 2.618033988749895, 2,
            1.381966011250105, 0.824429495415054, 0.381966011250105, 0.097886967409693,
        ]
        for (value, known) in zip(values, expected) { #expect(abs(value - known) < 1e-14) }
        let zero = SymmetricEigen([0, 0, 0, 0], size: 2)
        #expect(zero.values == [0, 0] && zero.vectors == [1, 0, 0, 1])
        let large = SymmetricEigen([1e300, 0, 0, 3e300], size: 2)
        #expect(large.values == [3e300, 1e300] && large.vectors == [0, 1, 1, 0])
    }

    /// Rows that vary in three directions, and a little in all.
    private static func rows(_ count: Int, _ width: Int) -> [[Float]] {
        var random = SplitMix64(state: 5)
        func number() -> Float { Float.random(in: -1..<1, using: &random) }
        let directions = (0..<3).map { _ in (0..<width).map { _ in number() } }
        return (0..<count).map { _ in
            let weights = [4 * number(), 2 * number(), number()]
            return (0..<width).map { i in
                3 + zip(weights, directions).reduce(0.05 * number()) { $0 + $1.0 * $1.1[i] }
            }
        }
    }

    @Test func componentsAreOrthonormalAndReproducible() {
        let rows = Self.rows(200, 12)
        let found = PrincipalComponents(count: 5, ofRows: 200, width: 12) { rows[$0] }
        for i in 0..<5 {
            let a = found.components[i * 12..<(i + 1) * 12]
            for j in 0..<5 {
                let b = found.components[j * 12..<(j + 1) * 12]
                let dot = zip(a, b).reduce(0) { $0 + $1.0 * $1.1 }
                #expect(abs(dot - (i == j ? 1 : 0)) < 1e-6)
            }
            #expect((a.max { abs($0) < abs($1) } ?? 0) > 0)
        }
        let again = PrincipalComponents(count: 5, ofRows: 200, width: 12) { rows[$0] }
        #expect(again.components == found.components)
        #expect(found.varianceShare > 0.99 && found.varianceShare < 1)
        // Rows turned round have the same components: signs do not come from the data's order.
        let turned = PrincipalComponents(count: 3, ofRows: 200, width: 12) { rows[199 - $0] }
        for (a, b) in zip(turned.components, found.components) { #expect(abs(a - b) < 1e-5) }
    }

    /// No other three directions tried leave less of the rows behind.
    @Test func reconstructionIsOptimal() {
        let (count, width) = (200, 12)
        let rows = Self.rows(count, width)
        let mean = (0..<width).map { i in rows.reduce(0) { $0 + $1[i] } / Float(count) }
        /// The mean square of what is left of the rows.
        func error(_ directions: [[Float]]) -> Float {
            rows.reduce(0) { total, row in
                var rest = zip(row, mean).map { $0 - $1 }
                let centered = rest
                for direction in directions {
                    let length = zip(centered, direction).reduce(0) { $0 + $1.0 * $1.1 }
                    for i in rest.indices { rest[i] -= length * direction[i] }
                }
                return total + rest.reduce(0) { $0 + $1 * $1 }
            } / Float(count)
        }
        let found = PrincipalComponents(count: 3, ofRows: count, width: width) { rows[$0] }
        let best = (0..<3).map { Array(found.components[$0 * width..<($0 + 1) * width]) }
        let least = error(best)
        let whole = error([])
        #expect(abs(1 - least / whole - Float(found.varianceShare)) < 1e-4)
        var random = SplitMix64(state: 9)
        for _ in 0..<50 {
            // Near directions, made orthonormal again (Gram and Schmidt).
            var other: [[Float]] = []
            for direction in best {
                var v = direction.map { $0 + Float.random(in: -0.1..<0.1, using: &random) }
                for u in other {
                    let dot = zip(u, v).reduce(0) { $0 + $1.0 * $1.1 }
                    for i in v.indices { v[i] -= dot * u[i] }
                }
                let length = v.reduce(0) { $0 + $1 * $1 }.squareRoot()
                other.append(v.map { $0 / length })
            }
            #expect(error(other) > least)
        }
    }

    @Test func projectionKeepsDotProducts() {
        let rows = Self.rows(100, 12)
        let all = PrincipalComponents(count: 12, ofRows: 100, width: 12) { rows[$0] }
        #expect(abs(all.varianceShare - 1) < 1e-12)
        let (u, v) = (all.project(rows[3]), all.project(rows[4]))
        let (before, after) = (
            zip(rows[3], rows[4]).reduce(0) { $0 + $1.0 * $1.1 },
            zip(u, v).reduce(0) { $0 + $1.0 * $1.1 }
        )
        #expect(abs(before - after) < 1e-3)
        // Fewer rows than numbers: the rest of the directions are orthonormal all the same.
        let few = PrincipalComponents(count: 12, ofRows: 2, width: 12) { rows[$0] }
        #expect(few.components.allSatisfy { $0.isFinite })
        #expect(few.varianceShare == 1)
    }
}
