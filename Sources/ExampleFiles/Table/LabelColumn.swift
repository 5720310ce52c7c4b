/// The labels of a table's rows.
public enum LabelColumn: Sendable {
    /// There are none.
    case none
    /// Scores scaled to 0...1, or a teacher's numbers as they are.
    case scores([Float])
    /// Class ids from 0, with the names of the classes in their order.
    case classes([Int32], names: [String])
    /// Vectors of `width` numbers each, `count` of them: a teacher's embeddings, or its scores of several candidates,
    /// in memory or in a mapped file.
    case vectors(@Sendable (_ row: Int) -> [Float], count: Int, width: Int)

    /// The number of labels; nil when there are none.
    public var count: Int? {
        switch self {
        case .none: nil
        case .scores(let scores): scores.count
        case .classes(let ids, _): ids.count
        case .vectors(_, let count, _): count
        }
    }

    /// What kind of labels they are, in words.
    public var description: String {
        switch self {
        case .none: "no labels"
        case .scores: "scores"
        case .classes(_, let names): "\(names.count) classes"
        case .vectors(_, _, let width): "vectors of \(width) numbers"
        }
    }
}

/// A type that a loss asks its labels in.
public protocol ExampleLabel: Sendable {
    /// The kind in words, for the message when the data have another.
    static var description: String { get }
    /// What is asked of a file that has such labels.
    static var kind: LabelKind { get }
    /// The labels of some rows; nil when the column is of another kind.
    static func values(of labels: LabelColumn, rows: some Collection<Int>) -> [Self]?
}

/// The label of a loss that needs none.
public struct NoLabel: ExampleLabel {
    /// `no labels`
    public static let description = "no labels"
    /// `none`
    public static let kind = LabelKind.none

    /// One for each row, whatever labels there are.
    public static func values(of labels: LabelColumn, rows: some Collection<Int>) -> [NoLabel]? {
        rows.map { _ in NoLabel() }
    }
}

extension Float: ExampleLabel {
    /// `scores`
    public static var description: String { "scores" }
    /// `scores`
    public static var kind: LabelKind { .scores }

    /// The scores.
    public static func values(of labels: LabelColumn, rows: some Collection<Int>) -> [Float]? {
        if case .scores(let all) = labels { rows.map { all[$0] } } else { nil }
    }
}

/// A score that may be absent from the whole table.
extension Optional: ExampleLabel where Wrapped == Float {
    /// `scores, or no labels`
    public static var description: String { "scores, or no labels" }
    /// `optionalScores`
    public static var kind: LabelKind { .optionalScores }

    /// The scores; nil for each row of a table without labels.
    public static func values(of labels: LabelColumn, rows: some Collection<Int>) -> [Float?]? {
        switch labels {
        case .none: rows.map { _ in nil }
        case .scores(let all): rows.map { all[$0] }
        case .classes, .vectors: nil
        }
    }
}

extension Int32: ExampleLabel {
    /// `classes`
    public static var description: String { "classes" }
    /// `classes`
    public static var kind: LabelKind { .classes }

    /// The class ids.
    public static func values(of labels: LabelColumn, rows: some Collection<Int>) -> [Int32]? {
        if case .classes(let ids, _) = labels { rows.map { ids[$0] } } else { nil }
    }
}

extension [Float]: ExampleLabel {
    /// `vectors, or scores`
    public static var description: String { "vectors, or scores" }
    /// `vectors`
    public static var kind: LabelKind { .vectors }

    /// The vectors; scores are vectors of one number.
    public static func values(of labels: LabelColumn, rows: some Collection<Int>) -> [[Float]]? {
        switch labels {
        case .vectors(let row, _, _): rows.map(row)
        case .scores(let all): rows.map { [all[$0]] }
        case .none, .classes: nil
        }
    }
}
