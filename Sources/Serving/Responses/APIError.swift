import Foundation
import Hummingbird
import JSON

/// Why a request is not answered, as OpenAI's error object.
struct APIError: Error, Equatable {
    let status: HTTPResponse.Status
    let type: String
    let message: String
    /// The key of the request that it is about.
    var param: String?
    var code: String?
    var headers: HTTPFields = [:]

    private static let requestType = "invalid_request_error"

    /// The request says something that it cannot say.
    static func invalid(_ message: String, param: String? = nil) -> APIError {
        APIError(status: .badRequest, type: requestType, message: message, param: param)
    }

    static func modelNotFound(_ message: String) -> APIError {
        APIError(
            status: .notFound, type: requestType, message: message, param: "model",
            code: "model_not_found")
    }

    static func unauthorized(isMissing: Bool) -> APIError {
        APIError(
            status: .unauthorized, type: requestType,
            message: isMissing
                ? "no key: send it as the header 'Authorization: Bearer KEY'"
                : "the key in the header 'Authorization' is not the server's, or not after 'Bearer '",
            code: "invalid_api_key", headers: [.wwwAuthenticate: "Bearer"])
    }

    static func notFound(_ path: String) -> APIError {
        APIError(
            status: .notFound, type: requestType,
            message: "there is nothing at \(path.prefix(100)); there are \(Endpoint.overview)")
    }

    static func methodNotAllowed(_ endpoint: Endpoint) -> APIError {
        APIError(
            status: .methodNotAllowed, type: requestType,
            message: "\(endpoint.path) takes \(endpoint.method.rawValue) only",
            headers: [.allow: endpoint.method.rawValue])
    }

    static func notJSON(_ contentType: String?) -> APIError {
        APIError(
            status: .unsupportedMediaType, type: requestType,
            message:
                "the body must be JSON, with the header 'Content-Type: application/json'; the header is \(contentType.map { "'\($0.prefix(100))'" } ?? "absent")"
        )
    }

    static func bodyTooLarge(limit: Int) -> APIError {
        APIError(
            status: .contentTooLarge, type: requestType,
            message:
                "the body has more than \(limit) bytes, which is the most that this server reads; send the texts in several requests"
        )
    }

    static let bodyTooSlow = APIError(
        status: .requestTimeout, type: requestType,
        message: "the body of the request did not arrive in time")

    static func queueFull(retryAfter seconds: Int) -> APIError {
        APIError(
            status: .tooManyRequests, type: "rate_limit_error",
            message:
                "more texts wait than this server takes; try again in about \(seconds) s, or send fewer at a time",
            code: "queue_full", headers: [.retryAfter: "\(seconds)"])
    }

    static func computingTooSlow(_ limit: Double) -> APIError {
        APIError(
            status: .serviceUnavailable, type: "server_error",
            message:
                "the embeddings were not there after \(limit) s, because the server is busy; try again later, or send fewer texts at a time",
            code: "timeout", headers: [.retryAfter: "1"])
    }

    static let notFinite = APIError(
        status: .internalServerError, type: "server_error",
        message: "the model gives an embedding that is not finite; its weights are damaged")

    static let `internal` = APIError(
        status: .internalServerError, type: "server_error",
        message: "the server failed to answer; its log says more")

    /// The error as it is sent.
    var response: Response {
        let error: JSONValue = [
            "message": .string(message), "type": .string(type),
            "param": param.map { .string($0) } ?? .null,
            "code": code.map { .string($0) } ?? .null,
        ]
        var response = Response(status: status, json: ["error": error])
        response.headers.append(contentsOf: headers)
        return response
    }
}

/// What is wrong with a body's keys.
extension APIError: JSONFileError {
    static func unreadableFile(file: String, reason: String) -> APIError {
        .invalid("\(file) cannot be read: \(reason)")
    }

    static func malformedJSON(file: String, line: Int, reason: String) -> APIError {
        .invalid("\(file) is not JSON: line \(line): \(reason)")
    }

    static func invalidValue(
        file: String, key: String, found: String, expected: String
    ) -> APIError {
        let shown = found.count > 100 ? found.prefix(100) + "..." : found[...]
        return .invalid("\(key) is \(shown); expected \(expected)", param: key)
    }
}
