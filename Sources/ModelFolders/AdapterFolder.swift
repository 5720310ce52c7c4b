import Foundation
import JSON
import ModelLayout
import NeuralNetwork
import Serialization
import Settings
import Support

/// What PEFT's `adapter_config.json` says of low-rank adapters; beside it lie their weights.
public struct AdapterFolder: Sendable, Equatable {
    /// Which layers have adapters, and which.
    public let configuration: LoRAConfiguration
    /// The base model as the file names it: a path, or a name on a hub.
    public let base: String

    /// Its configuration, which names the base by a path: who moves that edits it.
    package static let configurationFile = "adapter_config.json"
    private static let weightsFile = "adapter_model.safetensors"
    /// A layer that PEFT adapts where its name fits, but that embeddings do not depend on.
    private static let pooler = "pooler.dense"
    /// Keys that change nothing of what is computed with finished adapters.
    private static let ignored = [
        "peft_type", "peft_version", "base_model_name_or_path", "task_type", "auto_mapping",
        "inference_mode", "revision", "fan_in_fan_out", "megatron_core", "qalora_group_size",
        "ensure_weight_tying", "init_lora_weights", "exclude_modules",
    ]
    /// What A and B may have been at the start without the base being another than the one named.
    private static let initialValues: [JSONValue] = [
        .null, true, false, "gaussian", "eva", "orthogonal",
    ]

    /// Describes adapters.
    public init(configuration: LoRAConfiguration, base: String) {
        self.configuration = configuration
        self.base = base
    }

    /// Whether a folder is one of adapters.
    public static func isAdapter(_ folder: URL) -> Bool {
        FileManager.default.mayExist(atPath: folder.appending(path: configurationFile).path)
    }

    /// What a folder of sentence-transformers says beside its adapters of tokenizer, pooling and what follows; nil
    /// without `modules.json`, where the base says it.
    ///
    /// - Throws: `ModelFolderError`, also for dense layers, which adapters come without.
    public static func description(
        in folder: URL, base: (EncoderKind, BertConfiguration)
    ) throws(ModelFolderError) -> ModelFolder? {
        let modules = folder.appending(path: "modules.json")
        guard FileManager.default.mayExist(atPath: modules.path) else { return nil }
        let description = try ModelFolder(reading: folder, base: base)
        guard description.densePaths.isEmpty else {
            throw .unsupported(
                path: modules.path, key: "a module", found: "Dense",
                supported: "Transformer, Pooling, Normalize and Dropout beside adapters")
        }
        return description
    }

    /// Whether a file is one of those that adapters are written as.
    public static func isWritten(_ path: String) -> Bool {
        [configurationFile, weightsFile, ModelFolder.manifestName].contains(path)
    }

    /// The file with the weights.
    public static func weights(in folder: URL) -> URL { folder.appending(path: weightsFile) }

    /// Reads a folder; where the layers are given by a regular expression, `targetModules` is empty.
    ///
    /// - Throws: `ModelFolderError` for another kind of adapter, and for an option that is not implemented, by its name.
    public init(reading folder: URL) throws(ModelFolderError) {
        let url = folder.appending(path: Self.configurationFile)
        guard let file = try ModelFolder.file(url) else {
            throw .missing(path: url.path, expected: "the configuration of adapters")
        }
        func unsupported(
            _ key: String, _ found: JSONValue, _ supported: String
        ) -> ModelFolderError {
            .unsupported(path: url.path, key: key, found: found.summary, supported: supported)
        }
        let kind = try file.string("peft_type") ?? "absent"
        guard kind == "LORA" else { throw unsupported("peft_type", .string(kind), "LORA") }
        guard let base = try file.string("base_model_name_or_path"), !base.isEmpty else {
            throw .missing(
                path: url.path,
                expected: "base_model_name_or_path, the model that the adapters belong to")
        }
        let (start, excluded) = (file.value["init_lora_weights"], file.value["exclude_modules"])
        guard Self.initialValues.contains(start ?? .null) else {
            throw unsupported(
                "init_lora_weights", start ?? .null, "true: others change the base model too")
        }
        guard [nil, .null, .string(Self.pooler), [.string(Self.pooler)]].contains(excluded) else {
            throw unsupported("exclude_modules", excluded ?? .null, Self.pooler)
        }
        var settings: [JSONValue.Member] = []
        for member in file.members where !Self.ignored.contains(member.key) {
            if LoRAConfiguration.keys.contains(member.key) {
                settings.append(member.key == "target_modules" ? Self.targets(member) : member)
            } else if ![.null, false, "", [], .object([])].contains(member.value) {
                throw unsupported(member.key, member.value, "none of it")
            }
        }
        do throws(SettingError) {
            configuration = try LoRAConfiguration(.object(settings), path: "")
        } catch { throw .malformed(path: url.path, reason: "\(error)") }
        self.base = base
    }

