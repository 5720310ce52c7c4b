import Foundation
import NeuralNetwork
import Serialization
import Tensors
import Tokenization

extension SentenceTransformer {
    /// Opens a model: a Hugging Face or sentence-transformers folder, or an HDF5 checkpoint.
    ///
    /// - Throws: A typed error that names the file and what is wrong with it.
    public convenience init(path: String) throws {
        let url = URL(filePath: path)
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else {
            throw ModelError.noModel(path: path)
        }
        if isFolder.boolValue {
            try self.init(folder: url)
        } else {
            try self.init(copying: Checkpoint(url))
        }
    }

    /// Opens a Hugging Face or sentence-transformers folder with a BERT.
    ///
    /// - Throws: `ModelFolderError`, `TokenizationError`, `SerializationError`, `HDF5Error`,
    ///   `ParameterError` or `ModelError`: nothing missing is ever filled in, but for the pooler that embeddings do not use.
    public convenience init(folder: URL) throws {
        let description = try ModelFolder(reading: folder)
        let file = try description.weightsFile(in: folder)
        let weights: any WeightReader =
            switch file.pathExtension {
            case "json": try ShardedWeights(index: file)
            case "bin": try PyTorchFile(file)
            case "h5": try KerasWeights(file)
            default: try SafetensorsFile(file)
            }
        try self.init(
            description.configuration, tokenizer: try BertTokenizer(folder: folder),
            pooling: Pooling(description.poolingModes), normalizes: description.normalizes,
            maxSequenceLength: description.maxSequenceLength,
            source: .weights(try BertWeights(weights)))
    }

    /// Writes a sentence-transformers folder in the layout that every reader of such folders understands.
    ///
    /// It is completed beside `folder` and then put in its place: a model that was there stays whole until
    /// the new one is.
    ///
    /// - Parameter modelCard: The text of `README.md`; without one there is no such file.
    /// - Throws: `SerializationError` when the folder cannot be written.
    public func write(to folder: URL, modelCard: String? = nil) throws {
        let description = ModelFolder(
            configuration: bert.configuration, poolingModes: pooling.modes, normalizes: normalizes,
            maxSequenceLength: maxSequenceLength)
        try AtomicFolder.write(to: folder) { temporary in
            try description.write(to: temporary)
            try tokenizer.write(to: temporary, maxLength: maxSequenceLength)
            let arrays = parameters.flatMap { parameter in
                parameter.parts.map { part in
                    OutgoingArray(name: part.name, shape: part.shape.array) { body in
                        try parameter.withValues(of: part, body)
                    }
                }
            }
            try SafetensorsFile.write(arrays, to: temporary.appending(path: "model.safetensors"))
            if let modelCard {
                try AtomicFile.write(
                    Data(modelCard.utf8), to: temporary.appending(path: "README.md"))
            }
        }
    }
}
