import Hummingbird
import JSON
import NIOCore

/// The object that a request's body must be.
typealias JSONBody = JSONObject<APIError>

extension Request {
    /// Reads the body.
    ///
    /// - Throws: `APIError` for another kind of body, one that is too large, and one that does not come.
    func jsonBody(_ limits: ServingLimits) async throws -> JSONBody {
        let type = headers[.contentType]
        guard let type, Self.isJSON(type) else { throw APIError.notJSON(type) }
        let most = limits.maxBodyBytes
        if let length = headers[.contentLength].flatMap(Int.init), length > most {
            throw APIError.bodyTooLarge(limit: most)
        }
        let body = self.body
        let buffer = try await withTimeLimit(limits.timeout, APIError.bodyTooSlow) {
            do {
                return try await body.collect(upTo: most)
            } catch is NIOTooManyBytesError {
                throw APIError.bodyTooLarge(limit: most)
            } catch is CancellationError {
                throw APIError.bodyTooSlow
            } catch {
                throw APIError.invalid("the body broke off")
            }
        }
        let name = "the body"
        let value: JSONValue
        do throws(JSONError) { value = try JSONValue(parsing: buffer.readableBytesView) } catch {
            throw APIError.malformedJSON(file: name, line: error.line, reason: "\(error)")
        }
        return try JSONBody(value, file: name, key: name, path: "")
    }

    private static func isJSON(_ contentType: String) -> Bool {
        let type = contentType.prefix { $0 != ";" && $0 != " " }.lowercased()
        return type == "application/json" || type.hasSuffix("+json")
    }
}

/// What an operation gives within some seconds; it is cancelled when it takes longer.
func withTimeLimit<Value: Sendable>(
    _ seconds: Double, _ error: APIError, _ operation: @escaping @Sendable () async throws -> Value
) async throws -> Value {
    try await withThrowingTaskGroup(of: Value.self) { group in
        defer { group.cancelAll() }
        group.addTask(operation: operation)
        group.addTask {
            try await Task.sleep(for: .seconds(seconds))
            throw error
        }
        guard let value = try await group.next() else { throw APIError.internal }
        return value
    }
}
