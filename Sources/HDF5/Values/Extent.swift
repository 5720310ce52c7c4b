import CHDF5

/// Extents as the library gives them, checked.
///
/// To be called inside the lock.
enum Extent {
    static func shape(of space: hid_t, _ place: Place) throws(HDF5Error) -> [Int] {
        switch H5Sget_simple_extent_type(space) {
        case H5S_SCALAR: return []
        case H5S_NULL: return [0]
        case H5S_SIMPLE: break
        default: throw place.damaged("its shape is of an unknown kind")
        }
        let rank = H5Sget_simple_extent_ndims(space)
        guard (0...Int32(H5S_MAX_RANK)).contains(rank) else {
            throw place.failure("read the shape")
        }
        var extents = [hsize_t](repeating: 0, count: Int(rank))
        guard H5Sget_simple_extent_dims(space, &extents, nil) == rank else {
            throw place.failure("read the shape")
        }
        var shape: [Int] = []
        for extent in extents {
            guard let extent = Int(exactly: extent) else {
                throw place.damaged("an extent of \(extent) is impossible")
            }
            shape.append(extent)
        }
        return shape
    }

    /// The product of the extents, which a file may have made too large for any memory.
    static func count(of shape: [Int], _ place: Place) throws(HDF5Error) -> Int {
        if shape.contains(0) { return 0 }
        var count = 1
        for extent in shape {
            let (product, overflows) = count.multipliedReportingOverflow(by: extent)
            // Any element takes up to 16 bytes, so this keeps sizes in bytes in range too.
            if overflows || product > Int.max / 16 {
                throw place.damaged("a shape of \(shape) is impossible")
            }
            count = product
        }
        return count
    }
}
