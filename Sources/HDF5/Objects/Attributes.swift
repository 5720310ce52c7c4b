import CHDF5

/// The named values attached to a group or dataset.
///
/// For short texts and numbers: each is read and written whole.
public struct Attributes: Sendable {
    let handle: ObjectHandle

    init(_ handle: ObjectHandle) { self.handle = handle }

    /// The names, alphabetically.
    public func names() throws(HDF5Error) -> [String] {
        try handle.locked { () throws(HDF5Error) -> [String] in try lockedNames() }
    }

    /// Whether there is an attribute of that name.
    public func contains(_ name: String) throws(HDF5Error) -> Bool {
        try Names.checkPath(name, in: handle.place.file)
        return try handle.locked { () throws(HDF5Error) -> Bool in
            try handle.place(ofAttribute: name)
                .ask(H5Aexists(handle.id, name), "look for the attribute")
        }
    }

    func lockedNames() throws(HDF5Error) -> [String] {
        var names: [String?] = []
        // For another order than its own the library makes a list first, and crashes if that cannot be read to its end.
        let status = withUnsafeMutablePointer(to: &names) { pointer in
            H5Aiterate2(
                handle.id, H5_INDEX_NAME, H5_ITER_NATIVE, nil,
                { _, name, _, context in
                    guard let name, let context else { return -1 }
                    context.assumingMemoryBound(to: [String?].self).pointee
                        .append(String(validatingCString: name))
                    return 0
                }, pointer)
        }
        try handle.place.check(status, "list the attributes")
        let valid = names.compactMap { $0 }
        if valid.count < names.count {
            throw handle.place.damaged("the name of an attribute is not UTF-8")
        }
        return valid.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    }
}
