import Kernels

/// The directions in which vectors vary most, and the projection on them: Pearson 1901, Hotelling 1933.
///
/// The same for any number of threads.
public struct PrincipalComponents: Sendable {
    /// How many vectors are looked at; of more, as many are taken at equal distances.
    public static let mostRows = 20_000

    /// [count, width]: the directions by falling variance, each of length 1 and at right angles to the others. The
    /// largest number of each by its absolute value is positive.
    public let components: [Float]
    /// The number of directions.
    public let count: Int
    /// The numbers in a vector.
    public let width: Int
    /// How much of the variance, 0...1, is in these directions.
    public let varianceShare: Double
    /// [width, count]: the components, so that a vector is projected number by number.
    private let transposed: [Double]

    /// Finds the first `count` components, 1...width, of `rows` vectors, 1 or more, of `width` finite numbers each.
    public init(count: Int, ofRows rows: Int, width: Int, row: (Int) -> [Float]) {
        precondition((1...width).contains(count), "\(count) components of vectors of \(width)")
        precondition(rows >= 1, "components of no vectors")
        let eigen = SymmetricEigen(Self.covariance(rows, width, row), size: width)
        self.count = count
        self.width = width
        let components = eigen.vectors.prefix(count * width).map { Float($0) }
        self.components = components
        transposed = (0..<count * width).map {
            Double(components[$0 % count * width + $0 / count])
        }
        // What should be 0 may be a little less.
        let variances = eigen.values.map { max($0, 0) }
        let all = variances.reduce(0, +)
        varianceShare = all > 0 ? variances.prefix(count).reduce(0, +) / all : 1
    }

    /// How far a vector, counted from 0 and not from the mean of the others, goes in each direction.
    ///
    /// Dot products, and so cosines, of projected vectors are near those of the vectors themselves.
    public func project(_ vector: [Float]) -> [Float] {
        precondition(vector.count == width, "a vector of \(vector.count) numbers, not \(width)")
        var sums = [Double](repeating: 0, count: count)
        sums.withUnsafeMutableBufferPointer { sums in
            transposed.withUnsafeBufferPointer { transposed in
                for i in 0..<width {
                    let (x, first) = (Double(vector[i]), i * count)
                    for component in 0..<count {
                        sums[component] += x * transposed[first + component]
                    }
                }
            }
        }
        return sums.map { Float($0) }
    }

    /// The upper half of the covariance, [width, width].
    private static func covariance(
        _ rows: Int, _ width: Int, _ row: (Int) -> [Float]
    ) -> [Double] {
        let used = min(rows, mostRows)
        func vector(_ index: Int) -> [Float] {
            // Not always at the same place of its stride: rows may be those of several columns in turn.
            let (start, end) = (index * rows / used, (index + 1) * rows / used)
            let vector = row(start + index % (end - start))
            precondition(vector.count == width, "a row of \(vector.count) numbers, not \(width)")
            return vector
        }
        var mean = [Double](repeating: 0, count: width)
        for index in 0..<used {
            for (i, x) in vector(index).enumerated() { mean[i] += Double(x) }
        }
        for i in 0..<width { mean[i] /= Double(used) }
        var sums = [Double](repeating: 0, count: width * width)
        let blockSize = 256
        for first in stride(from: 0, to: used, by: blockSize) {
            let block = (first..<min(first + blockSize, used)).flatMap { index in
                zip(vector(index), mean).map { Double($0) - $1 }
            }
            add(block, width, to: &sums)
        }
        return sums.map { $0 / Double(used) }
    }

    /// Adds the products of the numbers of each row of `block` to the upper half of `sums`.
    private static func add(_ block: [Double], _ width: Int, to sums: inout [Double]) {
        block.withUnsafeBufferPointer { block in
            sums.withUnsafeMutableBufferPointer { sums in
                nonisolated(unsafe) let (block, sums) = (block, sums)
                ThreadPool.shared.run(width) { i, _ in
                    for row in stride(from: 0, to: block.count, by: width) {
                        let x = block[row + i]
                        for j in i..<width { sums[i * width + j] += x * block[row + j] }
                    }
                }
            }
        }
    }
}
