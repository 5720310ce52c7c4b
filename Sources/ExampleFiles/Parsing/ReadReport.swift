/// A line that gave no example, and why.
public struct RejectedLine: Sendable, Equatable, CustomStringConvertible {
    /// The file.
    public let path: String
    /// The line on which the record starts, from 1.
    public let line: Int
    /// What is wrong with it.
    public let reason: String
    /// What would let it be read.
    let remedy: Remedy?

    /// The place and the reason, in the library's own names.
    public var description: String { description(naming: ExampleFileOptions.name) }

    /// The place and the reason, with options as `naming` has them.
    public func description(naming: OptionNaming) -> String {
        "\(path):\(line): \(reason)\(remedy?.advice(naming) ?? "")"
    }
}

/// An option that may let a rejected line be read.
enum Remedy: Sendable, Equatable {
    /// The line may name the columns.
    case header
    /// The number may have a decimal comma.
    case decimalComma

    /// The end of a message.
    func advice(_ naming: OptionNaming) -> String {
        switch self {
        case .header: "; if line 1 names the columns, state \(naming(.header, "true"))"
        case .decimalComma: "; write a point, or state \(naming(.decimalComma, "true"))"
        }
    }
}

/// Something in a file that may be a mistake.
public enum ReadWarning: Sendable, Equatable {
    /// The column tells training from test rows, and all were read.
    case unusedSplit(column: String)
    /// The scores seen fill less than half of the range stated.
    case narrowScores(lowest: Double, highest: Double, range: ScoreRange)
    /// The format has scores of another range than the one stated.
    case rangeOverridden(known: ScoreRange, stated: ScoreRange)
    /// What numbers mean is stated, but the labels are names.
    case unusedLabelOrder
    /// Nothing says whether the first row names the columns, and it was taken for an example.
    case mayHaveHeader(row: [String])
    /// The format has its sentences and score in other columns than those stated.
    case formatOverridden(format: String, columns: [String])

    /// What may be wrong, with options as `naming` has them.
    public func description(naming: OptionNaming) -> String {
        switch self {
        case .unusedSplit(let column):
            "the column \(column) tells training from test rows, and all were read; choose with "
                + "\(naming(.filters, nil))."
        case .narrowScores(let lowest, let highest, let range):
            "the scores seen lie in \(shortNumber(lowest))...\(shortNumber(highest)), less than half "
                + "of the range \(range); if that is not their range, state "
                + "\(naming(.scoreRange, likelyRange(lowest, highest)))."
        case .rangeOverridden(let known, let stated):
            "this format has scores in \(known), but \(stated) is stated and was used; leave out "
                + "\(naming(.scoreRange, nil)) unless that is meant."
        case .unusedLabelOrder:
            "the labels are names, so \(naming(.labelOrder, nil)) was not used."
        case .mayHaveHeader(let row):
            "line 1 ('\(row.joined(separator: "', '").prefix(80))') was taken for \(row.count == 1 ? "a text" : "an example"); if "
                + "it names the columns, state \(naming(.header, "true")), else \(naming(.header, "false"))."
        case .formatOverridden(let format, let columns):
            "\(format) has its sentences and its score or label in \(enumeration(columns)); other "
                + "columns are stated and were used."
        }
    }
}

/// What was read from a file, and how it was understood.
public struct ReadReport: Sendable, Equatable, CustomStringConvertible {
    /// How many rejected lines are kept in detail; all are counted.
    public static let keptRejections = 20