    /// The targets without the pooler; none for a regular expression.
    private static func targets(_ member: JSONValue.Member) -> JSONValue.Member {
        if member.value.string != nil { return .init(member.key, []) }
        guard let names = member.value.strings else { return member }
        return .init(member.key, .array(names.filter { $0 != pooler }.map(JSONValue.string)))
    }

    /// Where the base model is: relative to the folder if it is there, else as it is named.
    public func basePath(from folder: URL) -> String {
        let near = folder.appending(path: base).standardizedFileURL.path
        return !base.hasPrefix("/") && FileManager.default.mayExist(atPath: near) ? near : base
    }

    /// Writes the configuration; equal ones make equal bytes.
    ///
    /// - Throws: `SerializationError.unwritable`.
    public func write(to folder: URL) throws {
        var keys: [String: JSONValue] = [
            "alpha_pattern": [:], "auto_mapping": .null,
            "base_model_name_or_path": .string(base), "fan_in_fan_out": false,
            "inference_mode": true, "init_lora_weights": true, "layers_pattern": .null,
            "layers_to_transform": .null, "modules_to_save": .null, "peft_type": "LORA",
            "rank_pattern": [:], "revision": .null, "task_type": "FEATURE_EXTRACTION",
        ]
        for member in configuration.value.members ?? [] { keys[member.key] = member.value }
        if configuration.adapts(Self.pooler) { keys["exclude_modules"] = [.string(Self.pooler)] }
        try AtomicFile.write(
            Data(JSONValue.sorted(keys).text.utf8),
            to: folder.appending(path: Self.configurationFile))
    }
}

/// The arrays of adapters in PEFT's file, under the names that they have here.
///
/// `base_model.model.encoder.layer.0.attention.self.query.lora_A.weight` is the layer's name without the beginning; the
/// bias of an adapted layer is called `base_layer.bias`. Adapters of the pooler are left out.
public struct PEFTWeights: WeightReader {
    private let arrays: RenamedWeights
    private static let start = "base_model.model."

    /// Wraps the names of a file.
    public init(_ file: any WeightReader) {
        let pairs = file.names.map { (Self.name($0), $0) }
            .filter { !($0.0.hasPrefix("pooler.") && Self.isAdapter($0.0)) }
        arrays = RenamedWeights(
            file, names: pairs.map(\.0),
            originals: Dictionary(pairs, uniquingKeysWith: { first, _ in first }))
    }

    /// The layers that have adapters, in the order of their names.
    public var modules: [String] {
        Set(
            names.compactMap { name in
                name.firstRange(of: ".lora_").map { String(name[..<$0.lowerBound]) }
            }
        ).sorted()
    }

    /// The names of the arrays, in the file's order.
    public var names: [String] { arrays.names }
    /// The file's path.
    public var source: String { arrays.source }
    /// The shape stored under a name.
    public func shape(of name: String) -> [Int]? { arrays.shape(of: name) }

    /// Fills `buffer` with an array.
    public func read(_ name: String, into buffer: inout MutableSpan<Float>) throws {
        try arrays.read(name, into: &buffer)
    }

    /// Whether an array is a part of an adapter, and not a bias of the model.
    public static func isAdapter(_ name: String) -> Bool { name.contains(".lora_") }

    /// The name in PEFT's file of an array of ours.
    public static func original(_ name: String, isOfAdaptedLayer: Bool) -> String {
        start + (isOfAdaptedLayer ? name.dropLast("bias".count) + "base_layer.bias" : name)
    }

    private static func name(_ original: String) -> String {
        guard original.hasPrefix(start) else { return original }
        return BertWeights.canonical(String(original.dropFirst(start.count)), of: .bert)
            .replacing(".base_layer.", with: ".")
    }
}
