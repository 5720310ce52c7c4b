import Foundation

/// Replaces a file as a whole or not at all.
public enum AtomicFile {
    /// Lets `body` write a temporary file beside `url`, flushes it to disk and renames it to `url`.
    ///
    /// When anything fails, the temporary file is removed and what was at `url` is unchanged.
    ///
    /// - Throws: `SerializationError.unwritable`, and what `body` throws.
    public static func write(to url: URL, _ body: (_ temporary: URL) throws -> Void) throws {
        let temporary = try Temporary.sibling(of: url)
        do {
            try body(temporary)
            try Temporary.flush(temporary)
            guard rename(temporary.path, url.path) == 0 else { throw Temporary.failure(url) }
            try Temporary.flush(url.deletingLastPathComponent())
        } catch {
            try? FileManager.default.removeItem(at: temporary)
            throw error
        }
    }

    /// Replaces a file by some bytes.
    public static func write(_ bytes: Data, to url: URL) throws {
        try write(to: url) { temporary in
            do { try bytes.write(to: temporary) } catch {
                throw SerializationError.unwritable(
                    path: url.path, reason: error.localizedDescription)
            }
        }
    }
}

/// Replaces a model's folder as a whole or not at all.
public enum AtomicFolder {
    /// Lets `body` fill a temporary folder beside `url`, flushes it to disk and puts it in the place of `url`.
    ///
    /// A folder that is there must be empty or hold a `config.json`: others are not replaced. When anything
    /// fails, the temporary folder is removed and what was at `url` is unchanged.
    ///
    /// - Throws: `SerializationError`, and what `body` throws.
    public static func write(to url: URL, _ body: (_ temporary: URL) throws -> Void) throws {
        let files = FileManager.default
        var isFolder: ObjCBool = false
        let exists = files.fileExists(atPath: url.path, isDirectory: &isFolder)
        if exists {
            let entries =
                isFolder.boolValue
                ? (try? files.contentsOfDirectory(atPath: url.path)) ?? [] : ["?"]
            guard entries.isEmpty || entries.contains("config.json") else {
                throw SerializationError.notAModelFolder(path: url.path)
            }
        }
        let temporary = try Temporary.sibling(of: url)
        let old = try Temporary.sibling(of: url)
        do {
            do {
                try files.createDirectory(at: temporary, withIntermediateDirectories: false)
            } catch {
                throw Temporary.failure(url)
            }
            try body(temporary)
            for path in files.enumerator(atPath: temporary.path)?.compactMap({ $0 as? String })
                ?? []
            {
                try Temporary.flush(temporary.appending(path: path))
            }
            if exists, rename(url.path, old.path) != 0 { throw Temporary.failure(url) }
            if rename(temporary.path, url.path) != 0 {
                let failure = Temporary.failure(url)
                if exists { rename(old.path, url.path) }
                throw failure
            }
            try Temporary.flush(url.deletingLastPathComponent())
            try? files.removeItem(at: old)
        } catch {
            try? files.removeItem(at: temporary)
            throw error
        }
    }
}

/// Names for unfinished work, beside what it will replace, so that a rename is all that is left to do.
private enum Temporary {
    static func sibling(of url: URL) throws(SerializationError) -> URL {
        let folder = url.deletingLastPathComponent()
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: folder.path, isDirectory: &isFolder) else {
            throw .unwritable(path: url.path, reason: "there is no folder \(folder.path)")
        }
        guard isFolder.boolValue else {
            throw .unwritable(path: url.path, reason: "\(folder.path) is a file, not a folder")
        }
        guard access(folder.path, W_OK) == 0 else { throw failure(url) }
        let number = String(UInt32.random(in: 0 ... .max), radix: 16)
        return folder.appending(path: ".\(url.lastPathComponent).\(number).part")
    }

    static func flush(_ url: URL) throws(SerializationError) {
        let file = open(url.path, O_RDONLY)
        guard file >= 0 else { throw failure(url) }
        defer { close(file) }
        guard fsync(file) == 0 || errno == EINVAL || errno == EROFS else { throw failure(url) }
    }

    /// The error that the last system call left behind.
    static func failure(_ url: URL) -> SerializationError {
        .unwritable(path: url.path, reason: String(cString: strerror(errno)))
    }
}
