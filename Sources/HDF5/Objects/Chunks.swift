/// The shape of the pieces in which a dataset is stored and checksummed.
enum Chunks {
    /// Larger pieces would not fit the library's cache, and be read again for every row.
    static let targetBytes = 1 << 20

    /// Pieces of whole rows of about 1 MiB; nil if the dataset is stored in one piece with its
    /// description, as it must be if it is empty or of rank 0.
    ///
    /// A row beyond that size is itself cut, along the first axis that allows it. The cuts are
    /// even, since the last piece takes as much space as the others.
    static func shape(for shape: [Int], elementSize: Int) -> [Int]? {
        if shape.isEmpty || shape.contains(0) { return nil }
        var chunk = [Int](repeating: 1, count: shape.count)
        var bytes = elementSize
        for axis in shape.indices.reversed() {
            let (whole, overflows) = bytes.multipliedReportingOverflow(by: shape[axis])
            if !overflows && whole <= targetBytes {
                (chunk[axis], bytes) = (shape[axis], whole)
                continue
            }
            let most = max(1, targetBytes / bytes)
            let pieces = (shape[axis] - 1) / most + 1
            chunk[axis] = (shape[axis] - 1) / pieces + 1
            break
        }
        return chunk
    }

    /// Smaller pieces for a dataset that grows from nothing, as the last one takes all of its space.
    static func shapeForGrowing(rowShape: [Int], elementSize: Int) -> [Int]? {
        let rowBytes = rowShape.reduce(elementSize) { $0.multipliedReportingOverflow(by: $1).0 }
        let rows = rowBytes > 0 ? max(1, (targetBytes >> 2) / rowBytes) : 1
        return shape(for: [rows] + rowShape, elementSize: elementSize)
    }
}
