import ModelLayout
import NeuralNetwork
import Tensors

/// The parameters of a model as a source of weights for another.
struct ParameterWeights: WeightReader {
    let source = "another model"
    let names: [String]
    private let parts: [String: (parameter: Parameter, part: Parameter.Part)]

    init(_ parameters: ParameterStore) {
        let all = parameters.flatMap { parameter in parameter.parts.map { (parameter, $0) } }
        names = all.map(\.1.name)
        parts = Dictionary(uniqueKeysWithValues: zip(names, all))
    }

    func shape(of name: String) -> [Int]? { parts[name]?.part.shape.array }

    func read(_ name: String, into buffer: inout MutableSpan<Float>) {
        guard let (parameter, part) = parts[name] else { return }
        parameter.withValues(of: part) { values in
            for i in values.indices { buffer[i] = values[i] }
        }
    }
}
