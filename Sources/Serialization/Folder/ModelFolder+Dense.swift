import Foundation
import NeuralNetwork

extension ModelFolder {
    /// Reads the `config.json` of dense layers that follow one another after a pooling of `width`.
    static func dense(
        _ paths: [String], in folder: URL, width: Int
    ) throws(ModelFolderError) -> [DenseConfiguration] {
        var (layers, width): ([DenseConfiguration], Int) = ([], width)
        for path in paths {
            let url = folder.appending(path: path).appending(path: "config.json")
            guard let file = try JSONFile.ifPresent(url) else {
                throw .missing(path: url.path, expected: "the dense layer that modules.json names")
            }
            let layer = try layer(file)
            do throws(ConfigurationError) { try layer.validate(width: width) } catch {
                throw .contradiction(
                    path: url.path, key: error.key, found: error.found, expected: error.expected)
            }
            layers.append(layer)
            width = layer.outputs
        }
        return layers
    }

    private static func layer(_ file: JSONFile) throws(ModelFolderError) -> DenseConfiguration {
        func size(_ key: String) throws(ModelFolderError) -> Int {
            guard let size = try file.int(key) else {
                throw .malformed(path: file.file, reason: "\(key) is missing, expected a number")
            }
            return size
        }
        // A layer may also work on token vectors, or add its input to its output.
        for key in ["module_input_name", "module_output_name"] {
            let name = try file.string(key) ?? "sentence_embedding"
            guard name == "sentence_embedding" else {
                throw .unsupported(
                    path: file.file, key: key, found: name, supported: "sentence_embedding")
            }
        }
        if try file.bool("use_residual") == true {
            throw .unsupported(
                path: file.file, key: "use_residual", found: "true", supported: "false")
        }
        let usual = DenseConfiguration.Activation.tanh
        let name = try file.string("activation_function") ?? usual.pythonName
        guard let activation = DenseConfiguration.Activation(pythonName: name) else {
            throw .unsupported(
                path: file.file, key: "activation_function", found: name,
                supported: DenseConfiguration.Activation.allCases.map(\.pythonName)
                    .joined(separator: ", "))
        }
        return DenseConfiguration(
            inputs: try size("in_features"), outputs: try size("out_features"),
            hasBias: try file.bool("bias") ?? true, activation: activation)
    }
}
