/// What is wanted of a file: how many texts a row has, and labels of what kind.
public struct ExampleRequest: Sendable, Hashable {
    /// How many texts a row may have, at least 1: `2...2` for pairs, `2...64` for a pair and up to 62 negatives.
    public var columns: ClosedRange<Int>
    /// What a row is labelled with.
    public var labels: LabelKind
    /// Whether rows may have fewer texts than there are columns, as with lists of negatives; the first two, or the
    /// only one, are always there.
    public var allowsMissingTexts: Bool

    /// Creates a request; `columns` must begin at 1 or more.
    public init(
        columns: ClosedRange<Int>, labels: LabelKind = .none, allowsMissingTexts: Bool = false
    ) {
        precondition(columns.lowerBound >= 1, "rows of \(columns) texts: there must be one or more")
        self.columns = columns
        self.labels = labels
        self.allowsMissingTexts = allowsMissingTexts
    }

    /// Pairs with scores, scaled to 0...1.
    public static let scoredPairs = ExampleRequest(columns: 2...2, labels: .scores)
    /// Pairs with classes.
    public static let labelledPairs = ExampleRequest(columns: 2...2, labels: .classes)
}

/// What kind of labels is wanted of a file.
public enum LabelKind: Sendable, Hashable {
    /// None; a column of scores or labels is left alone, and the report says so.
    case none
    /// A number for each row, scaled from its range to 0...1.
    case scores
    /// Scores as above if the file has a column of them, otherwise none.
    case optionalScores
    /// A teacher's number for each row, such as a margin, as it is.
    case rawScores
    /// A class for each row.
    case classes
    /// A teacher's numbers for each row, one or more, as they are.
    case vectors

    /// Whether a file without labels will not do.
    var areNeeded: Bool { self != .none && self != .optionalScores }

    /// What is sought, in a word for messages.
    var word: String {
        switch self {
        case .none: "label"
        case .scores, .optionalScores, .rawScores, .vectors: "score"
        case .classes: "label"
        }
    }

    /// The options that say where the labels are.
    var keys: [ExampleFileOptions.Key] {
        switch self {
        case .none: []
        case .scores, .optionalScores, .rawScores: [.score]
        case .classes: [.label]
        case .vectors: [.score, .scores]
        }
    }
}

extension ExampleRequest {
    /// What rows of so many texts are called.
    static func noun(_ columns: Int) -> String {
        switch columns {
        case 1: "texts"
        case 2: "pairs"
        case 3: "triplets"
        default: "rows of \(columns) texts"
        }
    }

    /// What one of the wanted rows is called.
    var example: String {
        switch columns {
        case 1...1: "a text"
        case 2...2: "a pair"
        case 3...3: "a triplet"
        default: "an example"
        }
    }

    /// How many texts are wanted, in words.
    var texts: String {
        if columns.count == 1 {
            return columns.lowerBound == 1 ? "1 text" : "\(columns.lowerBound) texts"
        }
        return columns.upperBound == .max
            ? "\(columns.lowerBound) or more texts"
            : "\(columns.lowerBound) to \(columns.upperBound) texts"
    }
}
