import Foundation
import Support

/// Where the hub and its cache are; the variables and defaults are those of Python's `huggingface_hub`.
public struct HubSettings: Sendable {
    /// The hub's address, without a slash at the end.
    public var endpoint = "https://huggingface.co"
    /// The folder of the cache.
    public var cacheFolder: URL
    /// Sent to the hub, and to no other host.
    public var token: String?
    /// Whether only the cache may be used.
    public var isOffline = false
    /// Seconds without a connection or without a byte after which a transfer counts as lost.
    public var timeout = 30
    /// How often a lost transfer is tried without progress.
    public var attempts = 5
    /// Seconds between the second attempt and the third; it doubles from then on. The second comes at once.
    public var pause = 1.0
    /// A file of certificates to trust in place of the system's.
    public var certificates: String?

    /// Settings with a cache of their own.
    public init(cacheFolder: URL) { self.cacheFolder = cacheFolder }

    /// Reads `HF_ENDPOINT`, `HF_HUB_CACHE`, `HF_HOME`, `HF_TOKEN`, `HF_TOKEN_PATH`, `HF_HUB_OFFLINE`,
    /// `HF_HUB_DOWNLOAD_TIMEOUT`, `XDG_CACHE_HOME` and `SSL_CERT_FILE`, and the token file of
    /// `huggingface-cli login`.
    ///
    /// - Throws: `HubError.badEndpoint` and `HubError.badToken`.
    public init(environment: [String: String]) throws(HubError) {
        func value(_ name: String) -> String? {
            environment[name].flatMap { $0.isEmpty ? nil : $0 }
        }
        func folder(_ path: String) -> URL {
            let home = value("HOME") ?? NSHomeDirectory()
            if path == "~" { return URL(filePath: home) }
            return URL(
                filePath: path.hasPrefix("~/") ? home + path.dropFirst() : path,
                directoryHint: .isDirectory)
        }
        let home =
            value("HF_HOME").map(folder)
            ?? folder(value("XDG_CACHE_HOME") ?? "~/.cache").appending(path: "huggingface")
        cacheFolder =
            (value("HF_HUB_CACHE") ?? value("HUGGINGFACE_HUB_CACHE")).map(folder)
            ?? home.appending(path: "hub")
        if let given = value("HF_ENDPOINT") { endpoint = try Self.checkedEndpoint(given) }
        isOffline = ["HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE"].contains {
            ["1", "ON", "YES", "TRUE"].contains(value($0)?.uppercased() ?? "")
        }
        if let seconds = value("HF_HUB_DOWNLOAD_TIMEOUT").flatMap({ Int($0) }),
            (1...86400).contains(seconds)
        {
            timeout = seconds
        }
        certificates = value("SSL_CERT_FILE")

        if let given = value("HF_TOKEN") {
            token = try Self.checkedToken(given, source: "HF_TOKEN")
        } else {
            let file =
                value("HF_TOKEN_PATH").map { folder($0) } ?? home.appending(path: "token")
            if let text = try? TextFile.read(file.path) {
                token = try Self.checkedToken(text, source: file.path)
            }
        }
    }

    private static func checkedEndpoint(_ given: String) throws(HubError) -> String {
        var endpoint = given[...]
        while endpoint.hasSuffix("/") { endpoint.removeLast() }
        guard let origin = Origin(url: String(endpoint)) else {
            throw .badEndpoint(given, reason: "not an address")
        }
        guard ["http", "https"].contains(origin.scheme) else {
            throw .badEndpoint(given, reason: "the scheme is \(origin.scheme)")
        }
        guard !endpoint.contains("?"), !endpoint.contains("#"), !endpoint.contains("@") else {
            throw .badEndpoint(given, reason: "it has more than a host and a path")
        }
        return String(endpoint)
    }

    /// A token becomes a line of the request's header, so nothing in it may end the line.
    private static func checkedToken(_ given: String, source: String) throws(HubError) -> String? {
        let token = given.trimmed
        guard token.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7f }) else {
            throw .badToken(source: source)
        }
        return token.isEmpty ? nil : token
    }
}
