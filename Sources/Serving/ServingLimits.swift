import SentenceEmbedding
import Settings

/// What a server refuses, how long it waits, and how much it computes at a time.
public struct ServingLimits: Settings {
    /// Bytes in the body of a request.
    public var maxBodyBytes = 4 << 20
    /// Texts in a request.
    public var maxInputs = 2048
    /// Tokens computed at a time, of however many requests.
    public var batchTokens = SentenceTransformer.defaultTokensPerBatch
    /// Milliseconds that a batch waits for as many requests as the one before had.
    public var batchWait = 2.0
    /// Tokens that may wait; a request beyond them is refused, unless it is the only one.
    public var maxWaitingTokens = 262_144
    /// Seconds for a body to arrive, and again for its embeddings.
    public var timeout = 60.0
    /// Connections; others wait to be accepted.
    public var maxConnections = 1024

    /// Every setting.
    public static let settings: [Setting<ServingLimits>] = [
        Setting(
            "max_body_bytes", \.maxBodyBytes, 1024...1 << 30, "The most bytes of a request's body"),
        Setting("max_inputs", \.maxInputs, 1...1_000_000, "The most texts of a request"),
        Setting(
            "batch_tokens", \.batchTokens, 1...1 << 24,
            "Tokens computed at a time, of as many requests as there are"),
        Setting(
            "batch_wait", \.batchWait, .from(0, to: 60_000),
            "Milliseconds that a batch waits for as many requests as the one before had"),
        Setting(
            "max_waiting_tokens", \.maxWaitingTokens, 1...1 << 40,
            "Tokens that may wait; what comes then is told to come again later"),
        Setting(
            "timeout", \.timeout, .from(0.001, to: 86_400),
            "Seconds for a request's body to arrive, and again for its answer"),
        Setting(
            "max_connections", \.maxConnections, 1...1 << 20,
            "Connections at a time; others wait to be accepted"),
    ]

    /// Creates the defaults.
    public init() {}
}
