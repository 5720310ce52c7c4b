import Foundation
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
        let weights = try Self.weights(description.weightsFile(in: folder))
        let dense = try description.densePaths.map {
            try Self.weights(description.weightsFile(in: folder.appending(path: $0)))
        }
        let tokenizer = try BertTokenizer(folder: folder)
        try self.init(
            description.configuration,
            tokenizer: description.lowercasesText ? tokenizer.lowercasingText() : tokenizer,
            pooling: Pooling(description.poolingModes), dense: description.dense,
            normalizes: description.normalizes,
            maxSequenceLength: description.maxSequenceLength,
            source: .weights(
                ModuleWeights(
                    encoder: try BertWeights(weights, of: description.encoder), dense: dense)))
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
    /// - Throws: `NonFiniteError` when a weight is NaN or infinite, `SerializationError` when the folder cannot
    ///   be written. What was there is then unchanged.
    public func write(to folder: URL, modelCard: String? = nil) throws {
        try parameters.requireFinite()
        let description = ModelFolder(
            configuration: bert.configuration, poolingModes: pooling.modes,
            dense: dense.map(\.configuration), normalizes: normalizes,
            maxSequenceLength: maxSequenceLength)
        try AtomicFolder.write(to: folder, owns: ModelFolder.isWritten) { temporary in
            try description.write(to: temporary)
            try tokenizer.write(to: temporary, maxLength: maxSequenceLength)
            let prefixes = dense.indices.map(ModuleWeights.prefix)
            try SafetensorsFile.write(
                arrays { name in prefixes.contains(where: name.hasPrefix) ? nil : name },
                to: temporary.appending(path: "model.safetensors"))
            for (index, prefix) in prefixes.enumerated() {
                let folder = temporary.appending(path: DenseConfiguration.folderName(index))
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
