import CHDF5

/// A dataset: an array of any rank, of numbers or strings, in row-major order.
///
/// "Rows" are the entries along the first axis. A dataset of rank 0 holds one element.
public struct Dataset: ~Copyable, Sendable {
    let handle: ObjectHandle
    /// The extents, from the slowest axis to the fastest.
    public internal(set) var shape: [Int]
    /// What is stored; reading may convert it.
    public let elementType: ElementType
    /// The number of elements, the product of ``shape``.
    public internal(set) var count: Int

    init(opening handle: ObjectHandle) throws(HDF5Error) {
        let place = handle.place
        let stored = try handle.locked { () throws(HDF5Error) -> (shape: [Int], ElementType) in
            let space = try place.check(H5Dget_space(handle.id), "read the shape")
            defer { H5Sclose(space) }
            let type = try place.check(H5Dget_type(handle.id), "read the type")
            defer { H5Tclose(type) }
            return (try Extent.shape(of: space, place), ElementType(of: type))
        }
        let count = try Extent.count(of: stored.shape, place)
        (self.handle, self.count) = (handle, count)
        (shape, elementType) = stored
    }

    /// The path inside the file, starting with a slash.
    public var path: String { handle.place.object }

    /// The values attached to this dataset.
    public var attributes: Attributes { Attributes(handle) }

    /// The number of entries along the first axis; 1 for rank 0.
    public var rowCount: Int { shape.first ?? 1 }

    /// The number of elements in one row.
    public var rowSize: Int { shape.dropFirst().reduce(1, *) }

    /// Throws unless the dataset has this shape.
    public func require(shape expected: [Int]) throws(HDF5Error) {
        if shape != expected {
            throw .wrongShape(
                file: handle.place.file, object: path, expected: expected, found: shape)
        }
    }

    /// Checks that `rows` are there, and that `count` elements fill them exactly.
    func check(rows: Range<Int>, count: Int) throws(HDF5Error) {
        guard rows.lowerBound >= 0, rows.upperBound <= rowCount else {
            throw .rowsOutOfRange(
                file: handle.place.file, object: path, rows: rows, available: rowCount)
        }
        guard count == rows.count * rowSize else {
            throw .wrongShape(
                file: handle.place.file, object: path, expected: [count],
                found: [rows.count] + shape.dropFirst())
        }
    }

    func wrongType(expected: ElementType) -> HDF5Error {
        .wrongType(
            file: handle.place.file, object: path, expected: expected.description,
            found: elementType.description)
    }

    /// Selects `rows` of the file, and as many elements of memory, for a call that reads or writes them.
    ///
    /// To be called inside the lock.
    func withSelection(
        _ rows: Range<Int>, to operation: String,
        _ call: (_ memory: hid_t, _ file: hid_t) -> herr_t
    ) throws(HDF5Error) {
        let place = handle.place
        if rows == 0..<rowCount {
            try place.check(call(chdf5_whole_space(), chdf5_whole_space()), operation)
            return
        }
        let file = try place.check(H5Dget_space(handle.id), "select rows")
        defer { H5Sclose(file) }
        let extent = [rows.count] + shape.dropFirst()
        let start = [hsize_t(rows.lowerBound)] + shape.dropFirst().map { _ in 0 }
        let size = extent.map { hsize_t($0) }
        try place.check(
            H5Sselect_hyperslab(file, H5S_SELECT_SET, start, nil, size, nil), "select rows")
        var length = hsize_t(rows.count * rowSize)
        let memory = try place.check(H5Screate_simple(1, &length, nil), "select rows")
        defer { H5Sclose(memory) }
        try place.check(call(memory, file), operation)
    }
}
