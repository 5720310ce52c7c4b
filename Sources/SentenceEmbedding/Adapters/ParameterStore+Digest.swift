import Digest
import NeuralNetwork
import Tensors

extension ParameterStore {
    /// SHA-256 of every name, shape and value in declaration order, in hexadecimal digits: two models with the same
    /// one have the same weights, whatever files they come from.
    var digest: String {
        let parts = flatMap { parameter in parameter.parts.map { (parameter, $0) } }
        let header = parts.map { "\($1.name) \($1.shape)\n" }.joined()
        var (index, offset) = (0, 0)
        let digest = Digest.sha256.computed(after: Array(header.utf8)) { buffer in
            while index < parts.count, offset == parts[index].1.shape.count {
                (index, offset) = (index + 1, 0)
            }
            guard index < parts.count else { return 0 }
            let (parameter, part) = parts[index]
            let width = MemoryLayout<Float>.stride
            let count = Swift.min(buffer.count / width, part.shape.count - offset)
            parameter.withValues(of: part) { values in
                values.extracting(offset..<offset + count).withUnsafeBytes {
                    buffer.copyMemory(from: $0)
                }
            }
            offset += count
            return count * width
        }
        guard let digest else { preconditionFailure("libcrypto computes no SHA-256") }
        return digest.map { byte in
            (byte < 16 ? "0" : "") + String(byte, radix: 16)
        }.joined()
    }
}
