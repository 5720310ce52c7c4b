import Foundation
import JSON
import ModelLayout
import NeuralNetwork
import Serialization
import Support

extension ModelFolder {
    /// The modules of a folder by what they do.
    struct Modules {
        /// The encoder; nil without `modules.json`.
        var encoder: ModelFiles.Module?
        /// The pooling; nil without `modules.json`.
        var pooling: ModelFiles.Module?
        /// What comes after the pooling, in order.
        var others: [ModelFiles.Module] = []
    }

    /// Reads `modules.json`, if there is one.
    static func modules(_ folder: URL) throws(ModelFolderError) -> Modules {
        let url = folder.appending(path: "modules.json")
        guard FileManager.default.mayExist(atPath: url.path) else { return Modules() }
        try requireNoPointer(url)
        let entries = try JSONValue(file: url, failure: ModelFolderError.self)
        guard let elements = entries.elements, elements.allSatisfy({ $0.members != nil }) else {
            throw .malformed(path: url.path, reason: "expected a list of modules")
        }
        for entry in elements {
            guard entry["type"]?.string != nil, let path = entry["path"]?.string else {
                throw .malformed(path: url.path, reason: "a module has no type or path")
            }
            guard ModelFiles.modules(.array([entry])) != nil else {
                throw .malformed(path: url.path, reason: "the path '\(path)' leaves the folder")
            }
        }
        let modules = ModelFiles.modules(entries) ?? []
        for module in modules {
            guard module.type.hasPrefix("sentence_transformers."),
                module.isEncoder
                    || ["Pooling", "Dense", "Normalize", "Dropout"]
                        .contains(module.kind)
            else {
                throw .unsupported(
                    path: url.path, key: "a module", found: module.type,
                    supported: "Transformer, Pooling, Dense, Normalize, Dropout")
            }
        }
        guard modules.count >= 2, modules[0].isEncoder, modules[1].kind == "Pooling",
            modules.dropFirst(2).allSatisfy({ !$0.isEncoder && $0.kind != "Pooling" })
        else {
            throw .unsupported(
                path: url.path, key: "the order of modules",
                found: modules.map(\.kind).joined(separator: ", "),
                supported:
                    "Transformer, Pooling, then any number of Dense, Normalize and Dropout")
        }
        return Modules(
            encoder: modules[0], pooling: modules[1], others: Array(modules.dropFirst(2)))
    }

    /// Reads the `config.json` of what follows a pooling of `width`.
    static func read(
        _ modules: [ModelFiles.Module], in folder: URL, width: Int
    ) throws(ModelFolderError) -> [SentenceModule] {
        var (result, width): ([SentenceModule], Int) = ([], width)
        for module in modules {
            let url = folder.appending(path: module.path).appending(path: "config.json")
            switch module.kind {
            case "Dense":
                let layer = try denseLayer(required(url, "the dense layer"), width: width)
                width = layer.outputs
                result.append(.dense(layer))
            case "Dropout":
                let file = try required(url, "the dropout")
                let probability = try file.double("dropout") ?? 0.2
                guard (0..<1).contains(probability) else {
                    throw file.invalid("dropout", expected: "0..<1")
                }
                result.append(.dropout(Float(probability)))
            default: result.append(.normalize)
            }
        }
        return result
    }

    private static func required(_ url: URL, _ what: String) throws(ModelFolderError) -> JSONFile {
        guard let file = try file(url) else {
            throw .missing(path: url.path, expected: "\(what) that modules.json names")
        }
        return file
    }

    private static func denseLayer(
        _ file: JSONFile, width: Int
    ) throws(ModelFolderError) -> DenseConfiguration {
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
        let layer = DenseConfiguration(
            inputs: try size("in_features"), outputs: try size("out_features"),
            hasBias: try file.bool("bias") ?? true, activation: activation)
        do throws(ConfigurationError) { try layer.validate(width: width) } catch {
            throw .contradiction(
                path: file.file, key: error.key, found: error.found, expected: error.expected)
        }
        return layer
    }

    /// Reads the pooling's `config.json`: the modes, and whether tokens of a prompt are pooled.
    static func pooling(
        _ folder: URL, hiddenSize: Int
    ) throws(ModelFolderError) -> (modes: [PoolingMode], includesPrompt: Bool) {
        let file = try required(folder.appending(path: "config.json"), "the pooling")
        let widths = [
            try file.int("word_embedding_dimension"),
            try file.int("embedding_dimension"),
        ]
        let width = widths.compactMap(\.self).first ?? hiddenSize
        guard width == hiddenSize else {
            throw .contradiction(
                path: file.file, key: "embedding_dimension", found: "\(width)",
                expected: "\(hiddenSize), the hidden_size")
        }
        var modes: [PoolingMode] = []
        if let names = try newModes(file) {
            for name in names {
                guard let mode = PoolingMode(rawValue: name) else {
                    throw .unsupported(
                        path: file.file, key: "pooling_mode", found: name,
                        supported: PoolingMode.allCases.map(\.rawValue).joined(separator: ", "))
                }
                modes.append(mode)
            }
        } else {
            for mode in PoolingMode.allCases {
                if try file.bool(mode.legacyKey) == true { modes.append(mode) }
            }
        }
        guard !modes.isEmpty else {
            throw .unsupported(
                path: file.file, key: "the pooling", found: "none switched on",
                supported: PoolingMode.allCases.map(\.legacyKey).joined(separator: ", "))
        }
        return (modes, try file.bool("include_prompt") ?? true)
    }

    /// `pooling_mode`, of later versions: a name, or several joined or in a list.
    private static func newModes(_ file: JSONFile) throws(ModelFolderError) -> [String]? {
        try file.read("pooling_mode", "a name or a list of names") {
            $0.strings ?? $0.string?.split(separator: "+").map(String.init)
        }
    }
}
