import Foundation
import ModelFolders
import ModelLayout
import NeuralNetwork
import Serialization
import Support
import Tensors
import Tokenization

extension SentenceTransformer {
    /// Opens a model: a Hugging Face or sentence-transformers folder, or an HDF5 checkpoint.
    ///
    /// - Throws: A typed error that names the file and what is wrong with it.
    public convenience init(path: String) throws {
        let url = URL(filePath: path)
        guard FileManager.default.fileExists(atPath: path) else {
            throw ModelError.noModel(path: path)
        }
        if FileManager.default.folderExists(atPath: path) {
            try self.init(folder: url)
        } else {
            try self.init(copying: Checkpoint(url))
        }
    }

    /// Opens a Hugging Face or sentence-transformers folder with a BERT or DistilBERT.
    ///
    /// - Throws: `ModelFolderError`, `TokenizationError`, `SerializationError`, `HDF5Error`,
    ///   `ParameterError` or `ModelError`: nothing missing is ever filled in, but for the pooler that embeddings do not use.
    public convenience init(folder: URL) throws {
        let description = try ModelFolder(reading: folder)
        let weights = try Self.weights(
            description.weightsFile(in: folder.appending(path: description.encoderPath)))
        let encoder = try BertWeights(weights, of: description.encoder)
        let dense = try description.densePaths.map {
            try Self.weights(description.weightsFile(in: folder.appending(path: $0)))
        }
        let tokenizer = try BertTokenizer(description, in: folder)
        try self.init(
            description.configuration, tokenizer: tokenizer,
            pooling: Pooling(description.poolingModes, includesPrompt: description.poolsPrompt),
            modules: description.modules, settings: description.settings,
            maxSequenceLength: description.maxSequenceLength,
            source: .weights(ModuleWeights(encoder: encoder, dense: dense)))
        notes = tokenizer.vocabulary.notes.map { "\(folder.path): \($0)" }
        if embeddingDimension < wholeDimension {
            notes.append(
                "\(folder.path): embeddings are the first \(embeddingDimension) of \(wholeDimension) numbers (truncate_dim)"
            )
        }
        if !encoder.heads.isEmpty {
            let names = encoder.heads.prefix(3).joined(separator: ", ")
            let more = encoder.heads.count > 3 ? " and \(encoder.heads.count - 3) more" : ""
            notes.append(
                "\(weights.source): left out what is no part of the encoder: \(names)\(more)")
        }
    }

    /// The tokenizer of the model at a path, and the most tokens that the model reads; of a folder without the
    /// weights.
    ///
    /// - Throws: What `init(path:)` throws.
    public static func tokenizer(
        path: String
    ) throws -> (tokenizer: BertTokenizer, maxLength: Int) {
        if FileManager.default.folderExists(atPath: path) {
            let folder = URL(filePath: path)
            let description = try ModelFolder(reading: folder)
            return (try BertTokenizer(description, in: folder), description.maxSequenceLength)
        }
        let model = try SentenceTransformer(path: path)
        return (model.tokenizer, model.maxSequenceLength)
    }

    private static func weights(_ file: URL) throws -> any WeightReader {
        switch file.pathExtension {
        case "json": try ShardedWeights(index: file)
        case "bin": try PyTorchFile(file)
        case "h5": try KerasWeights(file)
        default: try SafetensorsFile(file)
        }
    }

    /// Writes a sentence-transformers folder in the layout that every reader of such folders understands.
    ///
    /// It is completed beside `folder` and then put in its place: a model that was there stays whole until
    /// the new one is. A folder that holds anything but such a model is not replaced.
    ///
    /// - Parameter modelCard: The text of `README.md`; without one there is no such file.
    /// - Throws: `NonFiniteError` or `ModelError` when a weight or an embedding is not finite, `SerializationError` when the folder cannot
    ///   be written. What was there is then unchanged.
    public func write(to folder: URL, modelCard: String? = nil) throws {
        try requireFinite()
        let description = ModelFolder(
            configuration: bert.configuration, poolingModes: pooling.modes,
            poolsPrompt: pooling.includesPrompt, modules: modules, settings: truncatedSettings,
            maxSequenceLength: maxSequenceLength)
        try AtomicFolder.write(to: folder, owns: ModelFolder.isWritten) { temporary in
            try description.write(to: temporary)
            try tokenizer.write(to: temporary, maxLength: maxSequenceLength)
            let prefixes = dense.indices.map(ModuleWeights.prefix)
            try SafetensorsFile.write(
                arrays { name in prefixes.contains(where: name.hasPrefix) ? nil : name },
                to: temporary.appending(path: "model.safetensors"))
            for (path, prefix) in zip(description.densePaths, prefixes) {
                let folder = temporary.appending(path: path)
                try SafetensorsFile.write(
                    arrays { name in
                        name.hasPrefix(prefix) ? String(name.dropFirst(prefix.count)) : nil
                    }, to: folder.appending(path: "model.safetensors"))
            }
            if let modelCard {
                try AtomicFile.write(
                    Data(modelCard.utf8), to: temporary.appending(path: "README.md"))
            }
        }
    }

    /// The settings with the length that embeddings are cut to now.
    var truncatedSettings: ModelSettings {
        settings.truncating(
            to: embeddingDimension == wholeDimension ? nil : embeddingDimension)
    }

    /// The parameters as arrays to be written, those that have a name in the file.
    private func arrays(named name: (String) -> String?) -> [OutgoingArray] {
        parameters.flatMap { parameter in
            parameter.parts.compactMap { part in
                name(part.name).map {
                    OutgoingArray(name: $0, shape: part.shape.array) { body in
                        try parameter.withValues(of: part, body)
                    }
                }
            }
        }
    }
}

extension BertTokenizer {
    /// The tokenizer of a model's folder, with lower-casing where the folder asks for it.
    init(_ description: ModelFolder, in folder: URL) throws(TokenizationError) {
        let plain = try BertTokenizer(folder: folder.appending(path: description.encoderPath))
        self = description.lowercasesText ? try plain.lowercasingText() : plain
    }
}
