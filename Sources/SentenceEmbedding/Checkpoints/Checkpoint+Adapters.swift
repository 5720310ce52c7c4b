import HDF5
import ModelLayout
import NeuralNetwork
import Settings
import Tensors

/// What a checkpoint of adapters holds in place of a model: what is trained, and which model it belongs to.
extension Checkpoint {
    /// Whether the checkpoint holds adapters, and of the model only which one they belong to.
    public var isOfAdapters: Bool { (try? file.root.contains("adapters")) == true }

    /// The base model with the adapters of the checkpoint, not merged.
    func adaptedModel(_ open: (String) throws -> SentenceTransformer) throws -> SentenceTransformer
    {
        let group = try file.root.group(named: "adapters")
        let text = try group.attributes.string("config")
        let configuration: LoRAConfiguration
        do throws(SettingError) { configuration = try LoRAConfiguration(json: text) } catch {
            throw invalid("config", "\(error)")
        }
        let base = try group.attributes.string("base")
        let digest = try group.attributes.string("base_digest")
        let model = try AdapterError.opening(base, of: path, open)
        do throws(AdapterError) {
            try model.addAdapters(configuration, base: base, seed: 0)
        } catch { throw invalid("config", "\(error)") }
        guard let adapters = model.adapters, adapters.baseDigest == digest else {
            throw AdapterError.otherBase(path: path, base: base)
        }
        try restore(adapters)
        let length = try group.attributes.value("max_seq_length", as: Int.self)
        guard (3...model.bert.configuration.maxPositionEmbeddings).contains(length) else {
            throw invalid("max_seq_length", "\(length)")
        }
        model.maxSequenceLength = length
        model.languageModelHead = try languageModelHead(for: model.bert)
        return model
    }

    /// Gives adapters the values that they have in the checkpoint.
    func restore(_ adapters: Adapters) throws {
        try adapters.trained.read(
            from: CheckpointWeights(
                file.root.group(named: "adapters"), source: "\(path) /adapters"))
    }

    static func write(
        _ adapters: Adapters, of model: SentenceTransformer, in root: borrowing Group
    ) throws {
        let group = try root.createGroup("adapters")
        try group.attributes.set("config", to: adapters.configuration.json)
        try group.attributes.set("base", to: adapters.base)
        try group.attributes.set("base_digest", to: adapters.baseDigest)
        try group.attributes.set("max_seq_length", to: model.maxSequenceLength)
        try group.write(adapters.trained)
    }

    private func invalid(_ attribute: String, _ reason: String) -> CheckpointError {
        .invalid(path: path, entry: "/adapters attribute \(attribute)", reason: reason)
    }
}
