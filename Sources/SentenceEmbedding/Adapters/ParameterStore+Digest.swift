import Digest
import NeuralNetwork
import Support
import Tensors

extension ParameterStore {
    /// SHA-256 of every name, shape and value in declaration order, in hexadecimal digits: two models with the same
    /// one have the same weights, whatever files they come from.
    var digest: String {
        var stream = DigestStream(.sha256)
        for parameter in self {
            for part in parameter.parts {
                stream.add("\(part.name) \(part.shape)")
                parameter.withValues(of: part) { values in
                    values.withUnsafeBufferPointer { stream.add(UnsafeRawBufferPointer($0)) }
                }
            }
        }
        return String(hexadecimal: stream.finished())
    }
}
