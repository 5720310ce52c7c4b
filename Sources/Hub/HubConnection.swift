import Foundation

/// Requests to one hub: who is asked, who sees the token, what is tried again, what a refusal means.
final class HubConnection {
    let model: HubModel
    let settings: HubSettings
    private let client: HTTPClient
    private let origin: Origin
    private let onRetry: (_ what: String, _ reason: String) -> Void
    private var hasAnswered = false

    init(
        _ model: HubModel, _ settings: HubSettings,
        onRetry: @escaping (_ what: String, _ reason: String) -> Void
    ) throws(HubError) {
        guard let origin = Origin(url: settings.endpoint) else {
            throw .badEndpoint(settings.endpoint, reason: "not an address")
        }
        do throws(TransferFailure) { client = try HTTPClient(settings) } catch {
            throw .unreachable(url: settings.endpoint, reason: error.reason)
        }
        self.model = model
        self.settings = settings
        self.origin = origin
        self.onRetry = onRetry
    }

    // MARK: - Addresses

    var apiAddress: String {
        "\(settings.endpoint)/api/models/\(model.repository)/revision/"
            + RelativePath.escaped(model.revision, keepingSlashes: false)
    }

    func address(of file: String, commit: String) -> String {
        "\(settings.endpoint)/\(model.repository)/resolve/\(commit)/"
            + RelativePath.escaped(file, keepingSlashes: true)
    }

    // MARK: - Requests

    /// One attempt of a request; redirects are followed, and only the hub itself sees the token.
    ///
    /// - Parameters:
    ///   - head: Asks for the header alone. Redirects to other hosts then end the request: what the hub
    ///     says of the file stands in the header of the redirect.
    ///   - file: The file that the request is about; `nil` for the list of files.
    ///   - onHead: Called when an answer has come that has the content (status 200 or 206).
    ///   - onBody: Called for each part of the content; an error ends the transfer.
    func request(
        _ address: String, file: String?, headers: [String] = [], head: Bool = false,
        onHead: @escaping (ResponseHead) throws(HubError) -> Void = { _ in },
        onBody: @escaping (UnsafeRawBufferPointer) throws(HubError) -> Void = { _ in }
    ) throws(Failure) -> ResponseHead {
        var url = address
        for _ in 0..<10 {
            guard let target = Origin(url: url), ["http", "https"].contains(target.scheme),
                target.scheme == "https" || origin.scheme == "http"
            else {
                throw .final(.malformed(url: address, reason: "it leads to \(url.prefix(100))"))
            }
            var lines = headers + ["Accept-Encoding: identity"]
            if target == origin, let token = settings.token {
                lines.append("Authorization: Bearer \(token)")
            }
            let answer = try exchange(url, lines, head, onHead, onBody)
            if let location = answer.location, (300..<400).contains(answer.status) {
                if head, Origin(url: location) != origin { return answer }
                url = location
                continue
            }
            guard [200, 206].contains(answer.status) else {
                throw failure(answer, url: url, file: file, isHub: target == origin)
            }
            return answer
        }
        throw .final(.malformed(url: address, reason: "more than 10 redirects"))
    }

    private func exchange(
        _ url: String, _ headers: [String], _ head: Bool,
        _ onHead: @escaping (ResponseHead) throws(HubError) -> Void,
        _ onBody: @escaping (UnsafeRawBufferPointer) throws(HubError) -> Void
    ) throws(Failure) -> ResponseHead {
        var (answer, problem): (ResponseHead?, HubError?)
        var ignored = 0
        do throws(TransferFailure) {
            answer = try client.send(
                url, headers: headers, head: head,
                onHead: { received in
                    answer = received
                    guard [200, 206].contains(received.status) else { return }
                    do throws(HubError) { try onHead(received) } catch { problem = error }
                },
                onBody: { bytes in
                    guard problem == nil, let answer else { return false }
                    guard [200, 206].contains(answer.status) else {
                        // The text of an error or a redirect; never long.
                        ignored += bytes.count
                        return ignored <= 1 << 20
                    }
                    do throws(HubError) { try onBody(bytes) } catch { problem = error }
                    return problem == nil
                })
        } catch {
            if problem == nil, ignored <= 1 << 20 {
                throw .transfer(error, .unreachable(url: url, reason: error.reason))
            }
        }
        hasAnswered = true
        if let problem { throw .final(problem) }
        guard let answer else {
            throw .final(.malformed(url: url, reason: "an answer without a header"))
        }
        return answer
    }

    // MARK: - Failures

    /// Why an attempt did not succeed.
    enum Failure: Error {
        /// The connection failed.
        case transfer(TransferFailure, HubError)
        /// The hub may do better the next time.
        case busy(HubError)
        /// Trying again is of no use.
        case final(HubError)
    }

    /// Tries until it succeeds, or `settings.attempts` times in a row without progress.
    ///
    /// When there was no answer yet, a second attempt is the last: there is no network, or no hub.
    func persist<Value>(
        _ what: String, progress: () -> Int64 = { 0 }, _ attempt: () throws(Failure) -> Value
    ) throws(HubError) -> Value {
        var (failures, furthest) = (0, progress())
        while true {
            let (failure, reason): (HubError, String)
            do throws(Failure) { return try attempt() } catch {
                switch error {
                case .final(let error): throw error
                case .busy(let error): (failure, reason) = (error, "the hub is busy")
                case .transfer(let transfer, let error):
                    if transfer.kind == .other { throw error }
                    (failure, reason) = (error, transfer.reason)
                }
            }
            if progress() > furthest { (failures, furthest) = (0, progress()) }
            failures += 1
            let limit = hasAnswered ? settings.attempts : min(2, settings.attempts)
            guard failures < limit else { throw failure }
            onRetry(what, reason)
            if failures > 1 {
                Thread.sleep(forTimeInterval: settings.pause * Double(1 << min(failures - 2, 5)))
            }
        }
    }

    /// What a status other than success means.
    private func failure(_ answer: ResponseHead, url: String, file: String?, isHub: Bool) -> Failure
    {
        let name = model.repository
        guard isHub else {
            // A signed address may have expired; the next attempt gets a new one.
            return .busy(.failed(url: Self.withoutQuery(url), answer: answer.summary))
        }
        switch (answer.status, answer.headers["x-error-code"]) {
        case (_, "RevisionNotFound"):
            return .final(.noRevision(model.revision, repository: name))
        case (_, "EntryNotFound"):
            return .final(.noFile(file ?? "a list of files", repository: name))
        case (_, "RepoNotFound"):
            return .final(
                .noRepository(name, endpoint: settings.endpoint, hasToken: settings.token != nil))
        case (401, _), (403, _), (_, "GatedRepo"):
            return .final(
                .refused(
                    repository: name, page: "\(settings.endpoint)/\(name)",
                    answer: answer.summary, hasToken: settings.token != nil))
        case (404, _):
            if let file { return .final(.noFile(file, repository: name)) }
            return .final(
                .noRepository(name, endpoint: settings.endpoint, hasToken: settings.token != nil))
        case (408, _), (429, _), (500..., _):
            return .busy(.failed(url: url, answer: answer.summary))
        default:
            return .final(.failed(url: url, answer: answer.summary))
        }
    }

    /// Signed addresses carry their secret in the query.
    private static func withoutQuery(_ url: String) -> String {
        String(url.prefix { $0 != "?" })
    }
}
