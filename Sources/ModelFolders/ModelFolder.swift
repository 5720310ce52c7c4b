import Foundation
import JSON
import ModelLayout
import NeuralNetwork
import Serialization
import Support

/// What a Hugging Face or sentence-transformers folder says of its model, all but weights and vocabulary.
public struct ModelFolder: Sendable, Equatable {
    /// Which encoder the files hold.
    public let encoder: EncoderKind
    /// The sub-folder of the encoder and the tokenizer, such as `0_Transformer`; mostly empty.
    public let encoderPath: String
    /// The encoder's shape.
    public let configuration: BertConfiguration
    /// How tokens are pooled.
    public let poolingModes: [PoolingMode]
    /// Whether the tokens of a prompt are pooled with the text's.
    public let poolsPrompt: Bool
    /// What comes after the pooling, in order.
    public let modules: [SentenceModule]
    /// The sub-folder of each dense layer.
    public let densePaths: [String]
    /// How embeddings are compared, and the prompts.
    public let settings: ModelSettings
    /// The most tokens of a sentence, both special tokens included.
    public let maxSequenceLength: Int
    /// Whether texts are put into lower case even if the tokenizer does not.
    public let lowercasesText: Bool

    /// Describes a model.
    public init(
        configuration: BertConfiguration, poolingModes: [PoolingMode], poolsPrompt: Bool = true,
        modules: [SentenceModule], settings: ModelSettings = ModelSettings(),
        maxSequenceLength: Int
    ) {
        encoder = .bert
        encoderPath = ""
        self.configuration = configuration
        self.poolingModes = poolingModes
        self.poolsPrompt = poolsPrompt
        self.modules = modules
        densePaths = zip(Self.paths(of: modules), modules)
            .compactMap { path, module in module.kind == "Dense" ? path : nil }
        self.settings = settings
        self.maxSequenceLength = maxSequenceLength
        lowercasesText = false
    }

    /// The sub-folders that modules after the pooling are written to.
    static func paths(of modules: [SentenceModule]) -> [String] {
        modules.enumerated().map { "\($0.offset + 2)_\($0.element.kind)" }
    }

    /// Reads a folder in the naming and layout of any version of sentence-transformers, or of transformers alone.
    ///
    /// A folder without `modules.json` is a plain BERT: mean pooling, no normalisation.
    ///
    /// - Parameter base: The encoder, where the folder has none: it is of adapters.
    /// - Throws: `ModelFolderError` naming the file, the key, what it says and what is supported.
    public init(
        reading folder: URL, base: (EncoderKind, BertConfiguration)? = nil
    ) throws(ModelFolderError) {
        let modules = try Self.modules(folder)
        encoderPath = modules.encoder?.path ?? ""
        let encoderFolder = folder.appending(path: encoderPath)
        (encoder, configuration) =
            if let base { base } else {
                try Self.encoder(encoderFolder, module: modules.encoder)
            }
        let hiddenSize = configuration.hiddenSize
        if let pooling = modules.pooling {
            (poolingModes, poolsPrompt) = try Self.pooling(
                folder.appending(path: pooling.path), hiddenSize: hiddenSize)
        } else {
            (poolingModes, poolsPrompt) = ([.mean], true)
        }
        self.modules = try Self.read(
            modules.others, in: folder, width: hiddenSize * poolingModes.count)
        densePaths = modules.others.filter { $0.kind == "Dense" }.map(\.path)
        let settings = try Self.file(folder.appending(path: "config_sentence_transformers.json"))
        self.settings = if let settings { try ModelSettings(settings) } else { ModelSettings() }
        (maxSequenceLength, lowercasesText) = try Self.texts(
            encoderFolder, positions: configuration.maxPositionEmbeddings)
    }

    /// How long texts may be, and whether they are put into lower case.
    ///
    /// What is stated for sentence-transformers counts; only where it states nothing does the tokenizer's limit.
    /// Neither makes more of the positions than there are.
    private static func texts(
        _ folder: URL, positions: Int
    ) throws(ModelFolderError) -> (maxLength: Int, lowercases: Bool) {
        var settings: JSONFile?
        for name in ModelFiles.encoderSettings where settings == nil {
            settings = try file(folder.appending(path: name))
        }
        var stated = try settings?.double("max_seq_length").map { (settings, "max_seq_length", $0) }
        if stated == nil {
            let tokenizer = try file(folder.appending(path: "tokenizer_config.json"))
            // The second is what the first was called until 2020.
            for key in ["model_max_length", "max_len"] where stated == nil {
                stated = try tokenizer?.double(key).map { (tokenizer, key, $0) }
            }
        }
        let length = min(stated?.2 ?? .infinity, Double(positions))
        guard length >= 3 else {
            throw .contradiction(
                path: stated?.0?.file ?? folder.appending(path: "config.json").path,
                key: stated?.1 ?? "max_position_embeddings", found: "\(length)",
                expected: "3 or more tokens: two are special")
        }
        return (Int(length), try settings?.bool("do_lower_case") ?? false)
    }

    /// Reads a file of JSON if there is one.
    static func file(_ url: URL) throws(ModelFolderError) -> JSONFile? {
        try requireNoPointer(url)
        return try JSONFile.ifPresent(url)
    }

    /// Refuses what Git leaves in place of a large file.
    static func requireNoPointer(_ url: URL) throws(ModelFolderError) {
        if GitLFS.isPointer(url) { throw .gitLFSPointer(path: url.path) }
    }

    /// The file with the weights: one file, or the index of several.
    ///
    /// - Throws: `ModelFolderError` naming other weights that are there and what to do with them.
    public func weightsFile(in folder: URL) throws(ModelFolderError) -> URL {
        let files = FileManager.default
        for name in ModelFiles.weights {
            let url = folder.appending(path: name)
            guard files.mayExist(atPath: url.path) else { continue }
            try Self.requireNoPointer(url)
            return url
        }
        for name in [
            "flax_model.msgpack", "model.ckpt.index", "rust_model.ot", "tf_model.h5.index.json",
        ]
        where files.mayExist(atPath: folder.appending(path: name).path) {
            throw .unsupported(
                path: folder.path, key: "the only file of weights", found: name,
                supported:
                    "model.safetensors, pytorch_model.bin and tf_model.h5 (load the model once with transformers and save it to convert it)"
            )
        }
        throw .missing(
            path: folder.appending(path: "model.safetensors").path, expected: "the model's weights")
    }
}
