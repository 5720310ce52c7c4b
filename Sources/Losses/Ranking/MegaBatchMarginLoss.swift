import ExampleFiles
import NeuralNetwork
import Settings
import Tensors

/// Sets each pair against the most alike other positive of a large batch: `max(positive_margin − cos(a, p), 0) +
/// max(cos(a, n) − negative_margin, 0)`.
///
/// | Columns | Labels |
/// |---|---|
/// | anchor, positive | none |
///
/// Wieting and Gimpel 2018, arXiv:1711.05732, "mega-batching". Needs batches of hundreds of pairs, so that the hardest
/// negative is hard. For most data `MultipleNegativesRankingLoss` is better and less sensitive to false negatives.
///
/// ```swift
/// let loss = try MegaBatchMarginLoss(.init(), LossContext(dimension: 384, columns: 2), in: store.root)
/// let value = loss([anchors, positives], labels: [])
/// ```
public struct MegaBatchMarginLoss: RowwiseLoss {
    /// The settings.
    public struct Configuration: Settings {
        /// The cosine from which on pairs are left alone.
        public var positiveMargin: Float = 0.8
        /// The cosine down from which negatives are left alone.
        public var negativeMargin: Float = 0.3

        /// `positive_margin`, `negative_margin`
        public static let settings = [
            Setting(
                "positive_margin", \Self.positiveMargin, .from(-1, to: 1),
                "The cosine from which on pairs are left alone."),
            Setting(
                "negative_margin", \Self.negativeMargin, .from(-1, to: 1),
                "The cosine down from which negatives are left alone."),
        ]
        /// Creates the defaults.
        public init() {}
    }

    /// `mega_batch_margin`
    public static let name = "mega_batch_margin"
    /// Two.
    public static let columns = 2...2
    /// Without duplicates, which would be false negatives.
    public static let batches = BatchPreference.withoutDuplicates
    private let configuration: Configuration

    /// Creates the loss; it has no parameters.
    public init(
        _ configuration: Configuration, _ context: LossContext, in scope: ParameterScope
    ) throws(LossError) {
        try Self.check(configuration, context)
        self.configuration = configuration
    }

    /// The terms of some rows, as `RowwiseLoss` says.
    public func callAsFunction(
        _ embeddings: [Tensor], labels: [NoLabel], rows: Range<Int>
    ) -> Tensor {
        let width = embeddings[0].shape[0]
        let cosines = Similarity.cosine.ofAll(embeddings[0].rows(rows), embeddings[1])
        let own = rows.enumerated().map { $0 * width + $1 }
        var isOwn = [Bool](repeating: false, count: rows.count * width)
        for i in own { isOwn[i] = true }
        let positive = cosines.reshaped([rows.count * width]).gather(own)
        // Less than any cosine: alone in its batch, an anchor has no negative.
        let negative = cosines.maskedFill(isOwn, with: -2).rowMax()
        return
            ((configuration.positiveMargin - positive).relu()
            + (negative - configuration.negativeMargin).relu()).mean().asPart(rows, of: width)
    }
}
