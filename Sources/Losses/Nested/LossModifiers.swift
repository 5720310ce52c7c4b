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
/// Cut embeddings are scaled to length 1 before the loss. They go around any loss; `matryoshka_dims`, around those without
/// a layer made for whole embeddings. `MatryoshkaLoss` and `AdaptiveLayerLoss` of sentence-transformers compute the same;
/// its `Matryoshka2dLoss` draws one length for each layer of a step, which is `n_dims_per_step: 1`.
public struct LossModifiers: Settings, Equatable {
    /// The lengths at which the loss is computed; none for whole embeddings alone.
    public var dimensions: [Int] = []
    /// What the loss at each length is multiplied by; 1 for all when empty.
    public var dimensionWeights: [Float] = []
    /// How many of the lengths are drawn for each step, and for each layer in it; -1 for all.
    public var dimensionsPerStep = -1
    /// The loss after layers below the last; off unless `isOn`.
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
                "n_dims_per_step", \.dimensionsPerStep, -1...1_000_000,
                "Lengths drawn for each step; -1: all."),
        ] + AdaptiveLayer.settings.map { $0.inside(\.adaptiveLayer) }
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
        if dimensionsPerStep == 0 || dimensionsPerStep > dimensions.count {
            throw refuse(
                "n_dims_per_step", "\(dimensionsPerStep)",
                "1 to the number of lengths in matryoshka_dims, \(dimensions.count), or -1 for all")
        }
        if adaptiveLayer.layersPerStep == 0 {
            throw refuse("n_layers_per_step", "0", "1 or more, or -1 for all")
        }
        if !adaptiveLayer.isOn, adaptiveLayer != AdaptiveLayer() {
            throw refuse(
                "adaptive_layer", "false",
                "true with n_layers_per_step and the like, or none of those")
        }
        if !dimensions.isEmpty, let loss = module.loss as? any Loss, !loss.takesCutEmbeddings {
            throw .unusable(
                loss: module.name, needs: "whole embeddings",
                found: "matryoshka_dims cuts them; leave it out, or take a loss without a layer")
        }
    }

    /// The layers after which the model's embeddings are wanted in a step, in ascending order; nil for the last alone.
    public func layers(of count: Int, seed: UInt64) -> [Int]? {
        adaptiveLayer.isOn ? adaptiveLayer.layers(of: count, seed: seed) : nil
    }

    /// The loss of embeddings after each of the step's layers, the last one's at the end: of each [texts, dimension].
    ///
    /// - Parameters:
    ///   - share: What part of the loss is wanted; those of all add up to it.
    ///   - inner: That part of the loss itself.
    public func callAsFunction(
        _ embeddings: [Tensor], layers: [Int], seed: UInt64, share: LossShare = .whole,
        _ inner: (Tensor) -> Tensor
    ) -> Tensor {
        func nested(_ x: Tensor, layer: Int) -> Tensor {
            guard !dimensions.isEmpty else { return inner(x) }
            let losses = drawnDimensions(seed: seed, layer: layer).map { index in
                let cut = x.slice(0..<dimensions[index], axis: 1).normalized()
                return inner(cut) * (dimensionWeights.isEmpty ? 1 : dimensionWeights[index])
            }
            return losses.dropFirst().reduce(losses[0], +)
        }
        guard adaptiveLayer.isOn else { return nested(embeddings[embeddings.count - 1], layer: 0) }
        return adaptiveLayer(embeddings, layers: layers, share: share) { nested($0, layer: $1) }
    }

    private func drawnDimensions(seed: UInt64, layer: Int) -> [Int] {
        var order = Array(dimensions.indices)
        guard dimensionsPerStep > 0 else { return order }
        var random = SplitMix64(seed: seed, stream: 1, epoch: layer)
        random.shuffle(&order)
        return order.prefix(dimensionsPerStep).sorted()
    }
}
