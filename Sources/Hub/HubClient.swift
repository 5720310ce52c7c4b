import Foundation
import JSON
import ModelLayout

/// What happens while a model is fetched.
public enum HubEvent: Sendable, Equatable {
    /// The revision stands for this commit.
    case resolved(commit: String)
    /// A file was in the cache.
    case present(file: String)
    /// Another process downloads the file; this one waits for it.
    case waiting(file: String)
    /// A download begins, or goes on after the bytes of an earlier one.
    case started(file: String, size: Int64?, from: Int64)
    /// A part has come; `bytes` are on disk.
    case received(file: String, bytes: Int64, size: Int64?)
    /// A transfer is tried again.
    case retrying(what: String, reason: String)
    /// A file has come and its hash is right.
    case finished(file: String, size: Int64)
}

/// The Hugging Face hub, or another server that speaks its protocol.
public struct HubClient: Sendable {
    private let settings: HubSettings

    /// A hub and the cache for what it has.
    public init(_ settings: HubSettings) { self.settings = settings }

    /// Downloads what a sentence-embedding model needs, and only what is not in the cache.
    ///
    /// Every file's hash is checked. When the transfer is cut off, or the process ends, the next call
    /// goes on from there. With `HubSettings.isOffline` nothing is asked of the network.
    ///
    /// - Returns: The folder of the model in the cache.
    /// - Throws: `HubError`.
    public func fetch(_ model: HubModel, onEvent: @escaping (HubEvent) -> Void = { _ in })
        throws(HubError) -> URL
    {
        let cache = HubCache(folder: settings.cacheFolder)
        if settings.isOffline {
            guard let snapshot = cache.snapshot(of: model) else {
                throw .offline(model.description, cache: cache.folder.path)
            }
            return snapshot
        }
        let connection = try HubConnection(model, settings) {
            onEvent(.retrying(what: $0, reason: $1))
        }
        let listing = try Listing(connection)
        onEvent(.resolved(commit: listing.commit))
        let repository = CachedRepository(model, in: cache)
        try repository.prepare()
        let fetch = Fetch(
            connection: connection, listing: listing, repository: repository, onEvent: onEvent)
        try fetch.run()
        // Last, so that the revision stands for a whole model or for what it was before.
        try repository.setCommit(listing.commit, of: model.revision)
        return repository.snapshot(listing.commit)
    }
}

/// What the hub has of a model at one commit.
struct Listing {
    let commit: String
    let files: Set<String>

    /// Reads the hub's answer; nil when it is not one.
    init?(answer: Data) {
        guard let answer = try? JSONValue(parsing: answer), let commit = answer["sha"]?.string,
            CachedRepository.isCommit(commit),
            let files = answer["siblings"]?.elements?.map({ $0["rfilename"]?.string }),
            !files.contains(nil)
        else { return nil }
        self.commit = commit
        self.files = Set(files.compactMap(\.self))
    }

    init(_ connection: HubConnection) throws(HubError) {
        let url = connection.apiAddress
        let body = try connection.persist("the list of files") {
            () throws(HubConnection.Failure) in
            var body = Data()
            _ = try connection.request(
                url, file: nil,
                onBody: { bytes throws(HubError) in
                    guard body.count + bytes.count <= 64 << 20 else {
                        throw .malformed(url: url, reason: "the list of files has over 64 MiB")
                    }
                    body.append(contentsOf: bytes)
                })
            return body
        }
        guard let listing = Listing(answer: body) else {
            throw .malformed(url: url, reason: "no commit and list of files")
        }
        self = listing
    }
}

/// The files of one model at one commit, on their way into the cache.
private struct Fetch {
    let connection: HubConnection
    let listing: Listing
    let repository: CachedRepository
    let onEvent: (HubEvent) -> Void

    private var name: String { connection.model.repository }

    /// The small files come first and the encoder's weights last, so that a folder with them has all the others.
    func run() throws(HubError) {
        var modules: [ModelFiles.Module] = []
        if listing.files.contains("modules.json") {
            try get("modules.json")
            modules = try contents(of: "modules.json", HubFiles.modules)
        }
        let weights = try HubFiles.foldersOfWeights(modules).map {
            (module) throws(HubError) in (module: module, form: try form(of: module))
        }
        var folders = [""]
        for module in modules where !folders.contains(module.path) { folders.append(module.path) }
        for folder in folders {
            for file in ModelFiles.descriptions.map({ ModelFiles.path(of: $0, in: folder) })
            where listing.files.contains(file) && file != "modules.json" { try get(file) }
        }
        for (module, form) in weights {
            try get(form)
            guard form.hasSuffix(".index.json") else { continue }
            for shard in try contents(of: form, HubFiles.shards) {
                let file = ModelFiles.path(of: shard, in: module)
                guard listing.files.contains(file) else {
                    throw .notAModel(repository: name, missing: "\(file), which \(form) names")
                }
                try get(file)
            }
        }
    }

    /// The best form of a module's weights that the repository has.
    private func form(of module: String) throws(HubError) -> String {
        let config = ModelFiles.path(of: "config.json", in: module)
        guard listing.files.contains(config) else {
            throw .notAModel(repository: name, missing: config)
        }
        let forms = ModelFiles.weights.map { ModelFiles.path(of: $0, in: module) }
        guard let form = forms.first(where: listing.files.contains) else {
            throw .notAModel(repository: name, missing: forms.joined(separator: ", "))
        }
        return form
    }

    /// What a file of the model says about others.
    private func contents<Value>(
        of file: String, _ read: (Data) -> Value?
    ) throws(HubError) -> Value {
        let url = repository.snapshot(listing.commit).appending(path: file)
        guard let value = HubFiles.contents(of: url).flatMap(read) else {
            throw .malformed(
                url: connection.address(of: file, commit: listing.commit),
                reason: "it does not name files of the model")
        }
        return value
    }

    private func get(_ file: String) throws(HubError) {
        let place = repository.snapshot(listing.commit).appending(path: file)
        if FileManager.default.fileExists(atPath: place.path) {
            return onEvent(.present(file: file))
        }
        let url = connection.address(of: file, commit: listing.commit)
        let answer = try connection.persist(file) { () throws(HubConnection.Failure) in
            try connection.request(url, file: file, head: true)
        }
        let facts = try FileFacts(answer, url: url, commit: listing.commit)
        let blob = repository.blob(facts.hash)
        try FileLock.hold(
            repository.lock(facts.hash), onWait: { onEvent(.waiting(file: file)) }
        ) { () throws(HubError) in
            if FileManager.default.fileExists(atPath: blob.path) {
                onEvent(.present(file: file))
            } else {
                let download = BlobDownload(
                    file: file, facts: facts, url: url, connection: connection, onEvent: onEvent)
                try download.run(repository)
            }
            try repository.link(file, of: listing.commit, to: facts.hash)
        }
    }
}
