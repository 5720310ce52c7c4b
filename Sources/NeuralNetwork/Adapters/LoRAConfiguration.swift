import Settings

/// Which linear layers have low-rank adapters, and which, under the names and with the defaults of PEFT's `LoraConfig`.
public struct LoRAConfiguration: Settings, Equatable {
    /// Which biases are trained too.
    public enum Bias: String, Sendable, CaseIterable {
        /// None.
        case none
        /// Every bias of the encoder.
        case all
        /// Those of the adapted layers.
        case adapted = "lora_only"
    }

    /// The rank: the numbers between A and B.
    public var rank = 8
    /// α: the product of A and B is scaled by α / r.
    public var alpha: Float = 8
    /// The share of the inputs of A that are zeroed in training.
    public var dropout: Float = 0
    /// The ends of the adapted layers' names, whole levels: `dense` is every layer of this name.
    public var targetModules = ["query", "value"]
    /// Whether the product is scaled by α / √r instead (Kalajdzievski 2023, arXiv:2312.03732).
    public var usesRankStabilization = false
    /// Which biases are trained too.
    public var bias = Bias.none

    /// Creates the defaults.
    public init() {}

    /// Every setting.
    public static let settings = [
        Setting("r", \Self.rank, 1...1024, "The rank of the adapters."),
        Setting("lora_alpha", \Self.alpha, .above(0), "The adapters are scaled by this / r."),
        Setting(
            "lora_dropout", \Self.dropout, .fromUpTo(0, below: 1),
            "Dropout of what goes into the adapters."),
        Setting(
            "target_modules", \Self.targetModules,
            "Linear layers that have adapters, by the ends of their names; query and value by default."
        ),
        Setting(
            "use_rslora", \Self.usesRankStabilization,
            "Scale the adapters by lora_alpha / √r instead of lora_alpha / r."),
        Setting("bias", \Self.bias, "Which biases are trained too."),
    ]

    /// What the product of A and B is multiplied by.
    var scale: Float {
        alpha / (usesRankStabilization ? Float(rank).squareRoot() : Float(rank))
    }

    /// Whether a layer has an adapter, by its whole name.
    package func adapts(_ module: String) -> Bool {
        targetModules.contains { Self.target($0, names: module) }
    }

    /// Whether a target is the end of a layer's whole name.
    package static func target(_ target: String, names module: String) -> Bool {
        module == target || module.hasSuffix("." + target)
    }
}
