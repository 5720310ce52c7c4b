import Hummingbird
import Logging

/// Counts and logs every request: what was asked for, how it went and how long it took, but nothing of any text.
struct AccessLog: RouterMiddleware {
    let metrics: ServerMetrics

    func handle(
        _ request: Request, context: ServingContext,
        next: (Request, ServingContext) async throws -> Response
    ) async throws -> Response {
        let clock = ContinuousClock()
        let start = clock.now
        metrics.beginRequest()
        let response = try await next(request, context)
        let seconds = (clock.now - start) / .seconds(1)
        // The path of what there is, for one that was made up may be anything.
        let path = Endpoint.allCases.first { $0.path == request.uri.path }?.path ?? "other"
        let status = response.status.code
        metrics.endRequest(path: path, status: status, seconds: seconds)
        var facts: Logger.Metadata = [
            "method": "\(request.method.rawValue.prefix(16))", "path": "\(path)",
            "status": "\(status)", "ms": "\((seconds * 10000).rounded() / 10)",
        ]
        if context.work.texts > 0 {
            facts["texts"] = "\(context.work.texts)"
            facts["tokens"] = "\(context.work.tokens)"
        }
        context.logger.info("request", metadata: facts)
        return response
    }
}
