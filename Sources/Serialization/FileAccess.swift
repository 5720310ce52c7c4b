import Foundation
import Support

/// Who may do what with a file or folder, for the one that replaces it.
struct FileAccess {
    private let mode: mode_t
    private let owner: uid_t
    private let group: gid_t

    /// Nil when there is nothing. A symbolic link is replaced itself, and has no permissions of its own.
    init?(_ url: URL) {
        var status = stat()
        guard lstat(url.path, &status) == 0, status.st_mode & S_IFMT != S_IFLNK else { return nil }
        (mode, owner, group) = (status.st_mode & 0o7777, status.st_uid, status.st_gid)
    }

    /// Gives a file the same.
    ///
    /// - Throws: `SerializationError.unwritable` when the permissions cannot be set; an owner that cannot be is left out.
    func give(to url: URL) throws(SerializationError) {
        var status = stat()
        guard lstat(url.path, &status) == 0 else { throw Temporary.failure(url) }
        if status.st_uid != owner || status.st_gid != group {
            _ = lchown(url.path, owner, group)
        }
        if status.st_mode & 0o7777 != mode, chmod(url.path, mode) != 0 {
            throw Temporary.failure(url)
        }
    }
}
