import CHDF5

extension Attributes {
    /// The one string at `name`.
    public func string(_ name: String) throws(HDF5Error) -> String {
        try one(try strings(name), name)
    }

    /// The strings at `name`, in row-major order; one if it is a single string.
    public func strings(_ name: String) throws(HDF5Error) -> [String] {
        try open(name) { (opened) throws(HDF5Error) -> [String] in
            guard opened.elementType == .string else { throw opened.wrongType(.string) }
            let layout = try Text.Layout(of: opened.type, opened.place)
            if opened.count == 0 { return [] }
            return layout.isVariable
                ? try opened.variableStrings() : try opened.fixedStrings(layout)
        }
    }

    /// The one number at `name`, in any type that can hold all values of the stored one.
    public func value<Element: HDF5Element>(
        _ name: String, as type: Element.Type = Element.self
    ) throws(HDF5Error) -> Element {
        try one(try values(name), name)
    }

    /// The numbers at `name`, in row-major order; one if it is a single number.
    public func values<Element: HDF5Element>(
        _ name: String, as type: Element.Type = Element.self
    ) throws(HDF5Error) -> [Element] {
        let target = Element.elementType
        return try open(name) { (opened) throws(HDF5Error) -> [Element] in
            guard opened.elementType.converts(to: target), let number = target.number else {
                throw opened.wrongType(target)
            }
            precondition(
                MemoryLayout<Element>.stride == number.size,
                "HDF5Element: a type does not have the size of its elementType")
            var values = [Element](repeating: .zero, count: opened.count)
            if opened.count == 0 { return values }
            let status = values.withUnsafeMutableBytes {
                H5Aread(opened.id, number.memory, $0.baseAddress)
            }
            try opened.place.check(status, "read the attribute")
            return values
        }
    }

    /// The truth value at `name`.
    public func bool(_ name: String) throws(HDF5Error) -> Bool {
        let bytes = try open(name) { (opened) throws(HDF5Error) -> [Int8] in
            guard opened.elementType == .bool else { throw opened.wrongType(.bool) }
            var bytes = [Int8](repeating: 0, count: opened.count)
            if opened.count == 0 { return bytes }
            try opened.place.check(H5Aread(opened.id, opened.type, &bytes), "read the attribute")
            return bytes
        }
        return try one(bytes, name) != 0
    }

    private func one<Value>(_ values: [Value], _ name: String) throws(HDF5Error) -> Value {
        guard values.count == 1, let value = values.first else {
            let place = handle.place(ofAttribute: name)
            throw .wrongShape(
                file: place.file, object: place.object, expected: [], found: [values.count])
        }
        return value
    }

    /// Opens attribute `name`, checks its size against the file's, and closes it after `body`.
    private func open<Value: Sendable>(
        _ name: String, _ body: (OpenedAttribute) throws(HDF5Error) -> Value
    ) throws(HDF5Error) -> Value {
        try Names.checkPath(name, in: handle.place.file)
        let place = handle.place(ofAttribute: name)
        return try handle.locked { () throws(HDF5Error) -> Value in
            guard try place.ask(H5Aexists(handle.id, name), "look for the attribute") else {
                throw place.missing(present: try lockedNames())
            }
            let id = try place.check(
                H5Aopen(handle.id, name, chdf5_default()), "open the attribute")
            defer { H5Aclose(id) }
            let type = try place.check(H5Aget_type(id), "read the type")
            defer { H5Tclose(type) }
            let space = try place.check(H5Aget_space(id), "read the shape")
            defer { H5Sclose(space) }
            let count = try Extent.count(of: try Extent.shape(of: space, place), place)
            var fileSize: hsize_t = 0
            try place.check(H5Fget_filesize(handle.file.id, &fileSize), "read the attribute")
            let (bytes, overflows) = count.multipliedReportingOverflow(by: H5Tget_size(type))
            if !handle.file.isWritable && (overflows || bytes > fileSize) {
                throw place.damaged(
                    "its \(count) elements cannot be in a file of \(fileSize) bytes")
            }
            return try body(
                OpenedAttribute(id: id, type: type, space: space, count: count, place: place))
        }
    }
}

/// An attribute while it is being read, inside the lock.
private struct OpenedAttribute {
    let id: hid_t
    let type: hid_t
    let space: hid_t
    let count: Int
    let place: Place

    var elementType: ElementType { ElementType(of: type) }

    func wrongType(_ expected: ElementType) -> HDF5Error {
        .wrongType(
            file: place.file, object: place.object, expected: expected.description,
            found: elementType.description)
    }

    func fixedStrings(_ layout: Text.Layout) throws(HDF5Error) -> [String] {
        var bytes = [UInt8](repeating: 0, count: count * layout.size)
        try place.check(H5Aread(id, type, &bytes), "read the attribute")
        return try layout.decode(bytes, place)
    }

    func variableStrings() throws(HDF5Error) -> [String] {
        let memory = try Text.variableType(like: type, place)
        defer { H5Tclose(memory) }
        var pointers = [UnsafeMutablePointer<CChar>?](repeating: nil, count: count)
        try place.check(H5Aread(id, memory, &pointers), "read the attribute")
        defer { H5Dvlen_reclaim(memory, space, chdf5_default(), &pointers) }
        return try Text.decode(pointers, place)
    }
}
