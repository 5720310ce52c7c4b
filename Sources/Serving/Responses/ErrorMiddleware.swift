import Hummingbird
import NIOCore

/// Answers every error with an error object.
struct ErrorMiddleware: RouterMiddleware {
    func handle(
        _ request: Request, context: ServingContext,
        next: (Request, ServingContext) async throws -> Response
    ) async throws -> Response {
        do {
            return try await next(request, context)
        } catch let error as APIError {
            return error.response
        } catch let error as HTTPError where error.status == .notFound {
            let path = request.uri.path
            let endpoint = Endpoint.allCases.first { $0.path == path }
            return (endpoint.map(APIError.methodNotAllowed) ?? .notFound(path)).response
        } catch {
            // Its kind alone, for a description might quote a text.
            context.logger.error("failure", metadata: ["kind": "\(type(of: error))"])
            return APIError.internal.response
        }
    }
}
