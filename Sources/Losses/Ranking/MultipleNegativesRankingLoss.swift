import ExampleFiles
import NeuralNetwork
import Settings
import Tensors

/// Finds the positive of each anchor among all texts of the batch: cross-entropy of `scale · similarity`.
///
/// | Columns | Labels |
/// |---|---|
/// | anchor, positive | none |
/// | anchor, positive, negatives (rows may have different numbers of them) | none |
///
/// Also known as InfoNCE and as in-batch negatives: `−log e^s(a_i, p_i) / Σ e^s(a_i, d)`, where d runs over the
/// positives and negatives of all rows. Henderson et al. 2017, arXiv:1705.00652; van den Oord et al. 2018,
/// arXiv:1807.03748. With the same text as anchor and positive it is SimCSE (Gao et al. 2021, arXiv:2104.08821). The
/// first choice wherever there are pairs of likes; more texts in a batch make it better, equal ones in a batch worse.
/// With a teacher that can tell false negatives take `GISTEmbedLoss`.
///
/// `directions` adds other texts to those that compete: with several, one softmax over all (`joint`), or the mean of
/// one softmax for each (`per_direction`). A text never competes with those of its own row in query_to_query and
/// doc_to_doc; where a batch has no other row, such a direction has no competitors and is left out. `hardness_mode`
/// adds `hardness_strength · similarity`, without gradient, to the scores of the competitors of query_to_doc: the
/// likelier an error, the more it counts (Robinson et al. 2021, arXiv:2010.04592).
///
/// ```swift
/// let loss = try MultipleNegativesRankingLoss(.init(), LossContext(dimension: 384, columns: 2), in: store.root)
/// let value = loss([anchors, positives], labels: [])
/// ```
public struct MultipleNegativesRankingLoss: RowwiseLoss {
    /// `multiple_negatives_ranking`
    public static let name = "multiple_negatives_ranking"
    /// Two, or more with negatives.
    public static let columns = 2...Int.max
    /// Without duplicates, which would be false negatives.
    public static let batches = BatchPreference.withoutDuplicates
    /// Rows may have fewer negatives than others.
    public static let allowsMissingTexts = true
    private let configuration: Configuration

    /// Creates the loss; it has no parameters.
    public init(
        _ configuration: Configuration, _ context: LossContext, in scope: ParameterScope
    ) throws(LossError) {
        try Self.check(configuration, context)
        let directions = configuration.directions
        if !directions.contains(.queryToDoc) || Set(directions).count != directions.count {
            throw Self.invalid(
                "directions", found: directions.map(\.rawValue).joined(separator: ", "),
                expected: "query_to_doc and perhaps others, each once")
        }
        self.configuration = configuration
    }

    /// The terms of some rows, as `RowwiseLoss` says.
    ///
    /// A column of negatives with another number of rows than the anchors joins the competitors of every anchor, but is
    /// no anchor's own.
    public func callAsFunction(
        _ embeddings: [Tensor], labels: [NoLabel], rows: Range<Int>
    ) -> Tensor {
        precondition(
            embeddings[0].shape == embeddings[1].shape,
            "\(Self.name): anchors \(embeddings[0].shape), positives \(embeddings[1].shape)")
        let isCosine = configuration.similarity == .cosine
        let texts = isCosine ? embeddings.map { $0.normalized() } : embeddings
        let batch = RankedBatch(
            rows: rows, anchors: texts[0], positives: texts[1],
            documents: .concatenated(Array(texts[1...])), columns: texts[1...].map { $0.shape[0] },
            similarity: isCosine ? .dot : configuration.similarity, configuration: configuration)
        // The positive of row i is competitor i of the first direction.
        let first = batch.documentScores
        let others = configuration.directions.filter { $0 != .queryToDoc }.compactMap(batch.scores)
        let own = rows.map(Int32.init)
        if configuration.partitionMode == .joint || others.isEmpty {
            return Tensor.concatenated([first] + others, axis: 1).softmaxCrossEntropy(own)
                .asPart(rows, of: texts[0].shape[0])
        }
        let positive = batch.positiveScores(in: first).reshaped([rows.count, 1])
        let partitions = others.map { ($0 - positive).logSumExp().mean() }
        let sum = partitions.reduce(first.softmaxCrossEntropy(own)) { $0 + $1 }
        return (sum / Float(1 + others.count)).asPart(rows, of: texts[0].shape[0])
    }
}

