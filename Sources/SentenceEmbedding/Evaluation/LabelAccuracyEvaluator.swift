import EvaluationMetrics
import ExampleFiles
import Losses
import Settings
import Tensors

/// The share of rows whose most likely class is the gold one, by the classifier of a loss.
public struct LabelAccuracyEvaluator: Evaluator {
    /// What its figures' names begin with.
    public let name: String
    /// The rows and their classes.
    public let rows: ExampleTable
    /// The rows.
    public var table: ExampleTable? { rows }
    /// The task whose loss has the classifier; nil for the only task that has one.
    public let classifier: String?
    /// `text-classification`
    public let task = "text-classification"
    private let gold: [Int32]

    /// Creates an evaluator that uses the classifier as it is at the time.
    ///
    /// - Throws: `EvaluationError.wrongData` when the rows have no classes.
    public init(
        _ rows: ExampleTable, classifier: String? = nil, name: String = ""
    ) throws(EvaluationError) {
        guard case .classes(let ids, _) = rows.labels, rows.count > 0 else {
            throw .wrongData(path: rows.name, needs: "rows with class labels")
        }
        self.rows = rows
        self.classifier = classifier
        self.name = name
        gold = ids
    }

    /// One figure, `accuracy`, in 0...1; undefined when a class has a score that is not finite.
    ///
    /// - Throws: `EmptyTextError` for a text without tokens, and `EvaluationError.noClassifier`.
    public func evaluate(
        _ model: SentenceTransformer, losses: [String: any Loss]
    ) throws -> Evaluation {
        try rows.requireTokens(of: model.tokenizer)
        let scores = self.scores(model, try classifier(among: losses))
        let width = scores.shape[1]
        if let place = scores.values.firstIndex(where: { !$0.isFinite }) {
            let reason =
                "the classifier's scores of row \(place / width) (from 0) are not finite numbers; the weights are damaged, or training diverged"
            return Evaluation(
                [Figure("accuracy", .nan)],
                undefined: [Evaluation.Undefined(["accuracy"], reason)], primary: "accuracy")
        }
        let classes = Classification.predictions(scores.values, classes: width)
        return Evaluation(
            [Classification.accuracy(classes, gold.map(Int.init))], primary: "accuracy",
            predictions: Predictions(
                .accuracy, gold: gold.map(Double.init),
                predicted: classes.map { Double($0 ?? -1) }))
    }

    /// Checks that there is a classifier.
    ///
    /// - Throws: `EvaluationError.noClassifier`.
    public func check(_ losses: [String: any Loss]) throws(EvaluationError) {
        _ = try classifier(among: losses)
    }

    private func classifier(
        among losses: [String: any Loss]
    ) throws(EvaluationError) -> any ClassifyingLoss {
        let found = losses.filter { classifier == nil || classifier == $0.key }
            .compactMap { $0.value as? any ClassifyingLoss }
        guard found.count == 1 else { throw .noClassifier(task: classifier) }
        return found[0]
    }

    /// The score of each class for each row: [rows, classes]. A classifier knows whole embeddings alone.
    private func scores(
        _ model: SentenceTransformer, _ classifier: some ClassifyingLoss
    ) -> Tensor {
        let columns = rows.columnNames.indices
        let embeddings = model.withWholeEmbeddings {
            $0.encode(columns.flatMap(rows.texts(ofColumn:)))
        }
        return classifier.logits(
            columns.map { embeddings.slice($0 * rows.count..<($0 + 1) * rows.count) })
    }
}

/// `label_accuracy`: labelled pairs, and how many of them a loss's classifier puts into their class.
public struct LabelAccuracyEvaluation: EvaluationKind {
    /// `label_accuracy`
    public static let kind = "label_accuracy"
    /// Pairs with classes.
    public static let request: ExampleRequest? = .labelledPairs
    /// False.
    public static let measuresEmbeddings = false
    /// The task whose loss has the classifier; nil for the only one that has.
    public var task: String?
    /// The same.
    public var classifier: String? { task }
    /// Creates it.
    public init() {}

    /// Every setting.
    public static let settings: [Setting<LabelAccuracyEvaluation>] = [
        Setting(
            "task", \.task, expected: "the name of a task",
            "The task whose loss has the classifier.")
    ]

    /// Makes the evaluator.
    public func evaluator(_ data: ExampleTable?, name: String) throws -> any Evaluator {
        guard let data else { throw EvaluationError.missing(evaluation: name, key: "data") }
        return try LabelAccuracyEvaluator(data, classifier: task, name: name)
    }
}
