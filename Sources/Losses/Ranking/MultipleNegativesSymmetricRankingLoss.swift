import ExampleFiles
import NeuralNetwork
import Settings
import Tensors

/// `MultipleNegativesRankingLoss` both ways: the mean of finding the positive among all documents of the batch, and the
/// anchor among all anchors.
///
/// | Columns | Labels |
/// |---|---|
/// | anchor, positive | none |
/// | anchor, positive, negatives (rows may have different numbers of them) | none |
///
/// The same as that loss with the directions query_to_doc and doc_to_query, per_direction; as in CLIP (Radford et al.
/// 2021, arXiv:2103.00020). Prefer it where either text may be the question.
///
/// ```swift
/// let context = LossContext(dimension: 384, columns: 2)
/// let loss = try MultipleNegativesSymmetricRankingLoss(.init(), context, in: store.root)
/// let value = loss([anchors, positives], labels: [])
/// ```
public struct MultipleNegativesSymmetricRankingLoss: RowwiseLoss {
    /// The settings.
    public struct Configuration: Settings {
        /// What similarities are multiplied with, an inverse temperature.
        public var scale: Float = 20
        /// How alike two embeddings are.
        public var similarity = Similarity.cosine

        /// `scale`, `similarity_fct`
        public static let settings = [
            Setting("scale", \Self.scale, .above(0), "What similarities are multiplied with."),
            Setting("similarity_fct", \Self.similarity, "How alike two embeddings are."),
        ]
        /// Creates the defaults.
        public init() {}
    }

    /// `multiple_negatives_symmetric_ranking`
    public static let name = "multiple_negatives_symmetric_ranking"
    /// Two, or more with negatives.
    public static let columns = 2...Int.max
    /// Without duplicates, which would be false negatives.
    public static let batches = BatchPreference.withoutDuplicates
    /// Rows may have fewer negatives than others.
    public static let allowsMissingTexts = true
    private let ranking: MultipleNegativesRankingLoss

    /// Creates the loss; it has no parameters.
    public init(
        _ configuration: Configuration, _ context: LossContext, in scope: ParameterScope
    ) throws(LossError) {
        try Self.check(configuration, context)
        var both = MultipleNegativesRankingLoss.Configuration()
        both.scale = configuration.scale
        both.similarity = configuration.similarity
        both.directions = [.queryToDoc, .docToQuery]
        both.partitionMode = .perDirection
        ranking = try MultipleNegativesRankingLoss(both, context, in: scope)
    }

    /// The terms of some rows, as `RowwiseLoss` says.
    public func callAsFunction(
        _ embeddings: [Tensor], labels: [NoLabel], rows: Range<Int>
    ) -> Tensor {
        ranking(embeddings, labels: labels, rows: rows)
    }
}
