import Serialization

/// A model's arrays by the names they have in checkpoints, to be written into other formats.
struct NamedArrays {
    private let arrays: [String: OutgoingArray]

    init(_ model: SentenceTransformer) {
        arrays = Dictionary(model.arrays.map { ($0.name, $0) }, uniquingKeysWith: { $1 })
    }

    /// The array with a name that every BERT of this project has.
    subscript(name: String) -> OutgoingArray {
        guard let array = arrays[name] else { preconditionFailure("the model has no \(name)") }
        return array
    }
}
