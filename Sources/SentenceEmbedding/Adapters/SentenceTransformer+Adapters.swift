import Foundation
import ModelFolders
import ModelLayout
import Serialization
import Support
import Tensors
import Tokenization

extension SentenceTransformer {
    /// Opens a model that is no adapter of another one: what adapters may have as their base.
    ///
    /// - Throws: What `init(path:)` throws, and `AdapterError.nested`.
    public static func plain(path: String) throws -> SentenceTransformer {
        try SentenceTransformer(path: path) { _ in throw AdapterError.nested(path: path) }
    }

    /// Whether what is at a path is adapters of another model.
    static func isOfAdapters(path: String) throws -> Bool {
        let url = URL(filePath: path)
        if FileManager.default.folderExists(atPath: path) { return AdapterFolder.isAdapter(url) }
        guard FileManager.default.mayExist(atPath: path) else { return false }
        return try Checkpoint(url).isOfAdapters
    }

    /// Opens a folder in PEFT's layout: the base model with the adapters merged into its weights. What the folder says of
    /// tokenizer and pooling, as those of sentence-transformers do, counts more than what the base's says.
    ///
    /// - Parameter open: Opens the base by its path or name.
    /// - Throws: `ModelFolderError` for adapters of another kind or with an option that is not implemented;
    ///   `AdapterError.noBase` when the base cannot be opened; `ParameterError` when the weights do not fit it;
    ///   `ManifestError` for files other than those that were written.
    convenience init(
        adapters folder: URL, base open: (String) throws -> SentenceTransformer
    ) throws {
        let description = try AdapterFolder(reading: folder)
        let base = description.basePath(from: folder)
        let model = try AdapterError.opening(base, of: folder.path, open)
        let weights = PEFTWeights(try SafetensorsFile(AdapterFolder.weights(in: folder)))
        var configuration = description.configuration
        // Biases come with the weights, be it those of query alone, which cannot be trained alone.
        configuration.bias = .none
        if configuration.targetModules.isEmpty { configuration.targetModules = weights.modules }
        // As PEFT has it, some targets may be names of other models' layers.
        let known = configuration.targetModules.filter(model.hasLinearLayer)
        if !known.isEmpty { configuration.targetModules = known }
        do throws(AdapterError) {
            try model.addAdapters(configuration, base: base, seed: 0)
        } catch { throw ModelFolderError.malformed(path: folder.path, reason: "\(error)") }
        try model.adapters?.parameters.read(
            from: SelectedWeights(weights, where: PEFTWeights.isAdapter))
        let biases = SelectedWeights(weights) { !PEFTWeights.isAdapter($0) }
        let own = try AdapterFolder.description(
            in: folder, base: (model.encoder, model.bert.configuration))
        try self.init(
            model.bert.configuration,
            tokenizer: own.map { try BertTokenizer($0, in: folder) } ?? model.tokenizer,
            pooling: own.map { Pooling($0.poolingModes, includesPrompt: $0.poolsPrompt) }
                ?? model.pooling,
            modules: own?.modules ?? model.modules, settings: own?.settings ?? model.settings,
            maxSequenceLength: own?.maxSequenceLength ?? model.maxSequenceLength,
            source: .weights(OverlaidWeights(biases, over: ParameterWeights(model))))
        // Last: what is wrong with a file is better said by who understands it.
        _ = try ModelManifest.check(folder)
        notes = model.notes
    }

    /// Writes the adapters, without the base, in PEFT's layout.
    ///
    /// - Throws: `SerializationError` when the folder cannot be written; what was there is then unchanged.
    public func writeAdapters(to folder: URL) throws {
        guard let adapters else { preconditionFailure("the model has no adapters") }
        try requireFinite()
        let description = AdapterFolder(
            configuration: adapters.configuration, base: adapters.base)
        let adapted = Set(adapters.list.map { $0.module + ".bias" })
        try AtomicFolder.write(to: folder, owns: AdapterFolder.isWritten) { temporary in
            try description.write(to: temporary)
            try SafetensorsFile.write(
                adapters.trained.flatMap { parameter in
                    parameter.parts.map { part in
                        OutgoingArray(
                            name: PEFTWeights.original(
                                part.name, isOfAdaptedLayer: adapted.contains(part.name)),
                            shape: part.shape.array
                        ) { try parameter.withValues(of: part, $0) }
                    }
                }, to: AdapterFolder.weights(in: temporary))
            try ModelManifest.write(
                for: temporary, except: AdapterFolder.configurationFile)
        }
    }
}
