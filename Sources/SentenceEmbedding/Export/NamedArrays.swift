import Serialization

/// A model's arrays by the names they have in checkpoints, to be written into other formats.
struct NamedArrays {
    private let arrays: [String: OutgoingArray]

    init(_ model: SentenceTransformer) {
        var arrays: [String: OutgoingArray] = [:]
        for parameter in model.parameters {
            for part in parameter.parts {
                arrays[part.name] = OutgoingArray(name: part.name, shape: part.shape.array) {
                    try parameter.withValues(of: part, $0)
                }
            }
        }
        self.arrays = arrays
    }

    /// The array with a name that every BERT of this project has.
    subscript(name: String) -> OutgoingArray {
        guard let array = arrays[name] else { preconditionFailure("the model has no \(name)") }
        return array
    }
}
