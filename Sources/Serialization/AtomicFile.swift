import CSystemCalls
import Foundation
import Support

/// Replaces a file as a whole or not at all.
public enum AtomicFile {
    /// Lets `body` write a temporary file beside `url`, flushes it to disk and renames it to `url`.
    ///
    /// When anything fails, the temporary file is removed and what was at `url` is unchanged. The permissions of a file
    /// that is replaced stay; a pipe, a device or a folder is not replaced.
    ///
    /// - Throws: `SerializationError.unwritable`, and what `body` throws.
    public static func write(to url: URL, _ body: (_ temporary: URL) throws -> Void) throws {
        if let kind = RegularFile.otherKind(url.path) {
            throw SerializationError.unwritable(path: url.path, reason: "it is \(kind)")
        }
        let access = FileAccess(url)
        let temporary = try Temporary.sibling(of: url)
        do {
            try body(temporary)
            try access?.give(to: temporary)
            try Temporary.flush(temporary)
            guard rename(temporary.path, url.path) == 0 else { throw Temporary.failure(url) }
            try Temporary.flush(url.deletingLastPathComponent())
        } catch {
            try? FileManager.default.removeItem(at: temporary)
            throw named(error, temporary, url)
        }
    }

    /// The error with the name that its file was to have.
    static func named(_ error: any Error, _ temporary: URL, _ url: URL) -> any Error {
        (error as? any FileNamingError)?.renaming(temporary.path, to: url.path) ?? error
    }

    /// Replaces a file by some bytes.
    public static func write(_ bytes: Data, to url: URL) throws {
        try FileWriter.write(to: url) { try $0.write(bytes) }
    }
}

/// Replaces a folder as a whole or not at all.
public enum AtomicFolder {
    /// Lets `body` fill a temporary folder beside `url`, flushes it to disk and puts it in the place of `url`.
    ///
    /// When anything fails, the temporary folder is removed and what was at `url` is unchanged.
    ///
    /// - Parameter owns: Whether a file of a folder that is there, given by its path inside it, may go with
    ///   it. A folder with any other file is not replaced.
    /// - Throws: `SerializationError`, and what `body` throws.
    public static func write(
        to url: URL, owns: (String) -> Bool, _ body: (_ temporary: URL) throws -> Void
    ) throws {
        let files = FileManager.default
        let exists = try isReplaceable(url, owns: owns)
        let temporary = try Temporary.sibling(of: url)
        do {
            guard mkdir(temporary.path, 0o777) == 0 else { throw Temporary.failure(url) }
            try body(temporary)
            try FileAccess(url)?.give(to: temporary)
            for entry in try contents(of: temporary, for: url) {
                let file = temporary.appending(path: entry.path)
                try FileAccess(url.appending(path: entry.path))?.give(to: file)
                try Temporary.flush(file)
            }
            if exists {
                try exchange(temporary, url)
            } else if rename(temporary.path, url.path) != 0 {
                throw Temporary.failure(url)
            }
            try Temporary.flush(url.deletingLastPathComponent())
            if exists { try? files.removeItem(at: temporary) }
        } catch {
            try? files.removeItem(at: temporary)
            throw AtomicFile.named(error, temporary, url)
        }
    }

    /// Whether there is a folder that `write` would replace, rather than nothing.
    ///
    /// - Throws: `SerializationError` when there is a file, or a folder that would not be replaced.
    @discardableResult
    public static func isReplaceable(_ url: URL, owns: (String) -> Bool) throws -> Bool {
        var status = stat()
        guard stat(url.path, &status) == 0 else {
            if [ENOENT, ENOTDIR].contains(errno) { return false }
            throw Temporary.failure(url)
        }
        if status.st_mode & S_IFMT != S_IFDIR {
            throw SerializationError.unwritable(
                path: url.path, reason: "it is \(RegularFile.otherKind(url.path) ?? "a file")")
        }
        let foreign = try contents(of: url, for: url).filter { !$0.isFolder }.map(\.path)
            .filter { !owns($0) }
        guard foreign.isEmpty else {
            throw SerializationError.otherFilesInFolder(path: url.path, files: foreign.sorted())
        }
        return true
    }

    /// Makes a folder, and those above it, where there is none.
    ///
    /// - Throws: `SerializationError.unwritable`.
    package static func make(_ url: URL) throws(SerializationError) {
        let number = makeFolders(url.path)
        if number != 0 { throw .unwritable(path: url.path, reason: systemReason(number)) }
    }

