import CHDF5

/// Names in groups, and what they lead to.
///
/// All of it is to be called inside the lock.
enum Links {
    /// The names in group `id`, in order of creation if that is recorded, else alphabetically.
    static func names(in id: hid_t, _ place: Place) throws(HDF5Error) -> [String] {
        let creation = try place.check(H5Gget_create_plist(id), "list the group")
        defer { H5Pclose(creation) }
        var flags: UInt32 = 0
        try place.check(H5Pget_link_creation_order(creation, &flags), "list the group")
        let isOrdered = flags & UInt32(H5P_CRT_ORDER_TRACKED) != 0
        let isIndexed = flags & UInt32(H5P_CRT_ORDER_INDEXED) != 0
        var info = H5G_info_t()
        try place.check(H5Gget_info(id, &info), "list the group")
        // Of many links in another order than their own the library makes a list first, and crashes if that cannot be
        // read to its end. Few are in the group itself, which is read already.
        let isNative = info.storage_type == H5G_STORAGE_TYPE_DENSE && (isIndexed || !isOrdered)
        var names: [String?] = []
        let status = withUnsafeMutablePointer(to: &names) { pointer in
            H5Literate(
                id, isOrdered ? H5_INDEX_CRT_ORDER : H5_INDEX_NAME,
                isNative ? H5_ITER_NATIVE : H5_ITER_INC, nil,
                { _, name, _, context in
                    guard let name, let context else { return -1 }
                    context.assumingMemoryBound(to: [String?].self).pointee
                        .append(String(validatingCString: name))
                    return 0
                }, pointer)
        }
        try place.check(status, "list the group")
        let all = try utf8(names, place)
        return isOrdered ? all : all.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    }

    /// The paths from group `id` to all that is below it; one for each object, if links lead in circles.
    static func paths(below id: hid_t, _ place: Place) throws(HDF5Error) -> [String] {
        var paths: [String?] = []
        let status = withUnsafeMutablePointer(to: &paths) { pointer in
            H5Ovisit2(
                id, H5_INDEX_NAME, H5_ITER_NATIVE,
                { _, path, _, context in
                    guard let path, let context else { return -1 }
                    context.assumingMemoryBound(to: [String?].self).pointee
                        .append(String(validatingCString: path))
                    return 0
                }, pointer, UInt32(H5O_INFO_BASIC))
        }
        try place.check(status, "list all objects")
        // The first is the group itself.
        return try utf8(paths.dropFirst(), place)
    }

    private static func utf8(
        _ names: some Collection<String?>, _ place: Place
    ) throws(HDF5Error) -> [String] {
        let valid = names.compactMap { $0 }
        if valid.count < names.count { throw place.damaged("a name in it is not UTF-8") }
        return valid
    }

    /// Opens what is at `name`, which may be a path.
    static func open(
        _ name: String, from parent: ObjectHandle
    ) throws(HDF5Error) -> (id: hid_t, kind: ObjectKind) {
        let place = Place(
            file: parent.place.file, object: Names.join(parent.place.object, name))
        if let error = try firstMissing(of: name, from: parent) { throw error }
        let access = try accessList(place)
        defer { H5Pclose(access) }
        let id = try place.check(H5Oopen(parent.id, name, access), "open the object")
        let kind: ObjectKind =
            switch H5Iget_type(id) {
            case H5I_GROUP: .group
            case H5I_DATASET: .dataset
            default: .other
            }
        return (id, kind)
    }

    /// Walks along `name`; the error for the first part of it that is not there, or nil.
    static func firstMissing(
        of name: String, from parent: ObjectHandle
    ) throws(HDF5Error) -> HDF5Error? {
        let start = name.hasPrefix("/") ? "/" : parent.place.object
        let access = try accessList(parent.place)
        defer { H5Pclose(access) }
        var walked = name.hasPrefix("/") ? "/" : "."
        var walkedPath = start
        for part in name.split(separator: "/") where part != "." {
            let next = walked + "/" + part
            let place = Place(
                file: parent.place.file, object: Names.join(walkedPath, String(part)))
            if H5Lexists(parent.id, next, access) > 0 {
                var link = H5L_info_t()
                try place.check(H5Lget_info(parent.id, next, &link, access), "look for the object")
                if link.type == H5L_TYPE_EXTERNAL {
                    throw place.unsupported("it is a link into another file")
                }
                if H5Oexists_by_name(parent.id, next, access) > 0 {
                    (walked, walkedPath) = (next, place.object)
                    continue
                }
            }
            return try missing(place, from: parent, below: walked, access)
        }
        return nil
    }

    /// The error for an object that is not in the group at `walked`, with what is there.
    private static func missing(
        _ place: Place, from parent: ObjectHandle, below walked: String, _ access: hid_t
    ) throws(HDF5Error) -> HDF5Error {
        let id = try place.check(H5Oopen(parent.id, walked, access), "look for the object")
        defer { H5Oclose(id) }
        guard H5Iget_type(id) == H5I_GROUP else { return place.missing(present: []) }
        // A link that leads nowhere is named itself.
        let present = try names(in: id, place).filter { !place.object.hasSuffix("/" + $0) }
        return place.missing(present: present)
    }

    /// How links are followed: within the file only, as a file from elsewhere must not choose what else
    /// is opened.
    private static func accessList(_ place: Place) throws(HDF5Error) -> hid_t {
        let access = try place.check(H5Pcreate(chdf5_link_access()), "look for the object")
        if H5Pset_elink_cb(access, { _, _, _, _, _, _, _ in -1 }, nil) < 0 {
            H5Pclose(access)
            throw place.failure("look for the object")
        }
        return access
    }

    /// How links are made: with names in UTF-8.
    static func utf8Names(_ place: Place) throws(HDF5Error) -> hid_t {
        let creation = try place.check(H5Pcreate(chdf5_link_create()), "create the object")
        if H5Pset_char_encoding(creation, H5T_CSET_UTF8) < 0 {
            H5Pclose(creation)
            throw place.failure("create the object")
        }
        return creation
    }
}
