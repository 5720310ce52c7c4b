import Foundation
import Hummingbird
import HummingbirdCore
import JSON
import Logging
import NIOCore
import SentenceEmbedding
import ServiceLifecycle

/// Serves embeddings of a model over HTTP, as OpenAI's API has them.
///
/// ```swift
/// let server = try EmbeddingServer(SentenceEncoder(path: "model"), names: ["model"])
/// try await server.run(port: 8080) { port in print("http://127.0.0.1:\(port)") }
/// ```
public struct EmbeddingServer: Sendable {
    let endpoints: Endpoints
    private let key: AccessKey?
    let logger: Logger

    /// Prepares a server, which computes nothing before it is asked.
    ///
    /// - Parameters:
    ///   - names: What requests may call the model, at least one; answers have the first.
    ///   - key: What requests must carry; nil for nothing.
    ///   - logger: Gets a line for each request, in which nothing of its texts is.
    /// - Throws: `SettingError` for a limit outside its range, and `ModelError.promptTooLong`.
    public init(
        _ encoder: SentenceEncoder, names: [String], limits: ServingLimits = ServingLimits(),
        key: AccessKey? = nil, logger: Logger = Logger(label: "simile")
    ) throws {
        try limits.validate()
        let model = try ServedModel(encoder, names: names)
        let metrics = ServerMetrics(model: model.name, dimension: encoder.dimension)
        let queue = EncodingQueue(limits: limits, dimension: encoder.dimension, metrics: metrics) {
            encoder.encode($0, unpooledTokens: $1, tokensPerBatch: limits.batchTokens).values
        }
        endpoints = Endpoints(
            model: model, limits: limits, queue: queue, metrics: metrics, page: Page(),
            created: Int(Date.now.timeIntervalSince1970))
        self.key = key
        self.logger = logger
    }

    /// Answers requests until SIGTERM or SIGINT comes, and then those that have begun.
    ///
    /// - Parameters:
    ///   - host: The address or the name of the interface to listen at.
    ///   - port: 0 for one that is free.
    ///   - onListening: Is told the port when requests are answered.
    /// - Throws: `ServerError.cannotListen`.
    public func run(
        host: String = "127.0.0.1", port: Int,
        onListening: @escaping @Sendable (_ port: Int) -> Void = { _ in }
    ) async throws {
        defer { endpoints.queue.stop() }
        var configuration = ApplicationConfiguration(
            address: .hostname(host, port: port), serverName: "simile")
        configuration.availableConnectionsDelegate =
            MaximumAvailableConnections(endpoints.limits.maxConnections)
        // Later than the answer that a body did not come in time.
        let idle = TimeAmount.nanoseconds(Int64(2 * endpoints.limits.timeout * 1e9))
        let application = Application(
            router: endpoints.router(key: key),
            server: .http1(configuration: .init(idleTimeout: idle)),
            configuration: configuration,
            onServerRunning: { channel in onListening(channel.localAddress?.port ?? port) },
            logger: logger)
        var group = ServiceGroupConfiguration(
            services: [.init(service: application)],
            gracefulShutdownSignals: [.sigterm, .sigint], logger: logger)
        group.maximumGracefulShutdownDuration = .seconds(2 * endpoints.limits.timeout)
        do { try await ServiceGroup(configuration: group).run() } catch let error as IOError {
            throw ServerError.cannotListen(
                host: host, port: port, reason: String(cString: strerror(error.errnoCode)))
        } catch is SocketAddressError.UnknownHost {
            throw ServerError.cannotListen(host: host, port: port, reason: "no such host")
        }
    }
}

/// Why a server does not start.
public enum ServerError: Error, Equatable, LocalizedError, CustomStringConvertible {
    /// The address or the port cannot be had.
    case cannotListen(host: String, port: Int, reason: String)

    /// What happened and what to do.
    public var description: String {
        switch self {
        case .cannotListen(let host, let port, let reason):
            "cannot listen at \(host), port \(port): \(reason); give another port or host, or stop what uses it"
        }
    }

    /// `description`
    public var errorDescription: String? { description }
}
