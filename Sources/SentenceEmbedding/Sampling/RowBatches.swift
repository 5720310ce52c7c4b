/// The batches of an epoch, each some rows: 4 bytes a row and 16 a batch, however many there are.
public struct RowBatches: RandomAccessCollection, Sendable {
    private var rows: [UInt32]
    /// Where the rows of each batch are.
    private var places: [Range<Int>]

    /// Creates no batch.
    public init() { (rows, places) = ([], []) }

    /// Cuts rows into batches of `size`, the last of which may be shorter.
    public init(_ rows: [UInt32], of size: Int) {
        let size = Swift.max(1, Swift.min(size, rows.count))
        self.rows = rows
        places = stride(from: 0, to: rows.count, by: size).map {
            $0..<Swift.min($0 + size, rows.count)
        }
    }

    /// Puts a batch behind the others.
    public mutating func append(_ batch: some Sequence<Int>) {
        let start = rows.count
        rows.append(contentsOf: batch.lazy.map { UInt32($0) })
        places.append(start..<rows.count)
    }

    /// 0.
    public var startIndex: Int { 0 }
    /// The number of batches.
    public var endIndex: Int { places.count }
    /// The rows of a batch.
    public subscript(batch: Int) -> [Int] { rows[places[batch]].map { Int($0) } }

    /// Changes the order of the batches.
    mutating func reorder(_ change: (inout [Range<Int>]) -> Void) { change(&places) }

    /// Leaves out the batches of fewer rows.
    mutating func remove(below count: Int) { places.removeAll { $0.count < count } }
}

extension RowBatches: Equatable {
    /// Whether the same rows are in the same batches in the same order.
    public static func == (a: RowBatches, b: RowBatches) -> Bool { a.elementsEqual(b) }
}

extension RowBatches: ExpressibleByArrayLiteral {
    /// The batches as they stand there.
    public init(arrayLiteral batches: [Int]...) {
        self.init()
        for batch in batches { append(batch) }
    }
}