    /// All that is in a folder and in the folders in it; `url` is what errors name.
    private static func contents(
        of folder: URL, for url: URL
    ) throws(SerializationError) -> [FolderEntry] {
        do throws(RegularFile.Failure) { return try FolderEntry.all(in: folder.path) } catch {
            throw .unwritable(path: url.path, reason: error.reason)
        }
    }

    /// Swaps two folders: at once where the file system can, so that there is a whole one at any moment.
    private static func exchange(_ new: URL, _ old: URL) throws {
        if simile_exchange(new.path, old.path) == 0 { return }
        let aside = try Temporary.sibling(of: old)
        guard rename(old.path, aside.path) == 0 else { throw Temporary.failure(old) }
        guard rename(new.path, old.path) == 0 else {
            let failure = Temporary.failure(old)
            rename(aside.path, old.path)
            throw failure
        }
        rename(aside.path, new.path)
    }
}

/// Names for unfinished work, beside what it will replace, so that a rename is all that is left to do.
enum Temporary {
    static func sibling(of url: URL) throws(SerializationError) -> URL {
        let folder = url.deletingLastPathComponent()
        var status = stat()
        guard stat(folder.path, &status) == 0 else {
            // A folder that cannot be looked at may be there.
            if errno != ENOENT { throw failure(url) }
            throw .unwritable(path: url.path, reason: "there is no folder \(folder.path)")
        }
        guard status.st_mode & S_IFMT == S_IFDIR else {
            throw .unwritable(path: url.path, reason: "\(folder.path) is a file, not a folder")
        }
        guard access(folder.path, W_OK) == 0 else { throw failure(url) }
        removeAbandoned(url)
        let number = String(UInt32.random(in: 0 ... .max), radix: 16)
        return folder.appending(path: "\(prefix(url))\(getpid()).\(number)\(suffix)")
    }

    /// The beginning of the names of this machine's unfinished work.
    private static func prefix(_ url: URL) -> String { ".\(url.lastPathComponent).\(machine)." }
    private static let suffix = ".part"

    /// What process numbers belong to: this start of this machine, and in it this container.
    ///
    /// In a folder that several machines or containers write to, a number that no process has here may be that of
    /// a process elsewhere. Where the system does not say, a name that is never met again stands in.
    static let machine: String = {
        let boot = try? String(contentsOfFile: "/proc/sys/kernel/random/boot_id", encoding: .utf8)
        let numbers = try? FileManager.default.destinationOfSymbolicLink(
            atPath: "/proc/self/ns/pid")
        let parts = [boot?.filter(\.isHexDigit).suffix(16), numbers?.filter(\.isNumber).suffix(16)]
        guard parts.allSatisfy({ $0?.isEmpty == false }) else {
            return String(UInt64.random(in: 0 ... .max), radix: 16)
        }
        return parts.compactMap(\.self).joined(separator: "-")
    }()

    /// Removes what processes of this machine that are gone left unfinished, and nothing else.
    private static func removeAbandoned(_ url: URL) {
        let (files, folder) = (FileManager.default, url.deletingLastPathComponent())
        for name in (try? files.contentsOfDirectory(atPath: folder.path)) ?? []
        where name.hasPrefix(prefix(url)) && name.hasSuffix(suffix) {
            let numbers = name.dropFirst(prefix(url).count).dropLast(suffix.count).split(
                separator: ".", omittingEmptySubsequences: false)
            guard numbers.count == 2, let process = pid_t(numbers[0]), process > 0,
                UInt32(numbers[1], radix: 16) != nil, kill(process, 0) != 0, errno == ESRCH
            else { continue }
            try? files.removeItem(at: folder.appending(path: name))
        }
    }

    static func flush(_ url: URL) throws(SerializationError) {
        let file = uninterrupted { open(url.path, O_RDONLY | O_CLOEXEC) }
        guard file >= 0 else { throw failure(url) }
        defer { close(file) }
        let number = flush(file)
        if number != 0 { throw .unwritable(path: url.path, reason: systemReason(number)) }
    }

    /// Flushes an open file to disk, and returns the number of the error that prevented it, or 0.
    static func flush(_ file: Int32) -> Int32 {
        // Not every file system can flush every kind of file, above all folders.
        uninterrupted { fsync(file) } == 0
            || [EINVAL, EROFS, EOPNOTSUPP, ENOSYS].contains(errno) ? 0 : errno
    }

    /// The error that the last system call left behind.
    static func failure(_ url: URL) -> SerializationError {
        .unwritable(path: url.path, reason: systemReason())
    }
}
