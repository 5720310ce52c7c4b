import Foundation

/// Why a file gave no examples; each description says where, what, and the likely fix.
public enum ExampleFileError: Error, Sendable, Equatable, LocalizedError, CustomStringConvertible {
    /// The file cannot be opened or read.
    case unreadable(path: String, reason: String)
    /// The file holds something other than lines of text.
    case notText(path: String, reason: String)
    /// The file has no rows.
    case empty(path: String)
    /// The compressed data are damaged.
    case damagedGzip(path: String, line: Int, reason: String)
    /// A line is longer than any example, or cannot be read at all.
    case malformed(path: String, line: Int, reason: String)
    /// A quote that opens a field is never closed.
    case neverClosed(path: String, line: Int, field: Int)
    /// The file is said to have no header, but its first row looks like one.
    case noHeader(path: String, row: [String])
    /// The file is not as it was when its rows were found.
    case changed(path: String)
    /// What is compressed cannot be unpacked into the folder.
    case cannotUnpack(path: String, folder: String, reason: String)
    /// Where the rows are cannot be written into the folder, and there are too many to keep it in memory.
    case cannotIndex(path: String, folder: String, reason: String)
    /// Files that are read as one table have labels of different kinds, or rows of different numbers of texts.
    case unlike(path: String, has: String, other: String, otherHas: String)
    /// The columns of the texts are stated by `columns`, and by `first` or `second` as well.
    case bothStated(path: String)
    /// The option is about columns, and parallel files have none.
    case uselessOption(path: String, key: ExampleFileOptions.Key)
    /// The option is about fields and quotes, and the file is written as something that has none.
    case uselessForFormat(path: String, key: ExampleFileOptions.Key, format: String)
    /// The options contradict themselves or the file.
    case badOption(path: String, reason: String)
    /// The columns cannot be told from the content; one of `missing` would. There may be labels of another kind.
    case unrecognised(
        path: String, role: String, found: [String], missing: [ExampleFileOptions.Key],
        isDelimited: Bool, other: OtherLabels?)
    /// Rows have fewer texts than are wanted.
    case missingTexts(path: String, wanted: String, found: [String], keys: [ExampleFileOptions.Key])
    /// Lines may be texts, or rows of so many fields.
    case ambiguousText(path: String, fields: Int)
    /// More than one column could be what is sought; one of `missing` would tell.
    case ambiguousColumns(
        path: String, role: String, candidates: [String], missing: [ExampleFileOptions.Key])
    /// Line 1 can be split by more than one character.
    case ambiguousDelimiter(path: String, candidates: [String])
    /// Quotes may belong to the text or to the format; `bareLine` has one that only text can hold.
    case ambiguousQuoting(path: String, line: Int, found: QuotingMark, bareLine: Int?)
    /// Neither the file itself nor the options of the training file say how to read it.
    indirect case notLikeTrainingFile(ExampleFileError, other: ExampleFileError)
    /// A key that would be a text or score of the row by its name, but is in none of the first records.
    case lateKey(path: String, line: Int, key: String)
    /// A column that was asked for does not exist.
    case missingColumn(path: String, wanted: String, found: [String], suggestion: String?)
    /// The range of the scores is not known; `lowest` and `highest` were seen.
    case undeclaredRange(path: String, column: String, lowest: Double, highest: Double)
    /// A score lies outside the stated range; `outside` of `rows` do.
    case scoreOutOfRange(
        path: String, line: Int, score: Double, range: ScoreRange, lowest: Double,
        highest: Double, outside: Int, rows: Int)
    /// Labels are numbers, and their order is not stated.
    case numericLabels(path: String, line: Int, label: String, names: [String])
    /// A label is none of the known names or numbers.
    case unknownLabel(
        path: String, line: Int, label: String, known: [String], suggestion: String?, count: Int,
        mayBeHeader: Bool)
    /// More lines were rejected than the options allow.
    case tooManyRejected(ReadReport, allowedShare: Double)
    /// Every row was left out.
    case noExamples(ReadReport, hint: String)
    /// A column taken for sentences holds numbers or truth values only.
    case numbersAsSentences(path: String, column: String)
    /// The files of a parallel set differ in length.
    case lengthsDiffer(shorter: String, lines: Int, longer: String)

    /// One sentence that says what, where and the likely fix, in the library's own names.
    public var description: String { description(naming: ExampleFileOptions.name) }
}

extension ExampleFileError {
    /// `description`
    public var errorDescription: String? { description }

    /// A text file holds no NUL byte.
    static func holdsNUL(_ path: String, line: Int) -> ExampleFileError {
        .notText(path: path, reason: "line \(line) holds a NUL byte; is it a binary file?")
    }
}

/// Labels of another kind than those wanted.
public enum OtherLabels: Sendable, Equatable, CustomStringConvertible {
    /// Scores in a column.
    case scores(column: String)
    /// Classes in a column.
    case classes(column: String)

    /// What the file has, and for what it would do.
    public var description: String {
        switch self {
        case .scores(let column):
            "there are scores in '\(column)', for an objective that takes scores"
        case .classes(let column):
            "there are labels in '\(column)', for an objective that takes classes"
        }
    }
}