/// The texts of a batch, and what competes with what in some of its rows.
struct RankedBatch {
    /// The rows whose scores are wanted.
    let rows: Range<Int>
    let anchors: Tensor
    let positives: Tensor
    /// The positives and the negatives, column after column.
    let documents: Tensor
    /// The rows of each column of documents.
    let columns: [Int]
    let similarity: Similarity
    let configuration: MultipleNegativesRankingLoss.Configuration

    /// The scaled similarities of anchors and documents, hard ones raised: [rows, documents].
    var documentScores: Tensor {
        let similarities = similarity.ofAll(anchors.rows(rows), documents)
        let scores = similarities * configuration.scale
        guard let penalty = penalty(similarities.detached()) else { return scores }
        return scores + penalty
    }

    /// The scaled similarities of one direction, −∞ where texts do not compete: [rows, competitors].
    ///
    /// Nil where no text has a competitor: the sum of no powers has no logarithm.
    func scores(_ direction: MultipleNegativesRankingLoss.Direction) -> Tensor? {
        switch direction {
        case .queryToDoc: documentScores
        case .docToQuery: similarity.ofAll(positives.rows(rows), anchors) * configuration.scale
        case .queryToQuery: scoresOfOtherRows(anchors, anchors)
        case .docToDoc: scoresOfOtherRows(positives, documents)
        }
    }

    /// The scaled similarities of texts and competitors, −∞ within a row; nil where that is all of them.
    private func scoresOfOtherRows(_ texts: Tensor, _ competitors: Tensor) -> Tensor? {
        let isOwn = mask(competitors.shape[0]) { own, _ in own }
        guard isOwn.contains(false) else { return nil }
        return (similarity.ofAll(texts.rows(rows), competitors) * configuration.scale)
            .maskedFill(isOwn, with: -.infinity)
    }

    /// What makes hard negatives count more, from the similarities of anchors and documents; nil for nothing.
    private func penalty(_ similarities: Tensor) -> Tensor? {
        guard let mode = configuration.hardnessMode, configuration.hardnessStrength > 0 else {
            return nil
        }
        let isSpared = mask(documents.shape[0]) { own, column in
            switch mode {
            case .inBatchNegatives: own
            case .hardNegatives: !own || column == 0
            case .allNegatives: own && column == 0
            }
        }
        return (similarities * configuration.hardnessStrength).maskedFill(isSpared, with: 0)
    }

    /// For each row and each of `width` competitors what `isMasked` says of whether it is the row's own, and of its
    /// column.
    private func mask(_ width: Int, _ isMasked: (_ own: Bool, _ column: Int) -> Bool) -> [Bool] {
        var mask = [Bool](repeating: false, count: rows.count * width)
        var start = 0
        for (column, count) in columns.enumerated() where start < width {
            let (own, other) = (isMasked(true, column), isMasked(false, column))
            for (number, row) in rows.enumerated() {
                let first = number * width + start
                if other { for i in first..<first + count { mask[i] = true } }
                if count == anchors.shape[0] { mask[first + row] = own }
            }
            start += count
        }
        return mask
    }

    /// The score of each row's own positive, from those of all documents.
    func positiveScores(in scores: Tensor) -> Tensor {
        let width = scores.shape[1]
        return scores.reshaped([rows.count * width]).gather(
            rows.enumerated().map { $0 * width + $1 })
    }
}
