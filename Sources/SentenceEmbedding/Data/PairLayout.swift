/// What the third column of a pair file holds.
enum PairTarget: String {
    case score
    case label

    /// The option that names its column.
    var key: PairFileOptions.Key { self == .score ? .score : .label }
}

/// Which field of a record is what.
struct PairLayout {
    /// The format in words, for the report.
    var format: String
    /// The columns' names, from the header or as numbers.
    var columns: [String]
    var first: Int
    var second: Int
    var target: Int
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
    /// The options taken from the training file.
    var shared: [PairFileOptions.Key] = []

    /// The first row was taken for a pair, since nothing says that it names the columns.
    var mayHaveHeader = false

    /// A column in words: its name in quotes, or its number.
    func name(_ index: Int) -> String { columns[index] }
}
