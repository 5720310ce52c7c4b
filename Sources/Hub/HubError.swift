/// Why a model was not fetched from the hub.
public enum HubError: Error, Equatable, CustomStringConvertible {
    /// A text that is not the name of a model on the hub.
    case badName(String, expected: String)
    /// `HF_ENDPOINT` is not the address of a hub.
    case badEndpoint(String, reason: String)
    /// The token cannot be sent.
    case badToken(source: String)
    /// There is no such model, as far as this token may know.
    case noRepository(String, endpoint: String, hasToken: Bool)
    /// The model has no such branch, tag or commit.
    case noRevision(String, repository: String)
    /// The model has no such file.
    case noFile(String, repository: String)
    /// The hub refuses access: the model is gated or private, or the token is wrong.
    case refused(repository: String, page: String, answer: String, hasToken: Bool)
    /// The hub does not have what a sentence-embedding model needs.
    case notAModel(repository: String, missing: String)
    /// Nobody answers at the address.
    case unreachable(url: String, reason: String)
    /// The connection was lost again and again.
    case interrupted(file: String, received: Int64, size: Int64?, attempts: Int, reason: String)
    /// An answer that says that the request failed.
    case failed(url: String, answer: String)
    /// An answer that a hub does not give.
    case malformed(url: String, reason: String)
    /// A file's content is not what the hub says it is; it has been deleted.
    case damaged(file: String, kind: String, found: String, expected: String)
    /// There is no room for a file.
    case diskFull(path: String, needed: Int64)
    /// The cache cannot be written.
    case unwritable(path: String, reason: String)
    /// `HF_HUB_OFFLINE` is set, and the model is not in the cache.
    case offline(String, cache: String)

    /// What happened and what to do.
    public var description: String {
        switch self {
        case .badName(let name, let expected):
            "'\(name)' is not the name of a model on the hub; expected \(expected)"
        case .badEndpoint(let endpoint, let reason):
            "HF_ENDPOINT is '\(endpoint)': \(reason); expected an address such as https://huggingface.co"
        case .badToken(let source):
            "\(source): the token has characters that no token has; log in again or correct it"
        case .noRepository(let repository, let endpoint, let hasToken):
            "\(repository): no such model on \(endpoint); check the spelling"
                + (hasToken
                    ? ", or ask for access if it is private: the token was not accepted for it"
                    : ", or set HF_TOKEN if it is private")
        case .noRevision(let revision, let repository):
            "\(repository): has no branch, tag or commit '\(revision)'; without @\(revision) the branch main is taken"
        case .noFile(let file, let repository):
            "\(repository): the hub lists \(file) but does not have it; try again later or another revision"
        case .refused(let repository, let page, let answer, let hasToken):
            "\(repository): access refused (\(answer)); it is gated or private: "
                + (hasToken
                    ? "accept its conditions at \(page), and check that HF_TOKEN is valid and may read it"
                    : "accept its conditions at \(page) and set HF_TOKEN to a token that may read it")
        case .notAModel(let repository, let missing):
            "\(repository): has no \(missing); give a BERT model with config.json and weights"
        case .unreachable(let url, let reason):
            "\(url): no connection (\(reason)); check the network, https_proxy and HF_ENDPOINT"
        case .interrupted(let file, let received, let size, let attempts, let reason):
            "\(file): the connection was lost after \(received)\(size.map { " of \($0)" } ?? "") bytes (\(reason)), \(attempts) times without progress; run the command again to go on from there"
        case .failed(let url, let answer):
            "\(url): the hub answered \(answer); try again later"
        case .malformed(let url, let reason):
            "\(url): not the answer of a hub: \(reason); check HF_ENDPOINT and https_proxy"
        case .damaged(let file, let kind, let found, let expected):
            "\(file): the \(kind) of what was downloaded is \(found), expected \(expected); it has been deleted: run the command again"
        case .diskFull(let path, let needed):
            "\(path): no space left for \(needed) more bytes; free some, or set HF_HOME to a folder on a larger disk"
        case .unwritable(let path, let reason):
            "\(path): cannot be written (\(reason)); check the permissions, or set HF_HOME to another folder"
        case .offline(let name, let cache):
            "\(name): not in \(cache), and HF_HUB_OFFLINE forbids to download it; unset it or fetch the model on another machine"
        }
    }
}
