import ExampleFiles
import NeuralNetwork
import Settings
import Tensors

/// `MultipleNegativesRankingLoss` with a guide: texts that a better model finds more alike to the anchor than the
/// positive is are no negatives.
///
/// | Columns | Labels |
/// |---|---|
/// | anchor, positive | a vector: the guide's embedding of the anchor, then that of the positive |
/// | anchor, positive, negatives | a vector: the guide's embeddings of all columns, end to end |
///
/// Cross-entropy of cosines over `temperature`. The positive competes with the other positives as matches of the anchor,
/// with the other anchors, as matches of the positive with the other positives, and with all negatives. A competitor
/// drops out when the guide's cosine exceeds that of the pair, less `margin`. Solatorio 2024, arXiv:2402.16829; the
/// margins are those of NV-Retriever, de Souza et al. 2024, arXiv:2407.15831. Prefer it to the plain loss where a batch
/// may hold false negatives.
///
/// A text does not compete with itself even where a guide embeds an anchor and its positive alike.
///
/// ```swift
/// let context = LossContext(dimension: 384, columns: 2, labelWidth: 2 * 768)
/// let loss = try GISTEmbedLoss(.init(), context, in: store.root)
/// let value = loss([anchors, positives], labels: zip(guideAnchors, guidePositives).map { $0 + $1 })
/// ```
public struct GISTEmbedLoss: RowwiseLoss {
    /// What `margin` is a margin of.
    public enum MarginStrategy: String, CaseIterable, Sendable {
        /// The guide's cosine of the pair, less the margin.
        case absolute
        /// The guide's cosine of the pair, less the margin times its absolute value.
        case relative
    }

    /// The settings.
    public struct Configuration: Settings {
        /// What cosines are divided by.
        public var temperature: Float = 0.01
        /// How far below the pair's a competitor's likeness has to be by the guide.
        public var margin: Float = 0
        /// What the margin is a margin of.
        public var marginStrategy = MarginStrategy.absolute
        /// Whether the other anchors compete.
        public var contrastsAnchors = true
        /// Whether the other positives compete as matches of the positive.
        public var contrastsPositives = true

        /// `temperature`, `margin`, `margin_strategy`, `contrast_anchors`, `contrast_positives`
        public static let settings = [
            Setting("temperature", \Self.temperature, .above(0), "What cosines are divided by."),
            Setting(
                "margin", \Self.margin, .atLeast(0),
                "How far below the pair's a competitor's likeness has to be by the guide."),
            Setting(
                "margin_strategy", \Self.marginStrategy,
                "Whether the margin is a difference or a part of the pair's likeness."),
            Setting(
                "contrast_anchors", \Self.contrastsAnchors, "Whether the other anchors compete."),
            Setting(
                "contrast_positives", \Self.contrastsPositives,
                "Whether the other positives compete as matches of the positive."),
        ]
        /// Creates the defaults.
        public init() {}
    }

    /// The guide's embeddings of a row's texts, end to end.
    public typealias Label = [Float]
    /// `gist`
    public static let name = "gist"
    /// Two, or more with negatives.
    public static let columns = 2...Int.max
    /// Without duplicates, which would be false negatives.
    public static let batches = BatchPreference.withoutDuplicates
    /// The guide's embeddings of every column.
    public static let teacherLabels: TeacherLabels? = .embeddings
    private let configuration: Configuration
    private let guideWidth: Int

    /// Creates the loss; it has no parameters.
    public init(
        _ configuration: Configuration, _ context: LossContext, in scope: ParameterScope
    ) throws(LossError) {
        try Self.check(configuration, context)
        let (width, columns) = (context.labelWidth, context.columns)
        if width < columns || !width.isMultiple(of: columns) {
            throw Self.unusable(
                needs:
                    "a guide's embeddings of the \(columns) texts of a row end to end as its label",
                found: "these labels have \(width) number\(width == 1 ? "" : "s")")
        }
        self.configuration = configuration
        guideWidth = width / columns
    }

    /// The terms of some rows, as `RowwiseLoss` says; for each row the guide's embeddings of its texts.
    public func callAsFunction(
        _ embeddings: [Tensor], labels: [[Float]], rows: Range<Int>
    ) -> Tensor {
        let texts = embeddings.map { $0.normalized() }
        let guides = texts.indices.map { column in
            Tensor(labels, columns: column * guideWidth..<(column + 1) * guideWidth).normalized()
        }
        let limits = guides[0].rows(rows).dot(guides[1].rows(rows)).values.map { pair in
            pair - configuration.margin
                * (configuration.marginStrategy == .relative ? abs(pair) : 1)
        }
        let width = labels.count
        /// The cosines of two columns, −∞ where the guide says so; a row's own stays or goes as `keepsOwn` says, or as any
        /// other when it is nil.
        func scores(_ a: Int, _ b: Int, keepsOwn: Bool?) -> Tensor {
            let guide = guides[a].rows(rows).matmul(guides[b], transposed: true).values
            var isOut = [Bool](repeating: false, count: rows.count * width)
            for (i, row) in rows.enumerated() {
                for j in i * width..<(i + 1) * width { isOut[j] = guide[j] > limits[i] }
                if let keepsOwn { isOut[i * width + row] = !keepsOwn }
            }
            return texts[a].rows(rows).matmul(texts[b], transposed: true)
                .maskedFill(isOut, with: -.infinity)
        }
        var all = [scores(0, 1, keepsOwn: true)]
        if configuration.contrastsAnchors { all.append(scores(0, 0, keepsOwn: false)) }
        if configuration.contrastsPositives { all.append(scores(1, 1, keepsOwn: false)) }
        all += texts.indices.dropFirst(2).map { scores(0, $0, keepsOwn: nil) }
        return (Tensor.concatenated(all, axis: 1) / configuration.temperature)
            .softmaxCrossEntropy(rows.map(Int32.init)).asPart(rows, of: width)
    }
}
