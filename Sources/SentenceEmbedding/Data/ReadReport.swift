/// A line that gave no pair, and why.
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
    public var description: String { description(naming: PairFileOptions.name) }

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

/// Something in a pair file that may be a mistake.
public enum ReadWarning: Sendable, Equatable {
    /// The column tells training from test rows, and all were read.
    case unusedSplit(column: String)
    /// The scores seen fill less than half of the range stated.
    case narrowScores(lowest: Double, highest: Double, range: ScoreRange)
    /// The format has scores of another range than the one stated.
    case rangeOverridden(known: ScoreRange, stated: ScoreRange)
    /// What numbers mean is stated, but the labels are names.
    case unusedLabelOrder
    /// The format has its sentences and target in other columns than those stated.
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
        case .formatOverridden(let format, let columns):
            "\(format) has its sentences and its score or label in \(enumeration(columns)); other "
                + "columns are stated and were used."
        }
    }
}

/// What was read from a pair file, and how it was understood.
public struct ReadReport: Sendable, Equatable, CustomStringConvertible {
    /// How many rejected lines are kept in detail; all are counted.
    public static let keptRejections = 20

    /// The file.
    public let path: String
    /// The format recognised or stated, in words.
    public internal(set) var format: String
    /// The columns used, in the order first sentence, second sentence, score or label.
    public let columns: [String]
    /// How scores or labels were understood, in words.
    public internal(set) var interpretation = ""
    /// Records in the file, without the header and blank lines.
    public internal(set) var rows = 0
    /// Pairs in the dataset.
    public internal(set) var pairs = 0
    /// Rows left out by a filter.
    public internal(set) var filtered = 0
    /// Rows left out because they have no label (`PairFileOptions.skippedLabels`).
    public internal(set) var unlabelled = 0
    /// Rows that were damaged.
    public internal(set) var rejected = 0
    /// The first rejected lines.
    public internal(set) var rejections: [RejectedLine] = []
    /// Things that may be mistakes.
    public internal(set) var warnings: [ReadWarning] = []
    /// The options taken from the training file, since this file does not say them itself.
    public internal(set) var shared: [PairFileOptions.Key]
    /// The number of columns in the file.
    public let columnCount: Int

    init(path: String, layout: PairLayout) {
        self.path = path
        format = layout.format
        columns = [layout.first, layout.second, layout.target].map(layout.name)
        shared = layout.shared
        columnCount = layout.columns.count
    }

    mutating func reject(line: Int, _ reason: String, remedy: Remedy? = nil) {
        rejected += 1
        if rejections.count < Self.keptRejections {
            rejections.append(
                RejectedLine(path: path, line: line, reason: reason, remedy: remedy))
        }
    }

    /// One paragraph for a log, in the library's own names.
    public var description: String { description(naming: PairFileOptions.name) }

    /// One paragraph for a log, with options as `naming` has them.
    public func description(naming: OptionNaming) -> String {
        var text = "\(path): \(pairs) pairs from \(rows) rows. Read as \(format), using "
        text += columns.joined(separator: ", ") + "; " + interpretation + "."
        if !shared.isEmpty {
            text += " As for the training file, since not stated for this one: "
            text += enumeration(shared.map { naming($0, nil) }) + "."
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
}
