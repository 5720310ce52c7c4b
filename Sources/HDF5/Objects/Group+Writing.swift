import CHDF5

extension Group {
    /// Creates a dataset to be written, whole or in blocks of rows.
    ///
    /// It is stored in checksummed pieces of about 1 MiB. Rows that are never written read as zero.
    public func createDataset<Element: HDF5Element>(
        _ name: String, shape: [Int], of type: Element.Type
    ) throws(HDF5Error) -> Dataset {
        guard let number = Element.elementType.number else {
            preconditionFailure("HDF5Element: \(Element.elementType) is not a number")
        }
        return try create(name, shape: shape, type: number.file, elementSize: number.size)
    }

    /// Creates a dataset without rows, each of which will have `rowShape`, for ``Dataset/append(_:)``.
    ///
    /// It is stored in checksummed pieces of about 256 KiB.
    public func createGrowingDataset<Element: HDF5Element>(
        _ name: String, rowShape: [Int], of type: Element.Type
    ) throws(HDF5Error) -> Dataset {
        guard let number = Element.elementType.number else {
            preconditionFailure("HDF5Element: \(Element.elementType) is not a number")
        }
        precondition(!rowShape.contains(0), "\(name): rows cannot have shape \(rowShape)")
        return try create(
            name, shape: [0] + rowShape, type: number.file, elementSize: number.size, grows: true)
    }

    /// Creates a dataset of `shape` from its values, which must fill it exactly.
    public func write<Element: HDF5Element>(
        _ values: Span<Element>, shape: [Int], as name: String
    ) throws(HDF5Error) {
        let dataset = try createDataset(name, shape: shape, of: Element.self)
        try dataset.write(values)
    }

    /// Creates a dataset of `shape`, or of one axis if none is given, from its values.
    public func write<Element: HDF5Element>(
        _ values: [Element], shape: [Int]? = nil, as name: String
    ) throws(HDF5Error) {
        let dataset = try createDataset(name, shape: shape ?? [values.count], of: Element.self)
        try dataset.write(values)
    }

    /// Creates a dataset of float16, half the size, from numbers: each is stored as the nearest of its numbers, of two
    /// equally near the even one, and from 65520 on as infinity.
    public func writeFloat16(
        _ values: Span<Float>, shape: [Int], as name: String
    ) throws(HDF5Error) {
        let place = try placeForNew(name)
        let type = try Library.locked { () throws(HDF5Error) -> hid_t in
            let type = chdf5_make_file_float16()
            return try place.check(type, "make the type")
        }
        defer { Library.locked { _ = H5Tclose(type) } }
        let dataset = try create(name, shape: shape, type: type, elementSize: 2)
        // HDF5 rounds ties away from zero; of numbers that float16 has it changes none.
        var rounded = [Float](repeating: 0, count: values.count)
        for i in rounded.indices { rounded[i] = Float(Float16(values[i])) }
        try dataset.write(rounded)
    }

    /// Creates a dataset of one axis from strings, which may not contain NUL.
    ///
    /// Every string takes as many bytes as the longest; compression removes the difference.
    public func write(_ strings: [String], as name: String) throws(HDF5Error) {
        let place = try placeForNew(name)
        let size = try Text.fixedSize(of: strings, place)
        let type = try Library.locked { () throws(HDF5Error) -> hid_t in
            try Text.fixedType(size: size, place)
        }
        defer { Library.locked { _ = H5Tclose(type) } }
        let dataset = try create(
            name, shape: [strings.count], type: type, elementSize: size, isCompressed: true)
        let block = max(1, Chunks.targetBytes / size)
        for start in stride(from: 0, to: strings.count, by: block) {
            let rows = start..<min(start + block, strings.count)
            let bytes = Text.padded(strings[rows], size: size)
            try dataset.handle.locked { () throws(HDF5Error) in
                try dataset.withSelection(rows, to: "write the dataset") { memory, file in
                    H5Dwrite(dataset.handle.id, type, memory, file, chdf5_default(), bytes)
                }
            }
        }
    }

    private func create(
        _ name: String, shape: [Int], type: hid_t, elementSize: Int, isCompressed: Bool = false,
        grows: Bool = false
    ) throws(HDF5Error) -> Dataset {
        let place = try placeForNew(name)
        precondition(
            shape.count <= Int(H5S_MAX_RANK) && shape.allSatisfy { $0 >= 0 },
            "\(place.object): a dataset cannot have shape \(shape)")
        if (try? Extent.count(of: shape, place)) == nil {
            throw .failed(
                file: place.file, object: place.object, operation: "create the dataset",
                messages: ["a shape of \(shape) is impossible"])
        }
        let chunk =
            grows
            ? Chunks.shapeForGrowing(
                rowShape: Array(shape.dropFirst()), elementSize: elementSize)
            : Chunks.shape(for: shape, elementSize: elementSize)
        let largest = grows ? [chdf5_unlimited()] + shape.dropFirst().map { hsize_t($0) } : nil
        let id = try handle.locked { () throws(HDF5Error) -> hid_t in
            try requireAbsent(name, place)
            let space = try place.check(
                shape.isEmpty
                    ? H5Screate(H5S_SCALAR)
                    : H5Screate_simple(Int32(shape.count), shape.map { hsize_t($0) }, largest),
                "create the dataset")
            defer { H5Sclose(space) }
            let creation = try place.check(
                H5Pcreate(chdf5_dataset_create()), "create the dataset")
            defer { H5Pclose(creation) }
            try place.check(H5Pset_obj_track_times(creation, false), "create the dataset")
            if let chunk {
                let extents = chunk.map { hsize_t($0) }
                try place.check(
                    H5Pset_chunk(creation, Int32(chunk.count), extents), "create the dataset")
                if isCompressed {
                    try place.check(H5Pset_deflate(creation, 6), "create the dataset")
                }
                try place.check(H5Pset_fletcher32(creation), "create the dataset")
            } else {
                try place.check(H5Pset_layout(creation, H5D_COMPACT), "create the dataset")
            }
            let names = try Links.utf8Names(place)
            defer { H5Pclose(names) }
            return try place.check(
                H5Dcreate2(handle.id, name, type, space, names, creation, chdf5_default()),
                "create the dataset")
        }
        return try Dataset(
            opening: ObjectHandle(id: id, file: handle.file, path: place.object))
    }
}
