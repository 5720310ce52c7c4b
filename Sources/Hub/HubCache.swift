import Foundation
import Serialization
import Support

/// The folder of downloaded models, in the layout that Python's `huggingface_hub` reads and writes.
///
/// ```
/// models--ORG--NAME/blobs/HASH               the content of a file
/// models--ORG--NAME/snapshots/COMMIT/FILE    a link to its blob
/// models--ORG--NAME/refs/REVISION            the commit that a branch or tag stood for
/// .locks/models--ORG--NAME/HASH.lock         held while a blob is downloaded
/// ```
public struct HubCache: Sendable {
    /// The cache's folder; it need not exist.
    public let folder: URL

    /// A cache in a folder.
    public init(folder: URL) { self.folder = folder }

    /// The folder of a downloaded model, or `nil` when it is not there with all its weights.
    public func snapshot(of model: HubModel) -> URL? {
        let repository = CachedRepository(model, in: self)
        guard let commit = repository.commit(of: model.revision) else { return nil }
        let snapshot = repository.snapshot(commit)
        return HubFiles.areComplete(in: snapshot) ? snapshot : nil
    }
}

/// One model's part of the cache.
struct CachedRepository {
    let folder: URL
    private let locks: URL

    init(_ model: HubModel, in cache: HubCache) {
        let name = "models--" + model.repository.replacing("/", with: "--")
        folder = cache.folder.appending(path: name)
        locks = cache.folder.appending(path: ".locks").appending(path: name)
    }

    var blobs: URL { folder.appending(path: "blobs") }
    func blob(_ hash: BlobHash) -> URL { blobs.appending(path: hash.expected) }
    func lock(_ hash: BlobHash) -> URL { locks.appending(path: hash.expected + ".lock") }
    func snapshot(_ commit: String) -> URL {
        folder.appending(path: "snapshots").appending(path: commit)
    }

    static func isCommit(_ text: String) -> Bool {
        text.utf8.count == 40 && BlobHash.isHexadecimal(text)
    }

    /// The commit that a revision stood for when it was last fetched.
    func commit(of revision: String) -> String? {
        if Self.isCommit(revision) { return revision }
        guard let data = HubFiles.contents(of: ref(revision)), data.count < 100 else {
            return nil
        }
        let commit = String(decoding: data, as: UTF8.self).trimmed
        return Self.isCommit(commit) ? commit : nil
    }

    /// Remembers which commit a revision stands for.
    func setCommit(_ commit: String, of revision: String) throws(HubError) {
        guard revision != commit, self.commit(of: revision) != commit else { return }
        let url = ref(revision)
        try makeFolder(of: "refs/" + revision, in: folder)
        try Self.named { try AtomicFile.write(Data(commit.utf8), to: url) }
    }

    /// Makes `snapshots/COMMIT/FILE` a link to a blob.
    func link(_ file: String, of commit: String, to hash: BlobHash) throws(HubError) {
        let path = "snapshots/\(commit)/\(file)"
        try makeFolder(of: path, in: folder)
        let up = String(repeating: "../", count: path.split(separator: "/").count - 1)
        let place = folder.appending(path: path)
        try Self.named {
            try AtomicFile.write(to: place) { temporary in
                guard symlink("\(up)blobs/\(hash.expected)", temporary.path) == 0 else {
                    throw SerializationError.unwritable(path: place.path, reason: systemReason())
                }
            }
        }
    }

    /// Makes the folders for blobs and locks.
    func prepare() throws(HubError) {
        for url in [blobs, locks] {
            let number = makeFolders(url.path)
            if number != 0 { throw .unwritable(path: url.path, reason: systemReason(number)) }
        }
    }

    private func ref(_ revision: String) -> URL {
        folder.appending(path: "refs").appending(path: revision)
    }

    /// Makes the folders above a path, none of which may be a link that leads elsewhere.
    private func makeFolder(of path: String, in base: URL) throws(HubError) {
        var url = base
        for name in path.split(separator: "/").dropLast() {
            url.append(path: String(name))
            if mkdir(url.path, 0o777) == 0 { continue }
            let failure = errno
            var status = stat()
            guard failure == EEXIST, lstat(url.path, &status) == 0 else {
                throw .unwritable(path: url.path, reason: String(cString: strerror(failure)))
            }
            guard status.st_mode & S_IFMT == S_IFDIR else {
                throw .unwritable(path: url.path, reason: "it is not a folder")
            }
        }
    }

    /// Does what writes a file, with the errors of this module.
    private static func named(_ body: () throws -> Void) throws(HubError) {
        do { try body() } catch {
            guard case SerializationError.unwritable(let path, let reason) = error else {
                preconditionFailure("\(error)")
            }
            throw .unwritable(path: path, reason: reason)
        }
    }
}

/// A lock on a file, shared with other processes that fetch the same.
enum FileLock {
    /// Waits for the lock and holds it during `body`; `onWait` is called before, if there is a wait.
    static func hold(_ url: URL, onWait: () -> Void, body: () throws(HubError) -> Void)
        throws(HubError)
    {
        let descriptor = uninterrupted { open(url.path, O_RDWR | O_CREAT | O_CLOEXEC, 0o664) }
        guard descriptor >= 0 else {
            throw .unwritable(path: url.path, reason: String(cString: strerror(errno)))
        }
        defer { close(descriptor) }
        if flock(descriptor, LOCK_EX | LOCK_NB) != 0, errno == EWOULDBLOCK {
            onWait()
            // On file systems without locks there is none: contents are checked by hash all the same.
            _ = uninterrupted { flock(descriptor, LOCK_EX) }
        }
        try body()
    }
}
