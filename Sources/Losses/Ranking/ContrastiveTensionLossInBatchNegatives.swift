import ExampleFiles
import Foundation
import NeuralNetwork
import Settings
import Tensors

/// Finds each text's other embedding among those of the batch, both ways, with a learned scale.
///
/// | Columns | Labels |
/// |---|---|
/// | a text, and the same again | none |
///
/// The mean of the cross-entropies of `e^logit_scale · cos` over rows and over columns. Carlsson et al. 2021, "Semantic
/// Re-tuning with Contrastive Tension" (ICLR), with the negatives of CLIP (Radford et al. 2021, arXiv:2103.00020). With
/// one encoder, as here, the two embeddings of a text differ by dropout alone; then it is
/// `MultipleNegativesSymmetricRankingLoss` with a scale that adapts.
///
/// ```swift
/// let context = LossContext(dimension: 384, columns: 2)
/// let loss = try ContrastiveTensionLossInBatchNegatives(.init(), context, in: store.root)
/// let value = loss([u, v], labels: [])
/// ```
public struct ContrastiveTensionLossInBatchNegatives: RowwiseLoss {
    /// The settings.
    public struct Configuration: Settings {
        /// What cosines are multiplied with at the beginning.
        public var scale: Float = 20

        /// `scale`
        public static let settings = [
            Setting(
                "scale", \Self.scale, .above(0),
                "What cosines are multiplied with at the beginning.")
        ]
        /// Creates the defaults.
        public init() {}
    }

    /// `contrastive_tension_in_batch`
    public static let name = "contrastive_tension_in_batch"
    /// Two.
    public static let columns = 2...2
    /// Without duplicates, which would be false negatives.
    public static let batches = BatchPreference.withoutDuplicates
    private let logScale: Parameter

    /// Creates the loss with its one parameter, `logit_scale` [1], the logarithm of the scale.
    public init(
        _ configuration: Configuration, _ context: LossContext, in scope: ParameterScope
    ) throws(LossError) {
        try Self.check(configuration, context)
        logScale = scope.parameter("logit_scale", [1], .constant(log(configuration.scale)))
    }

    /// The terms of some rows, as `RowwiseLoss` says.
    public func callAsFunction(
        _ embeddings: [Tensor], labels: [NoLabel], rows: Range<Int>
    ) -> Tensor {
        let (u, v) = (embeddings[0].normalized(), embeddings[1].normalized())
        let scale = logScale(on: u.tape ?? v.tape).exp()
        let own = rows.map(Int32.init)
        let forth = (u.rows(rows).matmul(v, transposed: true) * scale).softmaxCrossEntropy(own)
        let back = (v.rows(rows).matmul(u, transposed: true) * scale).softmaxCrossEntropy(own)
        return ((forth + back) / 2).asPart(rows, of: u.shape[0])
    }
}
