import Foundation
import HDF5
import ModelFolders
import ModelLayout
import NeuralNetwork
import Serialization
import Settings
import Tokenization

/// A checkpoint: one HDF5 file with a model and, of a training run, everything needed to go on.
///
/// The layout is documented in `Checkpoints/FORMAT.md`; any HDF5 tool reads it.
public final class Checkpoint {
    static let formatName = "simile-checkpoint"
    static let formatVersion = 3
    /// Where a model that is saved alone has the head that predicts tokens; that of a run is with its task.
    static let headGroup = "language_model_head"

    /// The file.
    public let path: String
    let file: HDF5File

    /// Opens a checkpoint, once its digest shows that no bit of it has changed; that reads the whole file.
    ///
    /// Version 1 has no digest, so a file of it is opened like one from elsewhere; see `ForeignFile`.
    ///
    /// - Throws: `CheckpointError` when the file cannot be read, is damaged or is something else.
    public init(_ url: URL) throws(CheckpointError) {
        path = url.path
        if GitLFS.isPointer(url) { throw .gitLFSPointer(path: url.path) }
        do throws(HDF5Error) { file = try HDF5File(opening: url.path) } catch { throw .file(error) }
        let attributes = file.root.attributes
        guard (try? attributes.string("format")) == Self.formatName else {
            throw .notACheckpoint(path: path)
        }
        let version = (try? attributes.value("format_version", as: Int.self)) ?? 0
        guard version <= Self.formatVersion else {
            throw .laterVersion(path: path, found: version, supported: Self.formatVersion)
        }
        guard file.hasDigest || version == 1 else {
            throw .invalid(
                path: path, entry: "the file",
                reason: "version \(version) has a digest in its first 512 bytes; another program "
                    + "rewrote the file without")
        }
    }

    /// Whether the file has a digest, which then held when it was opened.
    public var hasDigest: Bool { file.hasDigest }

    /// The model as it was saved: one with adapters has them.
    ///
    /// - Parameter base: Opens the model that adapters belong to, by the path or name it had when the run began.
    /// - Throws: `CheckpointError`, `ParameterError` when weights are missing or misshapen, or `AdapterError` when
    ///   there is no base, or it is another one.
    public func model(
        base open: (String) throws -> SentenceTransformer = SentenceTransformer.plain
    ) throws -> SentenceTransformer {
        try isOfAdapters ? adaptedModel(open) : SentenceTransformer(copying: self)
    }

    /// The settings of the run.
    public func configuration() throws -> TrainingConfiguration {
        let text = try file.root.group(named: "training").attributes.string("configuration")
        do throws(SettingError) { return try TrainingConfiguration(json: text) } catch {
            throw CheckpointError.invalid(
                path: path, entry: "/training attribute configuration", reason: "\(error)")
        }
    }

    /// Where the run stood.
    public func state() throws -> TrainingState {
        try decode(try file.root.group(named: "training"), "state")
    }

    /// The number of threads the run had, on which its last bits depend when a BLAS library multiplies.
    public func threads() throws -> Int {
        try file.root.group(named: "training").attributes.value("threads")
    }

    /// Who multiplied, and what, on which the last bits of a run depend: `own`, `library`, `bfloat16` or `AMX bfloat16`.
    public func products() throws -> String {
        let attributes = try file.root.group(named: "training").attributes
        return try attributes.contains("products") ? attributes.string("products") : "library"
    }

    /// The recipe the run was started with, as it was given to `write`.
    public func recipe() throws -> String {
        try file.root.group(named: "training").attributes.string("recipe")
    }

    func decode<Value: Decodable>(_ group: borrowing Group, _ attribute: String) throws -> Value {
        let text = try group.attributes.string(attribute)
        do {
            return try JSONDecoder().decode(Value.self, from: Data(text.utf8))
        } catch {
            throw CheckpointError.invalid(
                path: path, entry: "\(group.path) attribute \(attribute)", reason: "\(error)")
        }
    }

    /// What comes after the pooling. Files of before there was a list have the dense layers, and whether embeddings are
    /// normalised after them.
    func modules(_ group: borrowing Group) throws -> [SentenceModule] {
        if try group.attributes.contains("modules") { return try decode(group, "modules") }
        let dense: [DenseConfiguration] =
            try group.attributes.contains("dense") ? decode(group, "dense") : []
        let end: [SentenceModule] = try group.attributes.bool("normalize") ? [.normalize] : []
        return dense.map { .dense($0) } + end
    }

    /// The model's settings; files of before there were any have none.
    func settings(_ group: borrowing Group) throws -> ModelSettings {
        guard try group.attributes.contains("settings") else { return ModelSettings() }
        let text = try group.attributes.string("settings")
        do { return try ModelSettings(json: text, source: "the settings") } catch {
            throw CheckpointError.invalid(
                path: path, entry: "/model attribute settings", reason: "\(error)")
        }
    }
}

extension SentenceTransformer {
    /// Opens the model of a checkpoint; adapters are merged.
    ///
    /// - Throws: What `Checkpoint.model` throws.
    public convenience init(
        copying checkpoint: Checkpoint,
        base open: (String) throws -> SentenceTransformer = SentenceTransformer.plain
    ) throws {
        if checkpoint.isOfAdapters {
            try self.init(copying: checkpoint.adaptedModel(open))
            return
        }
        let path = checkpoint.path
        let group = try checkpoint.file.root.group(named: "model")
        let modes = try group.attributes.strings("pooling").map { name in
            guard let mode = PoolingMode(rawValue: name) else {
                throw CheckpointError.invalid(
                    path: path, entry: "/model attribute pooling", reason: "unknown mode '\(name)'")
            }
            return mode
        }
        guard !modes.isEmpty else {
            throw CheckpointError.invalid(
                path: path, entry: "/model attribute pooling", reason: "no mode")
        }
        let configuration: BertConfiguration = try checkpoint.decode(group, "config")
        let modules = try checkpoint.modules(group)
        let settings = try checkpoint.settings(group)
        let poolsPrompt =
            try group.attributes.contains("pool_prompt")
            ? group.attributes.bool("pool_prompt") : true
        let length = try group.attributes.value("max_seq_length", as: Int.self)
        let tokenizerGroup = try checkpoint.file.root.group(named: "tokenizer")
        let tokenizer = try BertTokenizer(
            vocabulary: Vocabulary(
                tokens: try tokenizerGroup.dataset(named: "vocabulary").readStrings()),
            configuration: checkpoint.decode(tokenizerGroup, "config"),
            addedTokens: checkpoint.decode(tokenizerGroup, "added_tokens"),
            wordPieceCount: tokenizerGroup.attributes.value("word_piece_count"))
        let source = ParameterSource.weights(
            try CheckpointWeights(group, source: "\(path) /model"))
        do {
            try self.init(
                configuration, tokenizer: tokenizer,
                pooling: Pooling(modes, includesPrompt: poolsPrompt), modules: modules,
                settings: settings, maxSequenceLength: length, source: source)
            languageModelHead = try checkpoint.languageModelHead(for: bert)
        } catch let error as ConfigurationError {
            throw CheckpointError.invalid(
                path: path, entry: "an attribute of /model", reason: "\(error)")
        }
    }
}
