import Hummingbird
import NIOCore
import Synchronization

/// What the server did so far, in numbers.
final class ServerMetrics: Sendable {
    private struct Route: Hashable {
        let path: String
        let status: Int
    }

    private struct State {
        var open = 0
        var requests: [Route: Int] = [:]
        var seconds: [String: Histogram] = [:]
        var batchTexts = Histogram([1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024])
        var batchTokens = Histogram([16, 32, 64, 128, 256, 512, 1024, 2048, 4096, 8192, 16384])
        var batchSeconds = Histogram(ServerMetrics.secondBounds)
    }

    private static let secondBounds = [
        0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60,
    ]

    private let state = Mutex(State())
    private let model: (name: String, dimension: Int)

    init(model: String, dimension: Int) { self.model = (model, dimension) }

    func beginRequest() { state.withLock { $0.open += 1 } }

    func endRequest(path: String, status: Int, seconds: Double) {
        state.withLock {
            $0.open -= 1
            $0.requests[Route(path: path, status: status), default: 0] += 1
            $0.seconds[path, default: Histogram(Self.secondBounds)].record(seconds)
        }
    }

    func recordBatch(texts: Int, tokens: Int, seconds: Double) {
        state.withLock {
            $0.batchTexts.record(Double(texts))
            $0.batchTokens.record(Double(tokens))
            $0.batchSeconds.record(seconds)
        }
    }

    /// All of it with what waits now, as Prometheus reads it.
    func text(_ depth: (texts: Int, tokens: Int)) -> String {
        let state = self.state.withLock { $0 }
        var page = PrometheusText()
        page.begin("simile_model_info", "gauge", "The model that is served.")
        page.add(
            "simile_model_info", 1, [("model", model.name), ("dimension", "\(model.dimension)")])
        page.begin("simile_requests_open", "gauge", "Requests being answered, this one too.")
        page.add("simile_requests_open", Double(state.open))
        page.begin("simile_requests_total", "counter", "Requests that were answered.")
        for (route, count) in state.requests.sorted(by: {
            ($0.key.path, $0.key.status) < ($1.key.path, $1.key.status)
        }) {
            page.add(
                "simile_requests_total", Double(count),
                [("route", route.path), ("status", "\(route.status)")])
        }
        page.begin(
            "simile_request_duration_seconds", "histogram",
            "Seconds from a request's head to its answer.")
        for (path, histogram) in state.seconds.sorted(by: { $0.key < $1.key }) {
            page.add("simile_request_duration_seconds", histogram, [("route", path)])
        }
        page.begin("simile_queue_texts", "gauge", "Texts that wait to be computed.")
        page.add("simile_queue_texts", Double(depth.texts))
        page.begin("simile_queue_tokens", "gauge", "Tokens of the texts that wait.")
        page.add("simile_queue_tokens", Double(depth.tokens))
        page.begin("simile_batch_texts", "histogram", "Texts computed together.")
        page.add("simile_batch_texts", state.batchTexts)
        page.begin("simile_batch_tokens", "histogram", "Tokens computed together.")
        page.add("simile_batch_tokens", state.batchTokens)
        page.begin("simile_batch_duration_seconds", "histogram", "Seconds that a batch took.")
        page.add("simile_batch_duration_seconds", state.batchSeconds)
        page.begin("simile_texts_total", "counter", "Texts that were computed.")
        page.add("simile_texts_total", state.batchTexts.sum)
        page.begin("simile_tokens_total", "counter", "Tokens that were computed.")
        page.add("simile_tokens_total", state.batchTokens.sum)
        return page.text
    }

    func response(_ depth: (texts: Int, tokens: Int)) -> Response {
        Response(
            status: .ok, headers: [.contentType: "text/plain; version=0.0.4; charset=utf-8"],
            body: ResponseBody(byteBuffer: ByteBuffer(string: text(depth))))
    }
}
