import Foundation
import JSON
import NeuralNetwork

/// What a Hugging Face or sentence-transformers folder says of its model, all but weights and vocabulary.
public struct ModelFolder: Sendable, Equatable {
    /// Which encoder the files hold.
    public let encoder: EncoderKind
    /// The encoder's shape.
    public let configuration: BertConfiguration
    /// How tokens are pooled.
    public let poolingModes: [PoolingMode]
    /// The dense layers after the pooling, in order.
    public let dense: [DenseConfiguration]
    /// The sub-folder of each dense layer.
    public let densePaths: [String]
    /// Whether embeddings are scaled to length 1.
    public let normalizes: Bool
    /// The most tokens of a sentence, both special tokens included.
    public let maxSequenceLength: Int
    /// Whether texts are put into lower case even if the tokenizer does not.
    public let lowercasesText: Bool

    /// Describes a model.
    public init(
        configuration: BertConfiguration, poolingModes: [PoolingMode],
        dense: [DenseConfiguration] = [], normalizes: Bool, maxSequenceLength: Int
    ) {
        encoder = .bert
        self.configuration = configuration
        self.poolingModes = poolingModes
        self.dense = dense
        densePaths = dense.indices.map(DenseConfiguration.folderName)
        self.normalizes = normalizes
        self.maxSequenceLength = maxSequenceLength
        lowercasesText = false
    }

    /// Reads a folder in the naming of any version of sentence-transformers, or of transformers alone.
    ///
    /// A folder without `modules.json` is a plain BERT: mean pooling, no normalisation.
    ///
    /// - Throws: `ModelFolderError` naming the file, the key, what it says and what is supported.
    public init(reading folder: URL) throws(ModelFolderError) {
        (encoder, configuration) = try Self.encoder(folder)
        let modules = try Self.modules(folder)
        normalizes = modules.normalizes
        if let path = modules.pooling {
            let hiddenSize = configuration.hiddenSize
            poolingModes = try Self.pooling(folder.appending(path: path), hiddenSize: hiddenSize)
        } else {
            poolingModes = [.mean]
        }
        densePaths = modules.dense
        dense = try Self.dense(
            modules.dense, in: folder, width: configuration.hiddenSize * poolingModes.count)

        // sentence-transformers reads the first two; all three are upper bounds.
        let sentence = try JSONFile.ifPresent(folder.appending(path: "sentence_bert_config.json"))
        let tokenizer = try JSONFile.ifPresent(folder.appending(path: "tokenizer_config.json"))
        let lengths = [
            try sentence?.double("max_seq_length"),
            try tokenizer?.double("model_max_length"),
            Double(configuration.maxPositionEmbeddings),
        ]
        let shortest = lengths.compactMap(\.self).min() ?? 512
        guard shortest >= 3 else {
            throw .contradiction(
                path: folder.path, key: "max_seq_length", found: "\(shortest)",
                expected: "3 or more tokens: two are special")
        }
        maxSequenceLength = Int(shortest)
        lowercasesText = try sentence?.bool("do_lower_case") ?? false
        try Self.requireNoDefaultPrompt(folder)
    }

    /// A prompt in front of every sentence would change the embeddings.
    private static func requireNoDefaultPrompt(_ folder: URL) throws(ModelFolderError) {
        let url = folder.appending(path: "config_sentence_transformers.json")
        guard let file = try JSONFile.ifPresent(url),
            let name = try file.string("default_prompt_name")
        else { return }
        let prompt = try file.object("prompts")?.string(name) ?? ""
        if !prompt.isEmpty {
            throw .unsupported(
                path: url.path, key: "default_prompt_name", found: "\(name) ('\(prompt)')",
                supported: "null; put the prompt in front of the sentences that are to have it")
        }
    }

    /// The files that weights are read from, the best first: safetensors, PyTorch's, Keras's.
    static let weightsFiles = [
        "model.safetensors", "model.safetensors.index.json", "pytorch_model.bin",
        "pytorch_model.bin.index.json", "tf_model.h5",
    ]

