import CHDF5

extension Dataset {
    /// Reads all elements into `destination`, which must have exactly ``count`` of them.
    ///
    /// Floats may be read in another precision than is stored, and integers as any type that can
    /// hold all values of the stored one. Nothing is allocated for the elements.
    public func read<Element: HDF5Element>(
        into destination: inout MutableSpan<Element>
    ) throws(HDF5Error) {
        try read(rows: 0..<rowCount, into: &destination)
    }

    /// Reads the rows `rows` into `destination`, which they must fill exactly.
    public func read<Element: HDF5Element>(
        rows: Range<Int>, into destination: inout MutableSpan<Element>
    ) throws(HDF5Error) {
        try check(rows: rows, count: destination.count)
        try destination.withUnsafeMutableBytes { (bytes) throws(HDF5Error) in
            try transfer(rows, to: bytes, as: Element.elementType)
        }
    }

    /// All elements, as an array.
    ///
    /// If the file lies about the shape, this throws before anything is allocated.
    public func read<Element: HDF5Element>(
        as type: Element.Type = Element.self
    ) throws(HDF5Error) -> [Element] {
        try requireReadable(as: Element.elementType)
        var values = [Element](repeating: .zero, count: count)
        var span = values.mutableSpan
        try read(into: &span)
        return values
    }

    private func requireReadable(as target: ElementType) throws(HDF5Error) {
        guard elementType.converts(to: target) else { throw wrongType(expected: target) }
        try verifyStorage()
    }

    private func transfer(
        _ rows: Range<Int>, to bytes: UnsafeMutableRawBufferPointer, as target: ElementType
    ) throws(HDF5Error) {
        guard let number = target.number else { throw wrongType(expected: target) }
        precondition(
            bytes.count == rows.count * rowSize * number.size,
            "HDF5Element: a type does not have the size of its elementType")
        try requireReadable(as: target)
        if bytes.isEmpty { return }
        try handle.locked { () throws(HDF5Error) in
            try withSelection(rows, to: "read the dataset") { memory, file in
                H5Dread(handle.id, number.memory, memory, file, chdf5_default(), bytes.baseAddress)
            }
        }
    }
}
