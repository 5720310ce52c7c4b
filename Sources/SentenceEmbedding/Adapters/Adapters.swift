import NeuralNetwork
import Support
import Tensors

/// The low-rank adapters of a model, which are trained in place of its weights.
public struct Adapters {
    /// Which layers have adapters, and which.
    public let configuration: LoRAConfiguration
    /// The adapters in the order of their layers.
    public let list: [LoRA]
    /// The biases of the encoder that are trained too.
    public let biases: [Parameter]
    /// The path or the name of the model that the adapters belong to.
    public let base: String
    /// SHA-256 of that model's weights, in hexadecimal digits.
    public let baseDigest: String

    /// The parameters that the adapters are made of.
    public var parameters: [Parameter] { list.flatMap { [$0.a, $0.b] } }
    /// Everything that is trained: with the base, all that the model is.
    public var trained: [Parameter] { parameters + biases }

    /// The adapter of an array of the model, if it has one.
    func adapter(of part: Parameter.Part) -> LoRA? { list.first { $0.part.name == part.name } }
}

extension SentenceTransformer {
    /// Gives the encoder adapters that change nothing yet, and freezes everything else but the biases that the
    /// configuration names.
    ///
    /// - Parameters:
    ///   - base: Where this model comes from: a path, or a name on a hub.
    ///   - seed: Decides the first values.
    /// - Throws: `AdapterError` when no layer has a name that the configuration gives; nothing is changed then.
    public func addAdapters(
        _ configuration: LoRAConfiguration, base: String, seed: UInt64
    ) throws(AdapterError) {
        precondition(adapters == nil, "the model has adapters already: merge them first")
        let layers = bert.linearLayers
        try Self.check(configuration, layers)
        let baseDigest = parameters.digest
        let store = ParameterStore(source: .random(seed: seed))
        var list: [LoRA] = []
        for layer in layers {
            let own = layer.weight.parts.filter { configuration.adapts(LoRA.module(of: $0)) }
                .map { LoRA(configuration, of: $0, in: store) }
            layer.setAdapters(own)
            list += own
        }
        let biases: [Parameter] =
            switch configuration.bias {
            case .none: []
            case .all: parameters.filter(Self.isBiasOfTheEncoder)
            case .adapted:
                layers.filter { layer in
                    layer.weight.parts.contains { configuration.adapts(LoRA.module(of: $0)) }
                }.map(\.bias)
            }
        for parameter in parameters { parameter.isFrozen = true }
        for bias in biases { bias.isFrozen = false }
        adapters = Adapters(
            configuration: configuration, list: list, biases: biases, base: base,
            baseDigest: baseDigest)
    }

    /// Adds the adapters to the weights they belong to, and lets go of them; everything can be trained again.
    public func mergeAdapters() {
        guard let adapters else { return }
        for parameter in parameters {
            for part in parameter.parts {
                guard let adapter = adapters.adapter(of: part) else { continue }
                parameter.setValues(of: part) { adapter.merge(into: &$0) }
            }
            parameter.isFrozen = false
        }
        for layer in bert.linearLayers { layer.setAdapters([]) }
        self.adapters = nil
    }

    /// Whether a linear layer of the encoder has a name that ends with a target.
    func hasLinearLayer(_ target: String) -> Bool {
        bert.linearLayers.contains { layer in
            layer.weight.parts.contains {
                LoRAConfiguration.target(target, names: LoRA.module(of: $0))
            }
        }
    }

    /// Every parameter that training may change: those of the model and of its adapters.
    public var allParameters: [Parameter] { Array(parameters) + (adapters?.parameters ?? []) }

    /// Whether PEFT trains a parameter with `bias: all`; dense layers after the pooling are not its business.
    private static func isBiasOfTheEncoder(_ parameter: Parameter) -> Bool {
        parameter.parts.allSatisfy { part in
            part.name.hasSuffix(".bias")
                && ["embeddings.", "encoder.", "pooler."].contains(where: part.name.hasPrefix)
        }
    }

    private static func check(
        _ configuration: LoRAConfiguration, _ layers: [Linear]
    ) throws(AdapterError) {
        if configuration.targetModules.isEmpty { throw .noTargets }
        let modules = layers.flatMap { $0.weight.parts.map(LoRA.module) }
        for target in configuration.targetModules {
            if modules.contains(where: { LoRAConfiguration.target(target, names: $0) }) {
                continue
            }
            let ends = modules.flatMap { module in
                let levels = module.split(separator: ".")
                return levels.indices.reversed().map { levels[$0...].joined(separator: ".") }
            }
            throw .unknownTarget(
                name: target, suggestion: closestName(to: target, among: ends))
        }
        guard configuration.bias == .adapted else { return }
        for layer in layers {
            let parts = layer.weight.parts.map(LoRA.module)
            let adapted = parts.filter(configuration.adapts)
            if !adapted.isEmpty, adapted.count < parts.count {
                throw .biasesOfAPart(adapted: adapted, all: parts)
            }
        }
    }
}
