import Serialization

/// What sentence vectors go through after the pooling.
public enum SentenceModule: Sendable, Equatable {
    /// A dense layer.
    case dense(DenseConfiguration)
    /// Scaling to length 1.
    case normalize
    /// Dropout with a probability, 0..<1, while the model is trained.
    case dropout(Float)

    /// The class in sentence-transformers.
    public var kind: String {
        switch self {
        case .dense: "Dense"
        case .normalize: "Normalize"
        case .dropout: "Dropout"
        }
    }
}

extension Sequence<SentenceModule> {
    /// The dense layers, in order.
    public var denseLayers: [DenseConfiguration] {
        compactMap { if case .dense(let layer) = $0 { layer } else { nil } }
    }

    /// Whether the vectors that come out have length 1.
    public var normalizes: Bool {
        reduce(false) { isNormalized, module in
            switch module {
            case .dense: false
            case .normalize: true
            case .dropout: isNormalized
            }
        }
    }
}

extension SentenceModule: Codable {
    private enum CodingKeys: String, CodingKey {
        case type, dropout
    }

    /// Reads a module: an object with its `type` and the keys of its `config.json`.
    public init(from decoder: any Decoder) throws {
        let keys = try decoder.container(keyedBy: CodingKeys.self)
        switch try keys.decode(String.self, forKey: .type) {
        case "Dense": self = .dense(try DenseConfiguration(from: decoder))
        case "Normalize": self = .normalize
        case "Dropout":
            let probability = try keys.decode(Float.self, forKey: .dropout)
            guard (0..<1).contains(probability) else {
                throw DecodingError.dataCorruptedError(
                    forKey: .dropout, in: keys, debugDescription: "not in 0..<1")
            }
            self = .dropout(probability)
        case let other:
            throw DecodingError.dataCorruptedError(
                forKey: .type, in: keys, debugDescription: "there is no module '\(other)'")
        }
    }

    /// Writes what `init(from:)` reads.
    public func encode(to encoder: any Encoder) throws {
        var keys = encoder.container(keyedBy: CodingKeys.self)
        try keys.encode(kind, forKey: .type)
        switch self {
        case .dense(let layer): try layer.encode(to: encoder)
        case .normalize: break
        case .dropout(let probability): try keys.encode(probability, forKey: .dropout)
        }
    }
}
