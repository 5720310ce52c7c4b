import Hummingbird

/// What there is to ask.
enum Endpoint: CaseIterable {
    case page
    case health
    case metrics
    case models
    case embeddings
    case rerank
    case rerankOfVersion1
    case tokenize

    var path: String {
        switch self {
        case .page: "/"
        case .health: "/health"
        case .metrics: "/metrics"
        case .models: "/v1/models"
        case .embeddings: "/v1/embeddings"
        case .rerank: "/rerank"
        case .rerankOfVersion1: "/v1/rerank"
        case .tokenize: "/tokenize"
        }
    }

    var method: HTTPRequest.Method {
        switch self {
        case .page, .health, .metrics, .models: .get
        case .embeddings, .rerank, .rerankOfVersion1, .tokenize: .post
        }
    }

    /// Whether it is answered without the key: it says nothing of the model, and makes it compute nothing.
    var isOpen: Bool { self == .page || self == .health }

    /// All of them in a phrase.
    static var overview: String {
        allCases.map { "\($0.method.rawValue) \($0.path)" }.joined(separator: ", ")
    }
}
