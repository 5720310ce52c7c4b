import EvaluationMetrics
import ExampleFiles
import Losses

/// Measures a model, usually on held-out data.
public protocol Evaluator {
    /// What its figures' names begin with, followed by `_`; nothing when it is empty.
    var name: String { get }
    /// What a model hub calls the task: `semantic-similarity`, `information-retrieval`.
    var task: String { get }
    /// The rows that its predictions are of, in order; nil when it makes none.
    var table: ExampleTable? { get }

    /// Checks before a run that its losses, by the name of their task, have what is measured.
    ///
    /// - Throws: `EvaluationError` when they have not.
    func check(_ losses: [String: any Loss]) throws(EvaluationError)

    /// Checks before a run that its model has what is measured.
    ///
    /// - Throws: `EvaluationError` when it has not.
    func check(_ model: SentenceTransformer) throws(EvaluationError)

    /// Evaluates the model as it is now; nothing is recorded or changed.
    ///
    /// A figure that is undefined, for instance because the model gives every pair the same score, takes no
    /// other along: it is NaN, and `Evaluation.undefined` says why.
    ///
    /// - Parameter losses: The losses of a run, by the name of their task: some evaluators measure a loss's classifier.
    /// - Throws: What prevents every figure.
    func evaluate(
        _ model: SentenceTransformer, losses: [String: any Loss]
    ) throws -> Evaluation
}

extension Evaluator {
    /// None.
    public var name: String { "" }
    /// `evaluation`
    public var task: String { "evaluation" }
    /// None.
    public var table: ExampleTable? { nil }
    /// Any will do.
    public func check(_ losses: [String: any Loss]) {}
    /// Any will do.
    public func check(_ model: SentenceTransformer) {}

    /// Evaluates a model without the loss that it was trained with.
    ///
    /// - Throws: What prevents every figure.
    public func evaluate(_ model: SentenceTransformer) throws -> Evaluation {
        try evaluate(model, losses: [:])
    }
}

/// Figures of one evaluation.
public struct Evaluation: Sendable, Equatable {
    /// The figures in the order to print them; the value of an undefined one is NaN.
    public let figures: [Figure]
    /// Why figures are undefined: the names of those that share a reason, and the reason.
    public let undefined: [Undefined]
    /// The name of the figure that chooses the best model; nil when what measures it failed.
    public let primaryName: String?
    /// What must not fall far under its value before training.
    public let watched: [Watched]
    /// What the model made of each row, from which the primary figure is computed; nil where it is not.
    public let predictions: Predictions?
    /// The evaluations that were joined to this one, in the order of their evaluators, nil where one failed; none when it
    /// is of a single evaluator.
    public let parts: [Evaluation?]
    /// The names of the figures that lead where figures of several evaluators are together.
    private let headlineNames: Set<String>

    /// Figures without a value, and why.
    public struct Undefined: Sendable, Equatable {
        /// The names of the figures.
        public var names: [String]
        /// Why they have no value.
        public let reason: String

        /// Creates a reason.
        public init(_ names: [String], _ reason: String) {
            self.names = names
            self.reason = reason
        }
    }

    /// The primary figure of an evaluation that must not fall far.
    public struct Watched: Sendable, Equatable {
        /// The evaluator's name.
        public let evaluation: String
        /// The value; NaN when there is none.
        public let value: Double
        /// Which way is better.
        public let direction: Direction
        /// By how much it may be worse than before training.
        public let allowedFall: Double
    }

    /// Creates an evaluation; `primaryName` is one of the names.
    public init(
        _ figures: [Figure], undefined: [Undefined] = [], primary primaryName: String?,
        headlines: [String] = [], watched: [Watched] = [], predictions: Predictions? = nil,
        parts: [Evaluation?] = []
    ) {
        precondition(
            primaryName == nil || figures.contains { $0.name == primaryName },
            "no figure is called \(primaryName ?? "")")
        self.figures = figures
        self.undefined = undefined.reduce(into: []) { merged, next in
            if let same = merged.firstIndex(where: { $0.reason == next.reason }) {
                merged[same].names += next.names
            } else {
                merged.append(next)
            }
        }
        self.primaryName = primaryName
        headlineNames = Set(headlines)
        self.watched = watched
        self.predictions = predictions
        self.parts = parts
    }

