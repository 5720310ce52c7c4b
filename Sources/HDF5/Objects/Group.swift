import CHDF5

/// A group: a folder inside a file, with groups, datasets and attributes of its own.
///
/// Names may be paths with slashes when something is looked up, not when it is created. A name
/// that leads out of the file, into another one, is refused.
public struct Group: ~Copyable, Sendable {
    let handle: ObjectHandle

    init(_ handle: ObjectHandle) { self.handle = handle }

    /// The path inside the file, starting with a slash.
    public var path: String { handle.place.object }

    /// The values attached to this group.
    public var attributes: Attributes { Attributes(handle) }

    /// The names of the groups and datasets directly inside, in the order in which they were
    /// created if the file records it, else alphabetically.
    public func childNames() throws(HDF5Error) -> [String] {
        try handle.locked { () throws(HDF5Error) -> [String] in
            try Links.names(in: handle.id, handle.place)
        }
    }

    /// The paths to all groups and datasets below this one, each once.
    func pathsBelow() throws(HDF5Error) -> [String] {
        try handle.locked { () throws(HDF5Error) -> [String] in
            try Links.paths(below: handle.id, handle.place)
        }
    }

    /// Whether there is a group or dataset at `name`.
    public func contains(_ name: String) throws(HDF5Error) -> Bool {
        try Names.checkPath(name, in: handle.place.file)
        return try handle.locked { () throws(HDF5Error) -> Bool in
            try Links.firstMissing(of: name, from: handle) == nil
        }
    }

    /// What there is at `name`.
    public func kind(of name: String) throws(HDF5Error) -> ObjectKind {
        try open(name).kind
    }

    /// The group at `name`.
    public func group(named name: String) throws(HDF5Error) -> Group {
        Group(try open(name, as: .group))
    }

    /// The dataset at `name`.
    public func dataset(named name: String) throws(HDF5Error) -> Dataset {
        try Dataset(opening: try open(name, as: .dataset))
    }

    /// Creates an empty group.
    public func createGroup(_ name: String) throws(HDF5Error) -> Group {
        let place = try placeForNew(name)
        let id = try handle.locked { () throws(HDF5Error) -> hid_t in
            try requireAbsent(name, place)
            let creation = try place.check(H5Pcreate(chdf5_group_create()), "create the group")
            defer { H5Pclose(creation) }
            try trackOrder(of: creation, place)
            let names = try Links.utf8Names(place)
            defer { H5Pclose(names) }
            return try place.check(
                H5Gcreate2(handle.id, name, names, creation, chdf5_default()), "create the group")
        }
        return Group(ObjectHandle(id: id, file: handle.file, path: place.object))
    }

    /// Checks that something may be created as `name`, and says where that will be.
    func placeForNew(_ name: String) throws(HDF5Error) -> Place {
        try Names.checkNew(name, in: handle.place.file)
        try handle.requireWritable()
        return Place(file: handle.place.file, object: Names.join(handle.place.object, name))
    }

    /// To be called inside the lock.
    func requireAbsent(_ name: String, _ place: Place) throws(HDF5Error) {
        if try place.ask(H5Lexists(handle.id, name, chdf5_default()), "look for the object") {
            throw .exists(file: place.file, object: place.object)
        }
    }

    private func open(
        _ name: String, as expected: ObjectKind
    ) throws(HDF5Error) -> ObjectHandle {
        let (child, kind) = try open(name)
        guard kind == expected else {
            throw .wrongKind(
                file: child.place.file, object: child.place.object,
                expected: expected.words, found: kind.words)
        }
        return child
    }

    private func open(
        _ name: String
    ) throws(HDF5Error) -> (child: ObjectHandle, kind: ObjectKind) {
        try Names.checkPath(name, in: handle.place.file)
        let path = Names.join(handle.place.object, name)
        let (id, kind) = try handle.locked { () throws(HDF5Error) -> (hid_t, ObjectKind) in
            try Links.open(name, from: handle)
        }
        return (ObjectHandle(id: id, file: handle.file, path: path), kind)
    }
}

/// What a name in a group stands for.
public enum ObjectKind: Sendable {
    case group
    case dataset
    /// A stored type definition.
    case other

    var words: String {
        switch self {
        case .group: "a group"
        case .dataset: "a dataset"
        case .other: "a type definition"
        }
    }
}
