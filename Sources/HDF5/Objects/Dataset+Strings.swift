import CHDF5

extension Dataset {
    /// All strings, in row-major order, whichever way they are stored.
    public func readStrings() throws(HDF5Error) -> [String] {
        guard elementType == .string else { throw wrongType(expected: .string) }
        try verifyStorage()
        if count == 0 { return [] }
        let place = handle.place
        return try handle.locked { () throws(HDF5Error) -> [String] in
            let type = try place.check(H5Dget_type(handle.id), "read the type")
            defer { H5Tclose(type) }
            let layout = try Text.Layout(of: type, place)
            return layout.isVariable
                ? try readVariable(like: type) : try readFixed(type, layout)
        }
    }

    private func readFixed(
        _ type: hid_t, _ layout: Text.Layout
    ) throws(HDF5Error) -> [String] {
        var strings: [String] = []
        strings.reserveCapacity(count)
        // A block at a time, as the padding may make the whole much larger than its text.
        let rowBytes = rowSize * layout.size
        let block = max(1, Chunks.targetBytes / rowBytes)
        for start in stride(from: 0, to: rowCount, by: block) {
            let rows = start..<min(start + block, rowCount)
            var bytes = [UInt8](repeating: 0, count: rows.count * rowBytes)
            try withSelection(rows, to: "read the dataset") { memory, file in
                H5Dread(handle.id, type, memory, file, chdf5_default(), &bytes)
            }
            strings += try layout.decode(bytes, handle.place)
        }
        return strings
    }

    private func readVariable(like stored: hid_t) throws(HDF5Error) -> [String] {
        let place = handle.place
        let type = try Text.variableType(like: stored, place)
        defer { H5Tclose(type) }
        let space = try place.check(H5Dget_space(handle.id), "read the shape")
        defer { H5Sclose(space) }
        var pointers = [UnsafeMutablePointer<CChar>?](repeating: nil, count: count)
        try place.check(
            H5Dread(
                handle.id, type, chdf5_whole_space(), chdf5_whole_space(), chdf5_default(),
                &pointers),
            "read the dataset")
        defer { H5Dvlen_reclaim(type, space, chdf5_default(), &pointers) }
        return try Text.decode(pointers, place)
    }
}
