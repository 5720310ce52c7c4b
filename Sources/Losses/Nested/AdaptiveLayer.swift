import Foundation
import Settings
import Support
import Tensors

/// The loss after layers below the last, and how far their embeddings are from the last one's.
///
/// `last_layer_weight` · the last layer's loss + `prior_layers_weight` · the mean of those of the layers below, each with
/// its weight, + `kl_div_weight` · T · the sum over these of the Kullback-Leibler divergence of softmax(embedding / T) from
/// the last layer's, which takes no gradient. Li et al. 2024, arXiv:2402.14776. Layer 0 is what the encoder's embeddings
/// give.
public struct AdaptiveLayer: Settings, Equatable {
    /// How much a layer counts among those below the last.
    public enum Weighting: String, Sendable, CaseIterable {
        /// All the same.
        case uniform
        /// Layer i: 1 / (1 + ln(1 + i)).
        case log
        /// Layer i: 1 / (1 + i).
        case linear
    }

    /// Whether layers below the last are trained.
    public var isOn = false
    /// How many of them are drawn for each step; -1 for all.
    public var layersPerStep = 1
    /// What the last layer's loss is multiplied by.
    public var lastLayerWeight: Float = 1
    /// What the mean of the others' losses is multiplied by.
    public var priorLayersWeight: Float = 1
    /// What their divergence is multiplied by.
    public var divergenceWeight: Float = 1
    /// The temperature of the divergence; 0 for none.
    public var temperature: Float = 0.3
    /// How much each of them counts.
    public var weighting: Weighting = .uniform

    /// Creates the defaults: off.
    public init() {}

    /// Every setting, with its range and what it decides.
    public static let settings: [Setting<AdaptiveLayer>] = [
        Setting(
            "adaptive_layer", \.isOn,
            "Compute the loss after lower layers too, so that upper ones can be left out."),
        Setting(
            "n_layers_per_step", \.layersPerStep, -1...1000,
            "Lower layers drawn for each step; -1: all."),
        Setting(
            "last_layer_weight", \.lastLayerWeight, .atLeast(0),
            "What the last layer's loss counts."),
        Setting(
            "prior_layers_weight", \.priorLayersWeight, .atLeast(0),
            "What the mean of the lower layers' losses counts."),
        Setting(
            "kl_div_weight", \.divergenceWeight, .atLeast(0),
            "What the divergence of lower layers from the last counts."),
        Setting(
            "kl_temperature", \.temperature, .atLeast(0),
            "The temperature of the divergence; 0: none."),
        Setting(
            "layer_weighting", \.weighting, "How much each lower layer counts among them."),
    ]

    /// The layers of a step, in ascending order, the last one at the end.
    func layers(of count: Int, seed: UInt64) -> [Int] {
        var lower = Array(0..<count)
        if layersPerStep > 0, layersPerStep < count {
            var random = SplitMix64(seed: seed, stream: 2)
            random.shuffle(&lower)
            lower = lower.prefix(layersPerStep).sorted()
        }
        return lower + [count]
    }

    /// The loss of the embeddings after each layer, or a share of it, of which `inner` computes that of the loss itself.
    func callAsFunction(
        _ embeddings: [Tensor], layers: [Int], share: LossShare,
        _ inner: (_ x: Tensor, _ layer: Int) -> Tensor
    ) -> Tensor {
        let last = embeddings.count - 1
        let texts = share.rows(of: embeddings[last].shape[0])
        let loss = inner(embeddings[last], layers[last]) * lastLayerWeight
        guard last > 0 else { return loss }
        let wanted =
            temperature > 0
            ? (embeddings[last].detached().rows(texts) / temperature).logSoftmax() : nil
        return embeddings.dropLast().enumerated().reduce(loss) { sum, item in
            let (index, lower) = item
            let weight = weight(ofLayer: layers[index]) * priorLayersWeight / Float(last)
            let sum = sum + inner(lower, layers[index]) * weight
            guard let wanted else { return sum }
            let found = (lower.rows(texts) / temperature).logSoftmax()
            let divergence = (wanted.exp() * (wanted - found)).sum()
            return sum + divergence * (temperature * divergenceWeight / Float(lower.shape[0]))
        }
    }

    private func weight(ofLayer layer: Int) -> Float {
        switch weighting {
        case .uniform: 1
        case .log: 1 / (1 + Foundation.log(1 + Float(layer)))
        case .linear: 1 / (1 + Float(layer))
        }
    }
}
