import Digest
import Foundation
import Support
import Synchronization

/// A hub with one model, and a second server in the part of the host that large files are on.
package struct FakeHub: Sendable {
    /// The commit that `main` stands for.
    package static let commit = "0123456789abcdef0123456789abcdef01234567"

    /// What differs from a hub that is well.
    package struct Behaviour: Sendable {
        /// Refuses requests without this token.
        package var token: String?
        /// Answers to be given before any other, by method and the last part of the path.
        package var override: @Sendable (HubServer.Request, _ count: Int) -> HubServer.Answer? = {
            _, _ in nil
        }
        /// The same for the host of large files.
        package var overrideLarge:
            @Sendable (HubServer.Request, _ count: Int) -> HubServer.Answer? =
                {
                    _, _ in nil
                }
        /// Names to list besides those of the files.
        package var listed: [String] = []
        package init() {}
    }

    package let hub: HubServer
    package let store: HubServer
    package var endpoint: String { hub.endpoint }

    /// Starts both servers.
    ///
    /// - Parameters:
    ///   - repository: `ORG/NAME`.
    ///   - files: The contents of the model's files by their paths.
    ///   - large: Those in large-file storage.
    package init(
        _ repository: String, files: [String: [UInt8]], large: Set<String> = [],
        _ behaviour: Behaviour = Behaviour()
    ) throws {
        let counter = Counter()
        let store = try HubServer { request in
            if let answer = behaviour.overrideLarge(request, counter.next(request)) {
                return answer
            }
            let hash = request.path.split(separator: "/").last.map(String.init) ?? ""
            guard let body = files.values.first(where: { Self.sha256($0) == hash }) else {
                return .init(403)
            }
            return Self.content(body, request, [("ETag", "\"other\"")])
        }
        self.store = store
        let storeAddress = store.endpoint
        hub = try HubServer { request in
            if let answer = behaviour.override(request, counter.next(request)) { return answer }
            if let token = behaviour.token, request.headers["authorization"] != "Bearer \(token)" {
                return .init(
                    401,
                    [("X-Error-Code", "GatedRepo"), ("X-Error-Message", "Access is restricted")])
            }
            let prefix = "/api/models/\(repository)/revision/"
            if request.path.hasPrefix("/api/models/") {
                guard request.path.hasPrefix(prefix) else {
                    return .init(404, [("X-Error-Code", "RepoNotFound")])
                }
                let revision = String(request.path.dropFirst(prefix.count))
                guard ["main", "v1%2Fb", Self.commit].contains(revision) else {
                    return .init(404, [("X-Error-Code", "RevisionNotFound")])
                }
                let names = (files.keys + behaviour.listed).sorted()
                let listing: [String: Any] = [
                    "id": repository, "sha": Self.commit,
                    "siblings": names.map { ["rfilename": $0] },
                ]
                let body = try? JSONSerialization.data(withJSONObject: listing)
                return .init(
                    200, [("Content-Type", "application/json")], body: Array(body ?? Data()))
            }
            let places = ["main", Self.commit].map { "/\(repository)/resolve/\($0)/" }
            let start = places.first { request.path.hasPrefix($0) } ?? request.path
            let file = String(request.path.dropFirst(start.count))
            guard let body = files[file] else {
                return .init(
                    404, [("X-Error-Code", "EntryNotFound"), ("X-Repo-Commit", Self.commit)])
            }
            let common = [("X-Repo-Commit", Self.commit)]
            guard large.contains(file) else {
                return Self.content(body, request, common + [("ETag", "\"\(Self.gitHash(body))\"")])
            }
            let hash = Self.sha256(body)
            return .init(
                302,
                common + [
                    ("X-Linked-Etag", "\"\(hash)\""), ("X-Linked-Size", "\(body.count)"),
                    ("ETag", "\"pointer\""), ("Location", "\(storeAddress)/signed/\(hash)"),
                ], body: Array("Found. Redirecting".utf8))
        }
    }

    /// The content, or the part of it that was asked for.
    package static func content(
        _ body: [UInt8], _ request: HubServer.Request,
        _ headers: [(name: String, value: String)] = []
    ) -> HubServer.Answer {
        if let range = request.headers["range"], range.hasPrefix("bytes="), range.hasSuffix("-"),
            let start = Int(range.dropFirst(6).dropLast())
        {
            guard start < body.count else { return .init(416, headers) }
            let place = ("Content-Range", "bytes \(start)-\(body.count - 1)/\(body.count)")
            return .init(206, headers + [place], body: Array(body[start...]))
        }
        let length = ("Content-Length", "\(body.count)")
        return .init(200, headers + [length], body: body)
    }

    package static func sha256(_ bytes: [UInt8]) -> String { digest(bytes, .sha256) }

    package static func gitHash(_ bytes: [UInt8]) -> String {
        digest(Array("blob \(bytes.count)\0".utf8) + bytes, .sha1)
    }

    private static func digest(_ bytes: [UInt8], _ kind: Digest) -> String {
        var stream = DigestStream(kind)
        bytes.withUnsafeBytes { stream.add($0) }
        return String(hexadecimal: stream.finished())
    }
}

/// How often the same was asked before.
private final class Counter: Sendable {
    private let counts = Mutex<[String: Int]>([:])
    func next(_ request: HubServer.Request) -> Int {
        counts.withLock {
            let key = request.method + request.path
            $0[key, default: 0] += 1
            return $0[key, default: 1] - 1
        }
    }
}
