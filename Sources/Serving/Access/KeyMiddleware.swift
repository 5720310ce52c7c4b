import Hummingbird

/// Refuses requests without the key.
struct KeyMiddleware: RouterMiddleware {
    let key: AccessKey

    func handle(
        _ request: Request, context: ServingContext,
        next: (Request, ServingContext) async throws -> Response
    ) async throws -> Response {
        guard key.admits(request.headers[.authorization]) else {
            throw APIError.unauthorized(isMissing: request.headers[.authorization] == nil)
        }
        return try await next(request, context)
    }
}
