import Foundation
import ModelFolders
import ModelLayout
import NeuralNetwork
import Serialization
import Support
import Tokenization

extension SentenceTransformer {
    /// Opens a model: a Hugging Face or sentence-transformers folder, an HDF5 checkpoint, or adapters in PEFT's layout
    /// or in a checkpoint, which are merged into the weights of the model they belong to.
    ///
    /// - Parameter base: Opens that model, by its path or the name it has in the file.
    /// - Throws: A typed error that names the file and what is wrong with it.
    public convenience init(
        path: String, base open: (String) throws -> SentenceTransformer = SentenceTransformer.plain
    ) throws {
        let path = expandingHome(path)
        let url = URL(filePath: path)
        guard FileManager.default.mayExist(atPath: path) else {
            throw ModelError.noModel(path: path)
        }
        if !FileManager.default.folderExists(atPath: path) {
            try self.init(copying: Checkpoint(url), base: open)
        } else if AdapterFolder.isAdapter(url) {
            try self.init(adapters: url, base: open)
        } else {
            try self.init(folder: url)
        }
    }

    /// Opens a Hugging Face or sentence-transformers folder with a BERT or DistilBERT.
    ///
    /// One that Simile wrote has a manifest, with which its files are compared.
    ///
    /// - Throws: `ModelFolderError`, `TokenizationError`, `SerializationError`, `HDF5Error`,
    ///   `ParameterError`, `ManifestError` or `ModelError`: nothing missing is ever filled in, but for the pooler that embeddings do not use.
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
        self.encoder = description.encoder
        // Last: what is wrong with a file is better said by who understands it.
        if let manifest = try ModelManifest(folder) {
            try manifest.check(.model)
        } else {
            try requireWholeVocabulary(folder)
        }
        notes = tokenizer.vocabulary.notes.map { "\(folder.path): \($0)" }
        if embeddingDimension < wholeDimension {
            notes.append(
                "\(folder.path): embeddings are the first \(embeddingDimension) of \(wholeDimension) numbers (truncate_dim)"
            )
        }
        var heads = encoder.heads
        if let head = try LanguageModelHeadWeights(
            weights, encoder: encoder, of: description.encoder, description.configuration)
        {
            languageModelHead = try MaskedLanguageModelHead(reading: head, of: bert)
            heads.removeAll(where: head.originalNames.contains)
        }
        if !heads.isEmpty {
            let names = heads.prefix(3).joined(separator: ", ")
            let more = heads.count > 3 ? " and \(heads.count - 3) more" : ""
            notes.append(
                "\(weights.source): left out what is no part of the encoder: \(names)\(more)")
        }
    }

    /// Refuses a vocabulary that ends before the weights do, as one that was cut off: the tokens that it lacks would be
    /// spelt in others, and nothing would tell.
    private func requireWholeVocabulary(_ folder: URL) throws {
        let (tokens, rows) = (tokenizer.vocabularySize, bert.configuration.vocabularySize)
        guard tokens >= rows else {
            throw ModelError.vocabularyTooSmall(path: folder.path, tokens: tokens, rows: rows)
        }
    }

    /// The tokenizer of the model at a path, and the most tokens that the model reads; of a folder without the
    /// weights.
    ///
    /// - Throws: What `init(path:)` throws.
    public static func tokenizer(
        path: String,
        base open: (String) throws -> SentenceTransformer = SentenceTransformer.plain
    ) throws -> (tokenizer: BertTokenizer, maxLength: Int) {
        let path = expandingHome(path)
        let folder = URL(filePath: path)
        if FileManager.default.folderExists(atPath: path), !AdapterFolder.isAdapter(folder) {
            let description = try ModelFolder(reading: folder)
            let tokenizer = try BertTokenizer(description, in: folder)
            try ModelManifest(folder)?.check(.descriptions)
            return (tokenizer, description.maxSequenceLength)
        }
        let model = try SentenceTransformer(path: path, base: open)
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
    /// With a head that predicts tokens it is also a folder of transformers' `BertForMaskedLM`.
    ///
    /// It is completed beside `folder` and then put in its place: a model that was there stays whole until
    /// the new one is. A folder that holds anything but such a model is not replaced.
    ///
    /// - Parameters:
    ///   - modelCard: The text of `README.md`; without one there is no such file.
    ///   - onnx: The precision of an ONNX model, `onnx/model.onnx`; without one there is no such file.
    /// - Throws: `NonFiniteError` or `ModelError` when a weight or an embedding is not finite, `SerializationError` when the folder cannot
    ///   be written. What was there is then unchanged.
    public func write(
        to folder: URL, modelCard: String? = nil, onnx: ONNXPrecision? = nil
    ) throws {
        try requireFinite()
        let description = ModelFolder(
            configuration: bert.configuration, poolingModes: pooling.modes,
            poolsPrompt: pooling.includesPrompt, modules: modules, settings: truncatedSettings,
            maxSequenceLength: maxSequenceLength)
        try AtomicFolder.write(to: folder, owns: ModelFolder.isWritten) { temporary in
            let head = languageModelHead?.parameters ?? []
            try description.write(
                to: temporary, architecture: head.isEmpty ? "BertModel" : "BertForMaskedLM")
            try tokenizer.write(to: temporary, maxLength: maxSequenceLength)
            let prefixes = dense.indices.map(ModuleWeights.prefix)
            let prefix = head.isEmpty ? "" : "bert."
            try SafetensorsFile.write(
                arrays.named { name in
                    prefixes.contains(where: name.hasPrefix) ? nil : prefix + name
                } + head.flatMap(\.arrays),
                to: temporary.appending(path: "model.safetensors"))
            for (path, prefix) in zip(description.densePaths, prefixes) {
                let folder = temporary.appending(path: path)
                try SafetensorsFile.write(
                    arrays.named { name in
                        name.hasPrefix(prefix) ? String(name.dropFirst(prefix.count)) : nil
                    }, to: folder.appending(path: "model.safetensors"))
            }
            if let onnx {
                let inside = temporary.appending(path: "onnx")
                try AtomicFolder.make(inside)
                try writeONNX(to: inside.appending(path: "model.onnx"), precision: onnx)
            }
            try ModelManifest.write(for: temporary)
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
}

extension MaskedLanguageModelHead {
    /// The head that some weights are, for an encoder.
    ///
    /// - Throws: `ParameterError` when they are not those of a head of the encoder's shape.
    init(reading weights: any WeightReader, of bert: Bert) throws {
        let store = ParameterStore(source: .weights(weights))
        self.init(bert.configuration, words: bert.wordEmbeddings, in: store.root)
        try store.validate()
    }
}

extension BertTokenizer {
    /// The tokenizer of a model's folder, with lower-casing where the folder asks for it.
    init(_ description: ModelFolder, in folder: URL) throws(TokenizationError) {
        let plain = try BertTokenizer(folder: folder.appending(path: description.encoderPath))
        self = description.lowercasesText ? try plain.lowercasingText() : plain
    }
}
