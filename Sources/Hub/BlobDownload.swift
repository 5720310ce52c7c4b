import Foundation

/// What the hub says of a file before it is downloaded.
struct FileFacts: Equatable {
    let hash: BlobHash
    let size: Int64?

    /// Reads the header of an answer to HEAD.
    ///
    /// Files in large-file storage have their own hash and size in `X-Linked-` fields.
    init(_ answer: ResponseHead, url: String, commit: String) throws(HubError) {
        let headers = answer.headers
        if let found = headers["x-repo-commit"], found != commit {
            throw .malformed(
                url: url, reason: "X-Repo-Commit is \(found.prefix(60)), not \(commit)")
        }
        var etag = (headers["x-linked-etag"] ?? headers["etag"] ?? "none")[...]
        if etag.hasPrefix("W/") { etag = etag.dropFirst(2) }
        guard let hash = BlobHash(etag.trimmingCharacters(in: ["\""])) else {
            throw .malformed(
                url: url, reason: "the ETag is \(etag.prefix(80)), expected a SHA-1 or SHA-256")
        }
        self.hash = hash
        let size =
            headers["x-linked-size"]
            ?? ((300..<400).contains(answer.status) ? nil : headers["content-length"])
        self.size = size.flatMap { Int64($0) }.flatMap { $0 >= 0 ? $0 : nil }
    }
}

/// The download of one file's content to its place in the cache.
struct BlobDownload {
    let file: String
    let facts: FileFacts
    let url: String
    let connection: HubConnection
    let onEvent: (HubEvent) -> Void

    /// Downloads, from where an earlier attempt ended, checks the hash and gives the blob its name.
    func run(_ repository: CachedRepository) throws(HubError) {
        let hash = facts.hash
        let partial = try PartialFile(
            repository.blobs.appending(path: hash.expected + ".incomplete"))
        if let size = facts.size {
            if partial.size > size { try partial.clear() }
            try partial.reserve(total: size)
        } else {
            try partial.clear()
        }
        onEvent(.started(file: file, size: facts.size, from: partial.size))
        // A complete one lacks only its name: the process ended just before.
        if facts.size == nil || partial.size != facts.size || partial.size == 0 {
            try connection.persist(file, progress: { partial.size }) {
                () throws(HubConnection.Failure) in try attempt(partial)
            }
        }
        try check(
            "size", "\(partial.size)", facts.size.map { "\($0)" } ?? "\(partial.size)", partial)
        try check(hash.kind, try partial.hash(as: hash), hash.expected, partial)
        try partial.finish(as: repository.blob(hash))
        onEvent(.finished(file: file, size: partial.size))
    }

    private func check(
        _ kind: String, _ found: String, _ expected: String, _ partial: PartialFile
    ) throws(HubError) {
        guard found != expected else { return }
        partial.remove()
        throw .damaged(file: file, kind: kind, found: found, expected: expected)
    }

    /// One transfer, of what is missing if the server can do that.
    private func attempt(_ partial: PartialFile) throws(HubConnection.Failure) {
        let start = partial.size
        do throws(HubConnection.Failure) {
            _ = try connection.request(
                url, file: file, headers: start > 0 ? ["Range: bytes=\(start)-"] : [],
                onHead: { answer throws(HubError) in
                    guard answer.status != 206 || !isRest(answer, from: start) else { return }
                    // Not the part that was asked for: from the start then.
                    try partial.clear()
                    if answer.status == 206 {
                        throw .malformed(url: url, reason: "another range than was asked for")
                    }
                },
                onBody: { bytes throws(HubError) in
                    if let size = facts.size, partial.size + Int64(bytes.count) > size {
                        partial.remove()
                        throw .damaged(
                            file: file, kind: "size", found: "more than \(size) bytes",
                            expected: "\(size)")
                    }
                    try partial.append(bytes)
                    onEvent(.received(file: file, bytes: partial.size, size: facts.size))
                })
        } catch {
            guard case .transfer(let transfer, _) = error else { throw error }
            throw .transfer(
                transfer,
                .interrupted(
                    file: file, received: partial.size, size: facts.size,
                    attempts: connection.settings.attempts, reason: transfer.reason))
        }
    }

    /// Whether a partial answer begins where the file on disk ends.
    private func isRest(_ answer: ResponseHead, from start: Int64) -> Bool {
        start > 0 && answer.headers["content-range"]?.hasPrefix("bytes \(start)-") == true
    }
}
