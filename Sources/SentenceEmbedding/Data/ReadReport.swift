/// A line that gave no pair, and why.
public struct RejectedLine: Sendable, Equatable, CustomStringConvertible {
    /// The file.
    public let path: String
    /// The line on which the record starts, from 1.
    public let line: Int
    /// What is wrong with it.
    public let reason: String

    /// The place and the reason.
    public var description: String { "\(path):\(line): \(reason)" }
}

/// What was read from a pair file, and how it was understood.
public struct ReadReport: Sendable, Equatable, CustomStringConvertible {
    /// How many rejected lines are kept in detail; all are counted.
    public static let keptRejections = 20

    /// The file.
    public let path: String
    /// The format recognised or stated, in words.
    public let format: String
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
    public internal(set) var warnings: [String] = []

    init(path: String, format: String, columns: [String]) {
        self.path = path
        self.format = format
        self.columns = columns
    }

    mutating func reject(line: Int, _ reason: String) {
        rejected += 1
        if rejections.count < Self.keptRejections {
            rejections.append(RejectedLine(path: path, line: line, reason: reason))
        }
    }

    /// One paragraph for a log.
    public var description: String {
        var text = "\(path): \(pairs) pairs from \(rows) rows. Read as \(format), using "
        text += columns.joined(separator: ", ") + "; " + interpretation + "."
        if filtered > 0 { text += " \(filtered) rows did not pass the filter." }
        if unlabelled > 0 { text += " \(unlabelled) rows without a label were skipped." }
        if rejected > 0 {
            let details = rejections.prefix(3).map(\.description).joined(separator: "; ")
            text += " \(rejected) lines were rejected: \(details)"
            text += rejected > 3 ? "; and \(rejected - 3) more." : "."
        }
        for warning in warnings { text += " Warning: \(warning)" }
        return text
    }
}