    /// The file.
    public let path: String
    /// The format recognised or stated, in words.
    public internal(set) var format: String
    /// The columns used: those of the texts, then those of the labels.
    public let columns: [String]
    /// What each column of texts is, such as `anchor`, in the order of `columns`.
    public internal(set) var roles: [String] = []
    /// The columns that are not used, where the format does not say what they hold.
    public let unusedColumns: [String]
    /// Keys that are not used and that none of the first records has, up to 20.
    public internal(set) var lateKeys: [String] = []
    /// Records that have such keys.
    public internal(set) var lateRows = 0
    /// A column of scores or labels that was not asked for.
    public let unusedLabels: String?
    /// How scores or labels were understood, in words.
    public internal(set) var interpretation = ""
    /// The classes found in the file, in the order of their ids, where none are stated.
    public internal(set) var classNames: [String] = []
    /// Records in the file, without the header and blank lines.
    public internal(set) var rows = 0
    /// Rows of the table.
    public internal(set) var examples = 0
    /// Records with more negatives than are used.
    public internal(set) var cutRows = 0
    /// The folder of the file without a name into which the file was unpacked, being too large for the memory.
    public internal(set) var unpackedTo: String?
    /// Rows left out by a filter.
    public internal(set) var filtered = 0
    /// Rows left out because they have no label (`ExampleFileOptions.skippedLabels`).
    public internal(set) var unlabelled = 0
    /// Rows that were damaged.
    public internal(set) var rejected = 0
    /// The first rejected lines.
    public internal(set) var rejections: [RejectedLine] = []
    /// Things that may be mistakes.
    public internal(set) var warnings: [ReadWarning] = []
    /// The options taken from the training file, since this file does not say them itself.
    public internal(set) var shared: [ExampleFileOptions.Key]
    /// The number of columns in the file.
    public let columnCount: Int
    /// The number of texts in a row.
    public internal(set) var textCount: Int
    /// What a row of the kind wanted is called.
    let example: String

    init(path: String, layout: ExampleLayout, request: ExampleRequest) {
        self.path = path
        format = layout.format
        columns = layout.used.map(layout.name)
        shared = layout.shared
        columnCount = layout.columns.count
        textCount = layout.texts.count
        example = request.example
        let known = layout.used + layout.filters.map(\.index)
        unusedLabels = layout.unusedTarget.map(layout.name)
        unusedColumns =
            layout.isPublished
            ? []
            : layout.columns.indices
                .filter { !known.contains($0) && $0 != layout.unusedTarget }.map(layout.name)
    }

    mutating func reject(line: Int, _ reason: String, remedy: Remedy? = nil) {
        rejected += 1
        if rejections.count < Self.keptRejections {
            rejections.append(
                RejectedLine(path: path, line: line, reason: reason, remedy: remedy))
        }
    }

    /// One paragraph for a log, in the library's own names.
    public var description: String { description(naming: ExampleFileOptions.name) }

    /// One paragraph for a log, with options as `naming` has them.
    public func description(naming: OptionNaming) -> String {
        var text = "\(path): \(examples) \(ExampleRequest.noun(textCount))"
        if rows != examples { text += " from \(rows) rows" }
        text += ", as \(format), using \(usedColumns); \(interpretation)."
        if let unusedLabels { text += " The scores or labels in \(unusedLabels) are not used." }
        if !unusedColumns.isEmpty {
            let more = unusedColumns.count > 20 ? ["\(unusedColumns.count - 20) more"] : []
            text += " Left out: \(enumeration(unusedColumns.prefix(20) + more))."
        }
        if !lateKeys.isEmpty {
            text += " Left out of \(lateRows) rows, though not of the first: "
            text += "\(enumeration(lateKeys.map { "'\($0)'" }))."
        }
        if !shared.isEmpty {
            text += " As the training file, where not stated: "
            text += enumeration(shared.map { naming($0, nil) }) + "."
        }
        if let unpackedTo {
            text +=
                " Unpacked into a file without a name in \(unpackedTo), which goes when this ends."
        }
        if cutRows > 0 {
            text += " Of \(cutRows) rows with more negatives than are wanted, the first are used."
        }
        if filtered > 0 { text += " \(filtered) rows did not pass the filter." }
        if unlabelled > 0 { text += " \(unlabelled) rows without a label were skipped." }
        if rejected > 0 {
            let details = rejections.prefix(3).map { $0.description(naming: naming) }.joined(
                separator: "; ")
            text += " \(rejected) lines were rejected: \(details)"
            text += rejected > 3 ? "; and \(rejected - 3) more." : "."
        }
        for warning in warnings { text += " Warning: \(warning.description(naming: naming))" }
        return text
    }

    /// The columns used; of a scored or labelled pair, whose order tells what they are, without what each is.
    private var usedColumns: String {
        let isLabelledPair = roles == ["first", "second"]
        return columns.enumerated().map { index, column in
            isLabelledPair || index >= roles.count ? column : "\(column) as \(roles[index])"
        }.joined(separator: ", ")
    }
}
