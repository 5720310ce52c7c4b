import CHDF5
import Foundation

/// An HDF5 file, open for reading, or newly created and open for writing.
///
/// The groups and datasets of a file keep it open, so it need not outlive them. ``close()`` closes
/// it and all of them at once, and reports what could not be written; call it after writing. To
/// replace a file atomically, create one beside it, close, `fsync`, and rename.
///
/// Any thread may use any handle: calls into the C library are made one at a time.
///
/// Files created here have the layout of HDF5 1.10, in which all structure carries checksums; they
/// record no times, so that equal content makes equal bytes. A file created with a digest is known again
/// by it: it is opened only if no bit of it has changed. The digest tells damage, not forgery. For files
/// without one see ``ForeignFile``.
public struct HDF5File: ~Copyable, Sendable {
    private let handle: FileHandle
    private let rootHandle: ObjectHandle

    /// The group that holds everything else.
    public var root: Group { Group(rootHandle) }

    /// The path that the file was opened or created with, or the name it was given for errors.
    public var path: String { handle.path }

    /// Whether the file has a digest, which then holds.
    public var hasDigest: Bool { handle.hasDigest }

    /// Creates a file to write to.
    ///
    /// - Parameters:
    ///   - replacing: whether a file that is there already is overwritten; if not, finding one is an
    ///     error.
    ///   - withDigest: whether ``close()`` reads the file once more and puts a digest of it into a
    ///     user block, 512 bytes at the front, which HDF5's tools skip. They must not change the file then.
    ///   - name: what errors call the file; its path unless it is written beside another that it will replace.
    public init(
        creating path: String, replacing: Bool = false, withDigest: Bool = false,
        named name: String? = nil
    ) throws(HDF5Error) {
        let place = Place(file: name ?? path, object: try Self.checked(path).object)
        let file = try DriverFile(creating: path, replacing: replacing, place)
        let id = try Library.locked { () throws(HDF5Error) -> hid_t in
            let access = try Self.accessList(place)
            defer { H5Pclose(access) }
            try file.set(on: access)
            let creation = try place.check(H5Pcreate(chdf5_file_create()), "create the file")
            defer { H5Pclose(creation) }
            try trackOrder(of: creation, place)
            if withDigest {
                try place.check(
                    H5Pset_userblock(creation, hsize_t(UserBlock.size)), "create the file")
            }
            return try file.reporting { () throws(HDF5Error) in
                let id = H5Fcreate(path, chdf5_truncate(), creation, access)
                return try place.check(id, "create the file")
            }
        }
        try self.init(
            FileHandle(id: id, path: place.file, hasDigest: withDigest, file))
    }

    /// Opens a file to read from.
    ///
    /// No file is locked, read or written, so every file system will do, also one that is read-only, and
    /// so will a file that others are reading. One with a digest is read whole before HDF5 opens it.
    public init(opening path: String) throws(HDF5Error) {
        let place = try Self.checked(path)
        try Self.requireRegularFile(place)
        let hasDigest = try UserBlock.verify(place)
        if !hasDigest { try ForeignFile.check(place) }
        let file = try DriverFile(reading: place)
        let id = try Library.locked { () throws(HDF5Error) -> hid_t in
            let access = try Self.accessList(place)
            defer { H5Pclose(access) }
            try file.set(on: access)
            return try file.reporting { () throws(HDF5Error) in
                try place.check(H5Fopen(path, chdf5_read_only(), access), "open the file")
            }
        }
        try self.init(FileHandle(id: id, path: path, hasDigest: hasDigest, file))
    }

    private init(_ handle: FileHandle) throws(HDF5Error) {
        let place = Place(file: handle.path, object: "/")
        let id = try Library.locked { () throws(HDF5Error) -> hid_t in
            try place.check(H5Gopen2(handle.id, "/", chdf5_default()), "open the root group")
        }
        self.handle = handle
        rootHandle = ObjectHandle(id: id, file: handle, path: "/")
    }

    /// Reads every group, dataset and attribute to its end; the digest was compared when the file was opened.
    ///
    /// - Throws: What cannot be read.
    public func verify() throws(HDF5Error) { try ForeignFile.readAll(of: self) }

    /// Hands everything written so far to the operating system.
    public func flush() throws(HDF5Error) {
        let place = Place(file: path, object: "/")
        try rootHandle.locked { () throws(HDF5Error) in
            try place.check(H5Fflush(handle.id, H5F_SCOPE_GLOBAL), "write the file")
        }
    }

    /// Closes the file with all its groups and datasets, and reports what could not be written.
    ///
    /// That may be the rest of a dataset whose own writing raised no error. A file that could not be
    /// written is emptied, so that it takes no space; remove it.
    ///
    /// Using one of them afterwards throws ``HDF5Error/closed(file:object:)``.
    public consuming func close() throws(HDF5Error) {
        let place = Place(file: path, object: "/")
        try rootHandle.locked { () throws(HDF5Error) in
            try place.check(H5Fclose(handle.id), "close the file")
        }
        try handle.file.finish(withDigest: handle.hasDigest)
    }

    private static func checked(_ path: String) throws(HDF5Error) -> Place {
        if path.isEmpty || path.utf8.contains(0) {
            let reason = path.isEmpty ? "it is empty" : "it contains a NUL character"
            throw .invalidName(file: path.escaped, name: path, reason: reason)
        }
        return Place(file: path, object: "/")
    }

    /// Opening a pipe or a terminal would wait for a writer, maybe for ever.
    private static func requireRegularFile(_ place: Place) throws(HDF5Error) {
        var status = stat()
        guard stat(place.file, &status) == 0 else { throw place.systemFailure("open the file") }
        switch status.st_mode & S_IFMT {
        case S_IFREG where status.st_size > 0: return
        case S_IFREG: throw .notHDF5(file: place.file, reason: "it is empty")
        case S_IFDIR: throw .notHDF5(file: place.file, reason: "it is a folder")
        default: throw .notHDF5(file: place.file, reason: "it is not a regular file")
        }
    }

    private static func accessList(_ place: Place) throws(HDF5Error) -> hid_t {
        let access = try place.check(H5Pcreate(chdf5_file_access()), "open the file")
        do throws(HDF5Error) {
            try place.check(
                H5Pset_libver_bounds(access, H5F_LIBVER_V110, H5F_LIBVER_V110), "open the file")
            try place.check(H5Pset_fclose_degree(access, H5F_CLOSE_STRONG), "open the file")
            // Locks keep nobody out: files are written under names of their own and then renamed. And on
            // file systems without locks (NFS, Lustre) asking for one is an error (ENOLCK).
            try place.check(H5Pset_file_locking(access, false, true), "open the file")
        } catch {
            H5Pclose(access)
            throw error
        }
        return access
    }
}

/// Makes a group keep its links in the order in which they were made, and note no times.
func trackOrder(of creation: hid_t, _ place: Place) throws(HDF5Error) {
    let flags = UInt32(H5P_CRT_ORDER_TRACKED | H5P_CRT_ORDER_INDEXED)
    try place.check(H5Pset_link_creation_order(creation, flags), "create the group")
    try place.check(H5Pset_obj_track_times(creation, false), "create the group")
}
