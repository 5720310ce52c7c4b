import Digest
import Foundation
import Support
import Tensors

extension SentenceTransformer {
    /// The SHA-256, in hexadecimal digits, of all that an embedding depends on: weights, tokenizer, modules, maximal
    /// length and the prompt in front of every text.
    func contentDigest() throws -> String {
        var stream = DigestStream(.sha256)
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        func add(_ value: some Encodable) throws {
            stream.add(String(decoding: try encoder.encode(value), as: UTF8.self))
        }
        try add(bert.configuration)
        try add(tokenizer.configuration)
        try add(tokenizer.addedTokens)
        try add(tokenizer.vocabulary.tokens)
        try add([tokenizer.wordPieceCount, maxSequenceLength, embeddingDimension])
        try add(pooling.modes.map(\.rawValue))
        try add(["\(pooling.includesPrompt)", "\(modules)", settings.similarity.rawValue, prompt])
        for array in arrays {
            stream.add(array.name)
            try array.withValues { values in
                values.withUnsafeBufferPointer { stream.add(UnsafeRawBufferPointer($0)) }
            }
        }
        return String(hexadecimal: stream.finished())
    }
}
