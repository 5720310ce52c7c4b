import CHDF5

extension Dataset {
    /// Writes all elements, which must be ``count`` values of the type stored.
    public func write<Element: HDF5Element>(_ values: Span<Element>) throws(HDF5Error) {
        try write(values, rows: 0..<rowCount)
    }

    /// Writes all elements, which must be ``count`` values of the type stored.
    public func write<Element: HDF5Element>(_ values: [Element]) throws(HDF5Error) {
        try write(values, rows: 0..<rowCount)
    }

    /// Writes the rows `rows`, which `values` must fill exactly.
    public func write<Element: HDF5Element>(
        _ values: [Element], rows: Range<Int>
    ) throws(HDF5Error) {
        // Not by its span: the compiler may then leave out what fills an array of one element (Swift 6.3).
        try values.withUnsafeBufferPointer { (buffer) throws(HDF5Error) in
            try write(buffer, rows: rows)
        }
    }

    /// Writes the rows `rows`, which `values` must fill exactly.
    ///
    /// Blocks in order, and of a multiple of ``chunkRows`` rows, are fastest. `Float` is also written where float16 is stored.
    public func write<Element: HDF5Element>(
        _ values: Span<Element>, rows: Range<Int>
    ) throws(HDF5Error) {
        try values.withUnsafeBufferPointer { (buffer) throws(HDF5Error) in
            try write(buffer, rows: rows)
        }
    }

    private func write<Element: HDF5Element>(
        _ values: UnsafeBufferPointer<Element>, rows: Range<Int>
    ) throws(HDF5Error) {
        try handle.requireWritable()
        let isStored =
            Element.elementType == elementType
            || (elementType == .float16 && Element.elementType == .float32)
        guard isStored, let number = Element.elementType.number else {
            throw wrongType(expected: Element.elementType)
        }
        try check(rows: rows, count: values.count)
        if values.isEmpty { return }
        precondition(
            MemoryLayout<Element>.stride == number.size,
            "HDF5Element: a type does not have the size of its elementType")
        try handle.locked { () throws(HDF5Error) in
            try withSelection(rows, to: "write the dataset") { memory, file in
                H5Dwrite(
                    handle.id, number.memory, memory, file, chdf5_default(), values.baseAddress)
            }
        }
    }

    /// Adds rows, which `values` must fill exactly, to a dataset made by
    /// ``Group/createGrowingDataset(_:rowShape:of:)``.
    public mutating func append<Element: HDF5Element>(_ values: [Element]) throws(HDF5Error) {
        try handle.requireWritable()
        precondition(
            !shape.isEmpty && rowSize > 0 && values.count % rowSize == 0,
            "\(path): \(values.count) values are not whole rows of \(shape.dropFirst())")
        guard Element.elementType == elementType else {
            throw wrongType(expected: Element.elementType)
        }
        if values.isEmpty { return }
        let rows = rowCount..<rowCount + values.count / rowSize
        let extent = [hsize_t(rows.upperBound)] + shape.dropFirst().map { hsize_t($0) }
        let (handle, rank) = (handle, shape.count)
        try handle.locked { () throws(HDF5Error) in
            let space = try handle.place.check(H5Dget_space(handle.id), "read the shape")
            defer { H5Sclose(space) }
            var largest = [hsize_t](repeating: 0, count: rank)
            H5Sget_simple_extent_dims(space, nil, &largest)
            precondition(
                largest[0] == chdf5_unlimited(),
                "\(handle.place.object): was not created as a dataset that grows")
            try handle.place.check(H5Dset_extent(handle.id, extent), "add rows")
        }
        shape[0] = rows.upperBound
        count = rows.upperBound * rowSize
        try write(values, rows: rows)
    }
}
