/// Which part of a record is what.
struct ExampleLayout {
    /// The labels of a record.
    enum Target {
        /// There are none, or they are not wanted.
        case none
        /// A score, a margin or a label.
        case column(Int)
        /// Several numbers.
        case numbers([NumberPlace])
    }

    /// Where numbers of a record are.
    enum NumberPlace: Equatable {
        case field(Int)
        /// All elements of a list.
        case list(Int)
        /// The one element that belongs to the positive a row is about.
        case choice(Int)

        var field: Int {
            switch self {
            case .field(let field), .list(let field), .choice(let field): field
            }
        }
    }

    /// The names by which the texts were found.
    enum Scheme {
        /// Their columns are stated, or have no names.
        case none
        /// The only text.
        case single
        /// First and second text, in lower case.
        case pair(String, String)
    }

    /// The format in words, for the report.
    var format: String
    /// The columns' names, from the header or as numbers.
    var columns: [String]
    /// Where the texts of a row are, without the list of negatives.
    var texts: [TextPlace]
    /// The list whose elements are a row's negatives; rows may have more or fewer.
    var negatives: Int?
    /// The labels.
    var target = Target.none
    /// The range of the scores, where the format tells it.
    var knownRange: ScoreRange?
    /// The known range is likely but not certain, so the scores must look like it.
    var rangeNeedsCheck = false
    /// The format is one that others publish, with columns and quotes of its own.
    var isPublished = false
    /// The columns that the format has them in, where others are stated.
    var overridden: [Int]?
    /// The number of fields that a row may have at most; nil if any.
    var maximumFields: Int?
    var filters: [(index: Int, values: [String])] = []
    /// A column that tells training from test rows, though no filter uses it.
    var unusedSplit: Int?
    /// A column of scores or labels that was not asked for.
    var unusedTarget: Int?
    /// The options taken from the training file.
    var shared: [ExampleFileOptions.Key] = []

    /// The first row was taken for an example, since nothing says that it names the columns.
    var mayHaveHeader = false
    /// The first row, where it may be a header.
    var firstRow: [String] = []
    /// The names by which the texts were found.
    var scheme = Scheme.none

    /// A column in words: its name in quotes, or its number.
    func name(_ index: Int) -> String { columns[index] }

    /// The fields of the labels.
    var targetFields: [Int] {
        switch target {
        case .none: []
        case .column(let index): [index]
        case .numbers(let places): places.map(\.field)
        }
    }

    /// The fields used: those of the texts, then those of the labels, each once.
    var used: [Int] {
        var fields: [Int] = []
        let all = texts.map(\.field) + (negatives.map { [$0] } ?? []) + targetFields
        for field in all where !fields.contains(field) { fields.append(field) }
        return fields
    }

    /// The list of which each element makes a row, and the first that does.
    var choice: (field: Int, first: Int)? {
        for case .choice(let field, let first) in texts { return (field, first) }
        return nil
    }
}

extension ExampleLayout {
    /// The names of a table's columns: what they are to a loss.
    static func roles(_ count: Int, hasTarget: Bool) -> [String] {
        switch count {
        case 1: ["text"]
        case 2 where hasTarget: ["first", "second"]
        case 2: ["anchor", "positive"]
        case 3: ["anchor", "positive", "negative"]
        default: ["anchor", "positive"] + (1...(count - 2)).map { "negative_\($0)" }
        }
    }

    /// What each column of the file is, in the order of the columns used.
    func roles(_ count: Int) -> [(column: Int, role: String)] {
        let isList = negatives != nil && count > texts.count
        let names = Self.roles(isList ? max(count, 4) : count, hasTarget: !targetFields.isEmpty)
        var roles: [(Int, String)] = []
        for (place, name) in zip(texts, names) {
            if roles.last?.0 == place.field {
                roles[roles.count - 1].1 += " and \(name)"
            } else {
                roles.append((place.field, name))
            }
        }
        if isList, let negatives { roles.append((negatives, "negatives")) }
        return roles
    }
}
