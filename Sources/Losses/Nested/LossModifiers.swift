import Settings
import Support
import Tensors

/// What is asked of a loss besides its value on whole embeddings: the same at fewer dimensions, or after fewer layers.
///
/// | Setting | Trains |
/// |---|---|
/// | `matryoshka_dims` | the first numbers of an embedding to be an embedding: Kusupati et al. 2022, arXiv:2205.13147 |
/// | `adaptive_layer` | the model to work when its upper layers are left out |
/// | both | the two together: Li et al. 2024, arXiv:2402.14776 |
///
/// They go around any loss that has no layer of its own; `MatryoshkaLoss` and `AdaptiveLayerLoss` of sentence-transformers
/// compute the same.
public struct LossModifiers: Settings, Equatable {
    /// The lengths at which the loss is computed; none for whole embeddings alone.
    public var dimensions: [Int] = []
    /// What the loss at each length is multiplied by; 1 for all when empty.
    public var dimensionWeights: [Float] = []
    /// How many of the lengths are drawn for each step; nil for all.
    public var dimensionsPerStep: Int?
    /// The loss after layers below the last; nil for none.
    public var adaptiveLayer = AdaptiveLayer()

    /// Creates the defaults, which leave a loss as it is.
    public init() {}

    /// Every setting, with its range and what it decides.
    public static let settings: [Setting<LossModifiers>] =
        [
            Setting(
                "matryoshka_dims", \.dimensions, 1...1_000_000,
                "Lengths at which the loss is computed too, so that embeddings can be cut to them."),
            Setting(
                "matryoshka_weights", \.dimensionWeights, .atLeast(0),
                "What the loss at each length counts; by default 1."),
            Setting(
                "n_dims_per_step", \.dimensionsPerStep, 1...1_000_000,
                "Lengths drawn for each step; by default all."),
        ] + AdaptiveLayer.settings.map { $0.inside(\.adaptiveLayer) }

    /// Whether a loss is left as it is.
    public var isEmpty: Bool { dimensions.isEmpty && !adaptiveLayer.isOn }
}

extension LossModifiers {
    /// Checks the values, and that they go with a loss.
    ///
    /// - Throws: `LossError`.
    public func check(_ module: LossModule) throws(LossError) {
        do throws(SettingError) { try validate() } catch { throw .settings(error) }
        func refuse(_ key: String, _ found: String, _ expected: String) -> LossError {
            .settings(.invalid(key: key, found: found, expected: expected))
        }
        if Set(dimensions).count < dimensions.count {
            throw refuse("matryoshka_dims", "\(dimensions)", "each length once")
        }
        let width = module.context.dimension
        if let long = dimensions.first(where: { $0 > width }) {
            throw refuse(
                "matryoshka_dims", "\(long)",
                "lengths up to that of the model's embeddings, \(width)")
        }
        if !dimensionWeights.isEmpty, dimensionWeights.count != dimensions.count {
            throw refuse(
                "matryoshka_weights", "\(dimensionWeights.count) numbers",
                "one for each of the \(dimensions.count) lengths in matryoshka_dims")
        }
        if let drawn = dimensionsPerStep, drawn > dimensions.count {
            throw refuse(
                "n_dims_per_step", "\(drawn)",
                "at most the number of lengths in matryoshka_dims, \(dimensions.count)")
        }
        if !adaptiveLayer.isOn, adaptiveLayer != AdaptiveLayer() {
            throw refuse(
                "adaptive_layer", "false",
                "true with n_layers_per_step and the like, or none of those")
        }
        if !dimensions.isEmpty,
            let layer = module.parameters.first(where: { $0.shape.rank > 1 })
        {
            throw .unusable(
                loss: module.name, needs: "whole embeddings",
                found: "matryoshka_dims cuts them, and \(layer.name) has the shape \(layer.shape)")
        }
    }

    /// The layers after which the model's embeddings are wanted in a step, in ascending order; nil for the last alone.
    public func layers(of count: Int, seed: UInt64) -> [Int]? {
        adaptiveLayer.isOn ? adaptiveLayer.layers(of: count, seed: seed) : nil
    }

    /// The loss of embeddings after each of the step's layers, the last one's at the end: of each [texts, dimension].
    ///
    /// - Parameter inner: The loss itself.
    public func callAsFunction(
        _ embeddings: [Tensor], layers: [Int], seed: UInt64, _ inner: (Tensor) -> Tensor
    ) -> Tensor {
        let drawn = drawnDimensions(seed: seed)
        func nested(_ x: Tensor) -> Tensor {
            guard !dimensions.isEmpty else { return inner(x) }
            let losses = drawn.map { index in
                let cut = x.slice(0..<dimensions[index], axis: 1).normalized()
                return inner(cut) * (dimensionWeights.isEmpty ? 1 : dimensionWeights[index])
            }
            return losses.dropFirst().reduce(losses[0], +)
        }
        guard adaptiveLayer.isOn else { return nested(embeddings[embeddings.count - 1]) }
        return adaptiveLayer(embeddings, layers: layers, nested)
    }

    private func drawnDimensions(seed: UInt64) -> [Int] {
        var order = Array(dimensions.indices)
        guard let count = dimensionsPerStep, count < order.count else { return order }
        var random = SplitMix64(seed: seed, stream: 1)
        random.shuffle(&order)
        return order.prefix(count).sorted()
    }
}