    /// The watched figures that are numbers, by the name of their evaluator.
    var watchedValues: [String: Double] {
        let numbers = watched.filter(\.value.isFinite).map { ($0.evaluation, $0.value) }
        return Dictionary(numbers, uniquingKeysWith: { $1 })
    }

    /// The value of the figure with a name.
    public subscript(name: String) -> Double? { figures.first { $0.name == name }?.value }

    /// The figure that chooses the best model; nil when what measures it failed.
    public var primaryFigure: Figure? { figures.first { $0.name == primaryName } }

    /// The value of the figure that chooses the best model, NaN when it is undefined.
    public var primary: Double { primaryFigure?.value ?? .nan }

    /// The figures that are numbers, by name.
    public var defined: [String: Double] {
        Dictionary(
            figures.filter(\.value.isFinite).map { ($0.name, $0.value) }, uniquingKeysWith: { $1 })
    }

    /// A sentence for each reason why figures are undefined.
    public var problems: [String] {
        undefined.map { "\($0.names.joined(separator: ", ")): \($0.reason)" }
    }

    /// The figures that lead: the primary one and every other evaluator's first.
    public var headlines: [Figure] {
        figures.filter { headlineNames.contains($0.name) || $0.name == primaryName }
    }

    /// The same figures under names that begin with another one and `_`.
    func named(_ name: String) -> Evaluation {
        if name.isEmpty { return self }
        func longer(_ own: String) -> String { "\(name)_\(own)" }
        return Evaluation(
            figures.map { Figure(longer($0.name), $0.value, $0.direction) },
            undefined: undefined.map { Undefined($0.names.map(longer), $0.reason) },
            primary: primaryName.map(longer), predictions: predictions)
    }
}

/// Several evaluators as one, whose figures' names begin with theirs; the primary figure is the first one's.
public struct Evaluators: Evaluator {
    private let all: [any Evaluator]
    private let allowedFalls: [String: Double]

    /// Joins one or more evaluators.
    ///
    /// - Parameter allowedFalls: By how much the primary figure of an evaluator, by its name, may be worse than before
    ///   training: a step where it is worse by more cannot become the best.
    public init(_ all: [any Evaluator], allowedFalls: [String: Double] = [:]) {
        precondition(!all.isEmpty, "there is no evaluator")
        precondition(
            allowedFalls.keys.allSatisfy { name in all.contains { $0.name == name } },
            "what is watched is none of the evaluators")
        self.all = all
        self.allowedFalls = allowedFalls
    }

    /// What each checks.
    ///
    /// - Throws: What the first that fails throws.
    public func check(_ losses: [String: any Loss]) throws(EvaluationError) {
        for evaluator in all { try evaluator.check(losses) }
    }

    /// What each checks.
    ///
    /// - Throws: What the first that fails throws.
    public func check(_ model: SentenceTransformer) throws(EvaluationError) {
        for evaluator in all { try evaluator.check(model) }
    }

    /// The figures of all evaluators but those that fail, which are named in `undefined`.
    ///
    /// - Throws: What the first evaluator throws, when all do.
    public func evaluate(
        _ model: SentenceTransformer, losses: [String: any Loss]
    ) throws -> Evaluation {
        let parts = all.map { evaluator in
            Result { try evaluator.evaluate(model, losses: losses).named(evaluator.name) }
        }
        let evaluations = parts.compactMap { try? $0.get() }
        if evaluations.isEmpty { return try parts[0].get() }
        var undefined = evaluations.flatMap(\.undefined)
        for (evaluator, part) in zip(all, parts) {
            if case .failure(let error) = part {
                let name = evaluator.name.isEmpty ? "\(type(of: evaluator))" : evaluator.name
                undefined.append(Evaluation.Undefined([name], "\(error)"))
            }
        }
        return Evaluation(
            evaluations.flatMap(\.figures), undefined: undefined,
            primary: try? parts[0].get().primaryName,
            headlines: evaluations.compactMap(\.primaryName),
            watched: zip(all, parts).compactMap { evaluator, part in
                watched(evaluator.name, try? part.get().primaryFigure)
            }, parts: parts.map { try? $0.get() })
    }

    private func watched(_ evaluator: String, _ figure: Figure?) -> Evaluation.Watched? {
        allowedFalls[evaluator].map {
            Evaluation.Watched(
                evaluation: evaluator, value: figure?.value ?? .nan,
                direction: figure?.direction ?? .higher, allowedFall: $0)
        }
    }
}
