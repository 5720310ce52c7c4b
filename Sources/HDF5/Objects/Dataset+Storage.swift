import CHDF5

extension Dataset {
    /// The number of rows in each stored piece; nil if the dataset is stored as a whole.
    public var chunkRows: Int? {
        get throws(HDF5Error) {
            try handle.locked { () throws(HDF5Error) -> Int? in
                let creation = try handle.place.check(
                    H5Dget_create_plist(handle.id), "read the layout")
                defer { H5Pclose(creation) }
                return H5Pget_layout(creation) == H5D_CHUNKED ? try chunk(creation).first : nil
            }
        }
    }

    /// Throws unless the bytes of every element are in the file, in a form that is safe to read.
    ///
    /// A few bytes can describe an array larger than any memory, or one whose bytes are in other
    /// files, or filters that would load code; nothing is allocated for elements before this. Files
    /// being written are trusted, as their datasets come from this module.
    func verifyStorage() throws(HDF5Error) {
        if handle.file.isWritable || handle.isVerified.load(ordering: .acquiring) { return }
        try handle.locked { () throws(HDF5Error) in
            let creation = try handle.place.check(
                H5Dget_create_plist(handle.id), "read the layout")
            defer { H5Pclose(creation) }
            let type = try handle.place.check(H5Dget_type(handle.id), "read the type")
            defer { H5Tclose(type) }
            let (bytes, overflows) = count.multipliedReportingOverflow(by: H5Tget_size(type))
            if overflows { throw handle.place.damaged("a shape of \(shape) is impossible") }
            let stored = Int(clamping: H5Dget_storage_size(handle.id))
            if count > 0 { try verify(creation, bytes: bytes, stored: stored) }
            if elementType == .string && count > 4096 && count / 64 > stored {
                throw handle.place.damaged("\(count) strings cannot be in \(stored) bytes")
            }
        }
        handle.isVerified.store(true, ordering: .releasing)
    }

    private func verify(_ creation: hid_t, bytes: Int, stored: Int) throws(HDF5Error) {
        let place = handle.place
        let layout = H5Pget_layout(creation)
        guard [H5D_COMPACT, H5D_CONTIGUOUS, H5D_CHUNKED].contains(layout) else {
            throw place.unsupported("its parts are in other datasets (virtual layout)")
        }
        if layout == H5D_CONTIGUOUS && H5Pget_external_count(creation) != 0 {
            throw place.unsupported("its bytes are in other files (external storage)")
        }
        let isCompressed = try hasDeflate(creation)
        var fileSize: hsize_t = 0
        try place.check(H5Fget_filesize(handle.file.id, &fileSize), "read the layout")
        if stored == 0 { throw place.damaged("none of its \(bytes) bytes were written") }
        if stored > fileSize {
            throw place.damaged("its \(stored) bytes cannot be in a file of \(fileSize)")
        }
        switch layout {
        case H5D_CHUNKED:
            try verifyChunks(creation, bytes: bytes, stored: stored, isCompressed: isCompressed)
        case H5D_CONTIGUOUS:
            let address = hsize_t(H5Dget_offset(handle.id))
            guard address != chdf5_undefined_address(), stored >= bytes,
                address <= fileSize, hsize_t(stored) <= fileSize - address
            else {
                throw place.damaged("its \(bytes) bytes are not all in the file")
            }
        default:
            if stored < bytes { throw place.damaged("\(stored) of its \(bytes) bytes are there") }
        }
    }

    private func verifyChunks(
        _ creation: hid_t, bytes: Int, stored: Int, isCompressed: Bool
    ) throws(HDF5Error) {
        let place = handle.place
        let chunk = try chunk(creation)
        guard chunk.count == shape.count, chunk.allSatisfy({ $0 > 0 }) else {
            throw place.damaged("its pieces have shape \(chunk)")
        }
        // Deflate makes at most 1032 bytes out of one.
        let limit = stored.multipliedReportingOverflow(by: isCompressed ? 1032 : 1).partialValue
        let chunkBytes = try Extent.count(of: chunk, place)
            .multipliedReportingOverflow(by: Swift.max(1, bytes / count))
        if bytes > limit || chunkBytes.overflow || chunkBytes.partialValue > limit {
            throw place.damaged("its \(bytes) bytes cannot be in the \(stored) that are stored")
        }
        let expected = zip(shape, chunk).reduce(1) { $0 * (($1.0 - 1) / $1.1 + 1) }
        let space = try place.check(H5Dget_space(handle.id), "read the layout")
        defer { H5Sclose(space) }
        var present: hsize_t = 0
        try place.check(H5Dget_num_chunks(handle.id, space, &present), "read the layout")
        if present != expected {
            throw place.damaged("\(present) of its \(expected) pieces were written")
        }
    }

    private func chunk(_ creation: hid_t) throws(HDF5Error) -> [Int] {
        var extents = [hsize_t](repeating: 0, count: Int(H5S_MAX_RANK))
        let rank = H5Pget_chunk(creation, H5S_MAX_RANK, &extents)
        guard (0...H5S_MAX_RANK).contains(rank) else {
            throw handle.place.failure("read the layout")
        }
        return extents.prefix(Int(rank)).map { Int(clamping: $0) }
    }

    /// Whether one of the filters compresses; throws if one is not among those known to be safe.
    private func hasDeflate(_ creation: hid_t) throws(HDF5Error) -> Bool {
        var isCompressed = false
        for index in 0..<max(0, H5Pget_nfilters(creation)) {
            var (flags, parameters, configuration): (UInt32, Int, UInt32) = (0, 0, 0)
            let filter = H5Pget_filter2(
                creation, UInt32(index), &flags, &parameters, nil, 0, nil, &configuration)
            switch filter {
            case H5Z_FILTER_DEFLATE: isCompressed = true
            case H5Z_FILTER_SHUFFLE, H5Z_FILTER_FLETCHER32: break
            default:
                throw handle.place.unsupported(
                    "it is stored with filter \(filter); rewrite it with gzip or none")
            }
        }
        return isCompressed
    }
}
