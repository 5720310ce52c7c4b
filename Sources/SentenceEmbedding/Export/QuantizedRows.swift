import Serialization

/// A matrix of whole numbers in -limit...limit and one scale a row: an entry is `value · scale`.
struct QuantizedRows {
    /// Row-major.
    private(set) var values: [Int8] = []
    /// One a row.
    private(set) var scales: [Float] = []

    /// Quantises a matrix of finite numbers so that the largest magnitude of each row becomes `limit`, at most 127.
    init(_ array: OutgoingArray, limit: Float) throws {
        let (rows, columns) = (array.shape[0], array.shape[1])
        values.reserveCapacity(rows * columns)
        scales.reserveCapacity(rows)
        try array.withValues { matrix in
            for row in 0..<rows {
                var largest: Float = 0
                for i in row * columns..<(row + 1) * columns {
                    largest = max(largest, abs(matrix[i]))
                }
                let scale = largest > 0 ? largest / limit : 1
                for i in row * columns..<(row + 1) * columns {
                    let scaled = (matrix[i] / scale).rounded(.toNearestOrEven)
                    values.append(Int8(max(-limit, min(limit, scaled))))
                }
                scales.append(scale)
            }
        }
    }
}
