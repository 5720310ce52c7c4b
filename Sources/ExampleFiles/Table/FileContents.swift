import Foundation
import Support
import Synchronization

/// The bytes of a file, at hand at any place for as long as they are needed.
///
/// Up to 64 MiB are in memory. A larger file stays where it is: its descriptor is kept open and read from, so that the
/// system's cache and not this process holds its pages, and a file that somebody makes shorter gives an error and
/// not a signal. What is compressed, or comes from a pipe, and is larger when unpacked is put into a file without a
/// name beside the original, or in the temporary folder where that cannot be written; the system removes it with the
/// process, however that ends.
final class FileContents: Sendable {
    /// Files of up to this size are read into memory.
    static let largestInMemory = 64 << 20

    private enum Store: Sendable {
        case memory([UInt8])
        case file(OpenFile)
    }

    /// The file, for messages.
    let path: String
    /// The folder of the file without a name that holds what was unpacked; nil if there is none.
    let unpackedTo: String?
    private let store: Store
    /// Whether something that was in the file when it was read could not be read again.
    private let hasFailed = Atomic(false)

    /// Bytes in memory.
    init(_ bytes: [UInt8], name: String) {
        (path, store, unpackedTo) = (name, .memory(bytes), nil)
    }

    /// Opens a file; `limit` is there for tests.
    init(path: String, limit: Int = FileContents.largestInMemory) throws(ExampleFileError) {
        let file = try OpenFile(path: path)
        let path = OpenFile.name(path)
        self.path = path
        guard file.isRegular, !file.isCompressed else {
            (store, unpackedTo) = try Self.unpack(file, path, limit)
            return
        }
        unpackedTo = nil
        guard file.size <= limit else {
            store = .file(file)
            return
        }
        var bytes: [UInt8] = []
        while true {
            let more = file.read(at: bytes.count, count: max(file.size - bytes.count, 1 << 12))
            guard let more else {
                throw .unreadable(path: path, reason: String(cString: strerror(errno)))
            }
            if more.isEmpty { break }
            if bytes.isEmpty { bytes = more } else { bytes += more }
        }
        store = .memory(bytes)
    }

    /// All bytes if they are in memory.
    var bytes: [UInt8]? { if case .memory(let bytes) = store { bytes } else { nil } }

    /// The number of bytes.
    var count: Int {
        switch store {
        case .memory(let bytes): bytes.count
        case .file(let file): file.size
        }
    }

    /// Up to `count` bytes from a place of a file that is not in memory; nil when they cannot be read.
    func read(at offset: Int, count: Int) -> [UInt8]? {
        switch store {
        case .memory(let bytes): return Array(bytes[min(offset, bytes.count)...].prefix(count))
        case .file(let file):
            guard let bytes = file.read(at: offset, count: count) else {
                noteFailure()
                return nil
            }
            return bytes
        }
    }

    /// Remembers that what was in the file when it was read cannot be read again, whatever the file's stamp says.
    func noteFailure() { hasFailed.store(true, ordering: .relaxed) }

    /// - Throws: `ExampleFileError.changed` when the file is not as it was when it was opened, or could not be read
    ///   again.
    func requireUnchanged() throws(ExampleFileError) {
        if hasFailed.load(ordering: .relaxed) { throw .changed(path: path) }
        if case .file(let file) = store, unpackedTo == nil, file.isChanged {
            throw .changed(path: path)
        }
    }

    /// Unpacks into memory, and beyond the limit into a file without a name.
    private static func unpack(
        _ file: OpenFile, _ path: String, _ limit: Int
    ) throws(ExampleFileError) -> (Store, String?) {
        let stream = try file.unpacked(path)
        var (bytes, lines): ([UInt8], Int) = ([], 0)
        var unpacked: UnnamedFile?
        while true {
            let more = try stream.read(line: lines)
            if let place = more.firstIndex(of: 0) {
                throw .holdsNUL(path, line: lines + more[..<place].count { $0 == 0x0a } + 1)
            }
            lines += more.count { $0 == 0x0a }
            bytes += more
            if unpacked != nil || bytes.count > limit {
                let target =
                    if let unpacked { unpacked } else {
                        try UnnamedFile(beside: path) {
                            .cannotUnpack(path: path, folder: $0, reason: $1)
                        }
                    }
                unpacked = target
                try bytes.withUnsafeBufferPointer { (buffer) throws(ExampleFileError) in
                    try target.append(UnsafeRawBufferPointer(buffer))
                }
                bytes.removeAll(keepingCapacity: true)
            }
            if more.isEmpty { break }
        }
        guard let unpacked else { return (.memory(bytes), nil) }
        return (.file(unpacked.file.measured()), unpacked.folder)
    }
}

/// A file held open.
final class OpenFile: Sendable {
    let descriptor: Int32
    let size: Int
    let isRegular: Bool
    private let modified: timespec

    /// Takes an open file, to be closed with this.
    init(_ descriptor: Int32) {
        var status = stat()
        fstat(descriptor, &status)
        self.descriptor = descriptor
        size = Int(status.st_size)
        isRegular = status.st_mode & S_IFMT == S_IFREG
        modified = status.st_mtim
    }

    /// Opens a file, or standard input where the path is `-`.
    convenience init(path: String) throws(ExampleFileError) {
        if path == "-" {
            let descriptor = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3)
            guard descriptor >= 0 else {
                throw .unreadable(path: Self.name(path), reason: "it is closed")
            }
            self.init(descriptor)
            return
        }
        let path = expandingHome(path)
        guard FileManager.default.mayExist(atPath: path) else {
            let meant = closestPath(to: path).map { "; did you mean '\($0)'?" } ?? ""
            throw .unreadable(path: path, reason: "there is no such file\(meant)")
        }
        guard !FileManager.default.folderExists(atPath: path) else {
            throw .unreadable(path: path, reason: "it is a directory; name a file in it")
        }
        let descriptor = uninterrupted { open(path, O_RDONLY | O_CLOEXEC) }
        guard descriptor >= 0 else {
            throw .unreadable(path: path, reason: String(cString: strerror(errno)))
        }
        self.init(descriptor)
    }

    deinit { close(descriptor) }

    /// How messages call the file of a path.
    static func name(_ path: String) -> String { path == "-" ? "standard input" : path }

    /// The same file with its size as it is now.
    func measured() -> OpenFile { OpenFile(dup(descriptor)) }

    /// Its bytes from where it stands, unpacked, by a descriptor of their own.
    func unpacked(_ path: String) throws(ExampleFileError) -> GzipStream {
        let copy = fcntl(descriptor, F_DUPFD_CLOEXEC, 3)
        guard copy >= 0 else { throw .unreadable(path: path, reason: systemReason()) }
        return try GzipStream(copy, path: path)
    }

    /// Whether it begins as gzip-compressed files do.
    var isCompressed: Bool { read(at: 0, count: 2) == [0x1f, 0x8b] }

    /// Whether the size or the time of the last change are others than when it was opened.
    var isChanged: Bool {
        var status = stat()
        return fstat(descriptor, &status) != 0 || Int(status.st_size) != size
            || status.st_mtim.tv_sec != modified.tv_sec
            || status.st_mtim.tv_nsec != modified.tv_nsec
    }

    /// Up to `count` bytes from a place; none at the end, nil when they cannot be read.
    func read(at offset: Int, count: Int) -> [UInt8]? {
        var length = -1
        let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            length = uninterrupted { pread(descriptor, buffer.baseAddress, count, off_t(offset)) }
            filled = max(0, length)
        }
        return length < 0 ? nil : bytes
    }
}
