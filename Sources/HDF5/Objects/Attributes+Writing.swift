import CHDF5

extension Attributes {
    /// Sets `name` to a string, replacing any former value.
    ///
    /// Strings are stored with a fixed length, because only then does a checksum cover them; h5py
    /// shows such a string as bytes, to be decoded as UTF-8.
    public func set(_ name: String, to string: String) throws(HDF5Error) {
        try write([string], isSingle: true, as: name)
    }

    /// Sets `name` to a list of strings, replacing any former value.
    public func set(_ name: String, to strings: [String]) throws(HDF5Error) {
        try write(strings, isSingle: false, as: name)
    }

    /// Sets `name` to a number, replacing any former value.
    public func set<Element: HDF5Element>(_ name: String, to value: Element) throws(HDF5Error) {
        try write([value], isSingle: true, as: name)
    }

    /// Sets `name` to a list of numbers, replacing any former value.
    public func set<Element: HDF5Element>(_ name: String, to values: [Element]) throws(HDF5Error) {
        try write(values, isSingle: false, as: name)
    }

    /// Sets `name` to a truth value, replacing any former value.
    public func set(_ name: String, to value: Bool) throws(HDF5Error) {
        let place = handle.place(ofAttribute: name)
        let makeType = { () throws(HDF5Error) -> hid_t in
            let type = try place.check(H5Tenum_create(chdf5_file_int8()), "make the type")
            for (member, name) in ["FALSE", "TRUE"].enumerated() {
                var number = Int8(member)
                if H5Tenum_insert(type, name, &number) < 0 {
                    let error = place.failure("make the type")
                    H5Tclose(type)
                    throw error
                }
            }
            return type
        }
        try write(count: nil, as: name, type: makeType) { attribute, type in
            var number: Int8 = value ? 1 : 0
            return H5Awrite(attribute, type, &number)
        }
    }

    private func write(
        _ strings: [String], isSingle: Bool, as name: String
    ) throws(HDF5Error) {
        let place = handle.place(ofAttribute: name)
        let size = try Text.fixedSize(of: strings, place)
        let bytes = Text.padded(strings[...], size: size)
        let makeType = { () throws(HDF5Error) -> hid_t in try Text.fixedType(size: size, place) }
        let count = isSingle ? nil : strings.count
        try write(count: count, as: name, type: makeType) { attribute, type in
            H5Awrite(attribute, type, bytes)
        }
    }

    private func write<Element: HDF5Element>(
        _ values: [Element], isSingle: Bool, as name: String
    ) throws(HDF5Error) {
        guard let number = Element.elementType.number,
            number.size == MemoryLayout<Element>.stride
        else {
            preconditionFailure("HDF5Element: a type does not have the size of its elementType")
        }
        let place = handle.place(ofAttribute: name)
        let makeType = { () throws(HDF5Error) -> hid_t in
            try place.check(H5Tcopy(number.file), "make the type")
        }
        let count = isSingle ? nil : values.count
        try write(count: count, as: name, type: makeType) { attribute, _ in
            values.withUnsafeBytes { H5Awrite(attribute, number.memory, $0.baseAddress) }
        }
    }

    /// Creates attribute `name`, of one value if `count` is nil, and fills it.
    private func write(
        count: Int?, as name: String, type makeType: () throws(HDF5Error) -> hid_t,
        _ fill: (_ attribute: hid_t, _ type: hid_t) -> herr_t
    ) throws(HDF5Error) {
        try Names.checkPath(name, in: handle.place.file)
        try handle.requireWritable()
        let place = handle.place(ofAttribute: name)
        try handle.locked { () throws(HDF5Error) in
            let type = try makeType()
            defer { H5Tclose(type) }
            var extent = hsize_t(count ?? 1)
            let space = try place.check(
                count == nil ? H5Screate(H5S_SCALAR) : H5Screate_simple(1, &extent, nil),
                "create the attribute")
            defer { H5Sclose(space) }
            if try place.ask(H5Aexists(handle.id, name), "look for the attribute") {
                try place.check(H5Adelete(handle.id, name), "replace the attribute")
            }
            let creation = try place.check(
                H5Pcreate(chdf5_attribute_create()), "create the attribute")
            defer { H5Pclose(creation) }
            try place.check(H5Pset_char_encoding(creation, H5T_CSET_UTF8), "create the attribute")
            let id = try place.check(
                H5Acreate2(handle.id, name, type, space, creation, chdf5_default()),
                "create the attribute")
            defer { H5Aclose(id) }
            if count != 0 { try place.check(fill(id, type), "write the attribute") }
        }
    }
}