    /// The file with the weights: one file, or the index of several.
    ///
    /// - Throws: `ModelFolderError` naming other weights that are there and what to do with them.
    public func weightsFile(in folder: URL) throws(ModelFolderError) -> URL {
        let files = FileManager.default
        for name in Self.weightsFiles {
            let url = folder.appending(path: name)
            if files.fileExists(atPath: url.path) { return url }
        }
        for name in [
            "flax_model.msgpack", "model.ckpt.index", "rust_model.ot", "tf_model.h5.index.json",
        ]
        where files.fileExists(atPath: folder.appending(path: name).path) {
            throw .unsupported(
                path: folder.path, key: "the only file of weights", found: name,
                supported:
                    "model.safetensors, pytorch_model.bin and tf_model.h5 (load the model once with transformers and save it to convert it)"
            )
        }
        throw .missing(
            path: folder.appending(path: "model.safetensors").path, expected: "the model's weights")
    }

    /// The sub-folders of the pooling, if there is one, and of the dense layers, and whether embeddings
    /// are normalised.
    private static func modules(_ folder: URL) throws(ModelFolderError) -> (
        pooling: String?, dense: [String], normalizes: Bool
    ) {
        let url = folder.appending(path: "modules.json")
        guard FileManager.default.fileExists(atPath: url.path) else { return (nil, [], false) }
        let entries = try JSONValue(file: url, failure: ModelFolderError.self).elements
        guard let entries, entries.allSatisfy({ $0.members != nil }) else {
            throw .malformed(path: url.path, reason: "expected a list of modules")
        }
        var (kinds, pooling, dense): ([String], String?, [String]) = ([], nil, [])
        for entry in entries {
            guard let type = entry["type"]?.string, let path = entry["path"]?.string else {
                throw .malformed(path: url.path, reason: "a module has no type or path")
            }
            let kind = type.split(separator: ".").last.map(String.init) ?? type
            guard type.hasPrefix("sentence_transformers."),
                ["Transformer", "Pooling", "Dense", "Normalize"].contains(kind)
            else {
                throw .unsupported(
                    path: url.path, key: "a module", found: type,
                    supported: "Transformer, Pooling, Dense, Normalize")
            }
            guard !path.hasPrefix("/"), !path.split(separator: "/").contains("..") else {
                throw .malformed(path: url.path, reason: "the path '\(path)' leaves the folder")
            }
            if kind == "Transformer", !path.isEmpty, path != "." {
                throw .unsupported(
                    path: url.path, key: "the path of the Transformer", found: path,
                    supported: "the folder itself")
            }
            if kind == "Pooling" { pooling = path }
            if kind == "Dense" { dense.append(path) }
            kinds.append(kind)
        }
        let normalizes = kinds.last == "Normalize"
        let middle = repeatElement("Dense", count: dense.count)
        let end = normalizes ? ["Normalize"] : []
        guard kinds == ["Transformer", "Pooling"] + middle + end else {
            throw .unsupported(
                path: url.path, key: "the order of modules", found: kinds.joined(separator: ", "),
                supported: "Transformer, Pooling, any number of Dense, and optionally Normalize")
        }
        return (pooling, dense, normalizes)
    }

    private static func pooling(_ folder: URL, hiddenSize: Int) throws(ModelFolderError)
        -> [PoolingMode]
    {
        let url = folder.appending(path: "config.json")
        guard let file = try JSONFile.ifPresent(url) else {
            throw .missing(path: url.path, expected: "the pooling that modules.json names")
        }
        let widths = [
            try file.int("word_embedding_dimension"),
            try file.int("embedding_dimension"),
        ]
        let width = widths.compactMap(\.self).first ?? hiddenSize
        guard width == hiddenSize else {
            throw .contradiction(
                path: url.path, key: "embedding_dimension", found: "\(width)",
                expected: "\(hiddenSize), the hidden_size")
        }
        var modes: [PoolingMode] = []
        if let names = try newModes(file) {
            for name in names {
                guard let mode = PoolingMode(rawValue: name) else {
                    throw .unsupported(
                        path: url.path, key: "pooling_mode", found: name,
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
                path: url.path, key: "the pooling", found: "none switched on",
                supported: PoolingMode.allCases.map(\.legacyKey).joined(separator: ", "))
        }
        return modes
    }

    /// `pooling_mode`, of later versions: a name, or several joined or in a list.
    private static func newModes(_ file: JSONFile) throws(ModelFolderError) -> [String]? {
        try file.read("pooling_mode", "a name or a list of names") {
            $0.strings ?? $0.string?.split(separator: "+").map(String.init)
        }
    }
}
