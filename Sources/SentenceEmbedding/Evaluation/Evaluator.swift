/// Measures a model, usually on held-out pairs.
public protocol Evaluator {
    /// Evaluates the model as it is now; nothing is recorded or changed.
    ///
    /// A figure that is undefined, for instance because the model gives every pair the same score, takes no
    /// other along: it is NaN, and `Evaluation.undefined` says why.
    ///
    /// - Throws: What prevents every figure.
    func evaluate(_ model: SentenceTransformer) throws -> Evaluation
}

/// Figures of one evaluation, larger is better for the primary one.
public struct Evaluation: Sendable, Equatable {
    /// Names and values in the order to print them; the value of an undefined figure is NaN.
    public let figures: [(name: String, value: Double)]
    /// Why figures are undefined: the names of those that share a reason, and the reason.
    public let undefined: [(names: [String], reason: String)]
    /// The name of the figure that chooses the best model; nil when what measures it failed.
    public let primaryName: String?

    /// Creates an evaluation; `primaryName` is one of the names.
    public init(
        _ figures: [(name: String, value: Double)],
        undefined: [(names: [String], reason: String)] = [], primary primaryName: String?
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
    }

    /// The figure with a name.
    public subscript(name: String) -> Double? { figures.first { $0.name == name }?.value }

    /// The figure that chooses the best model, NaN when it is undefined.
    public var primary: Double { primaryName.flatMap { self[$0] } ?? .nan }

    /// The figures that are numbers, by name.
    public var defined: [String: Double] {
        Dictionary(
            figures.filter(\.value.isFinite).map { ($0.name, $0.value) }, uniquingKeysWith: { $1 })
    }

    /// A sentence for each reason why figures are undefined.
    public var problems: [String] {
        undefined.map { "\($0.names.joined(separator: ", ")): \($0.reason)" }
    }

    /// Whether names, values and reasons are the same.
    public static func == (a: Evaluation, b: Evaluation) -> Bool {
        a.primaryName == b.primaryName && a.figures.elementsEqual(b.figures) { $0 == $1 }
            && a.undefined.elementsEqual(b.undefined) { $0 == $1 }
    }
}

/// Several evaluators as one; the primary figure is the first one's.
public struct Evaluators: Evaluator {
    private let all: [any Evaluator]

    /// Joins one or more evaluators.
    public init(_ all: [any Evaluator]) {
        precondition(!all.isEmpty, "there is no evaluator")
        self.all = all
    }

    /// The figures of all evaluators but those that fail, which are named in `undefined`.
    ///
    /// - Throws: What the first evaluator throws, when all do.
    public func evaluate(_ model: SentenceTransformer) throws -> Evaluation {
        let parts = all.map { evaluator in Result { try evaluator.evaluate(model) } }
        let evaluations = parts.compactMap { try? $0.get() }
        if evaluations.isEmpty { return try parts[0].get() }
        var undefined = evaluations.flatMap(\.undefined)
        for (evaluator, part) in zip(all, parts) {
            if case .failure(let error) = part {
                undefined.append((["\(type(of: evaluator))"], "\(error)"))
            }
        }
        return Evaluation(
            evaluations.flatMap(\.figures), undefined: undefined,
            primary: try? parts[0].get().primaryName)
    }
}
