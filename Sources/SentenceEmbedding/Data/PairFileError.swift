/// Why a pair file gave no dataset; each description says where, what, and the likely fix.
public enum PairFileError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The file cannot be opened or read.
    case unreadable(path: String, reason: String)
    /// The file holds something other than lines of text.
    case notText(path: String, reason: String)
    /// The file has no rows.
    case empty(path: String)
    /// The compressed data are damaged.
    case damagedGzip(path: String, line: Int, reason: String)
    /// A line is longer than any sentence pair, or a quote is never closed.
    case malformed(path: String, line: Int, reason: String)
    /// The options contradict themselves or the file.
    case badOption(path: String, reason: String)
    /// The columns cannot be told from the content.
    case unrecognised(path: String, role: String, found: [String], fix: String)
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
    case noPairs(ReadReport, hint: String)
    /// A column taken for sentences holds numbers only.
    case numbersAsSentences(path: String, column: String)
    /// The files of a parallel set differ in length.
    case lengthsDiffer(shorter: String, lines: Int, longer: String)

    /// One sentence that says what, where and the likely fix.
    public var description: String {
        switch self {
        case .unreadable(let path, let reason): "\(path): cannot be read: \(reason)"
        case .notText(let path, let reason): "\(path): not a text file: \(reason)"
        case .empty(let path): "\(path): the file has no rows"
        case .damagedGzip(let path, let line, let reason):
            "\(path): the gzip data are damaged after line \(line): \(reason); "
                + "download or compress the file again"
        case .malformed(let path, let line, let reason): "\(path):\(line): \(reason)"
        case .badOption(let path, let reason): "\(path): \(reason)"
        case .unrecognised(let path, let role, let found, let fix):
            "\(path): cannot tell which column is the \(role); found \(list(found)); \(fix)"
        case .missingColumn(let path, let wanted, let found, let suggestion):
            "\(path): there is no column \(wanted); found \(list(found))"
                + didYouMean(suggestion)
        case .undeclaredRange(let path, let column, let lowest, let highest):
            "\(path): the range of the scores in \(column) is not stated; the scores seen lie in "
                + "\(shortNumber(lowest))...\(shortNumber(highest)); "
                + "state it, e.g. --score-range \(likelyRange(lowest, highest))"
        case .scoreOutOfRange(
            let path, let line, let score, let range, let low, let high, let outside, let rows):
            "\(path):\(line): score \(shortNumber(score)) is outside \(range), as are \(outside) of "
                + "\(rows) scores, which lie in \(shortNumber(low))...\(shortNumber(high)); "
                + "pass --score-range \(likelyRange(low, high)) if that is their range"
        case .numericLabels(let path, let line, let label, let names):
            "\(path):\(line): label '\(label)' is a number, and which number means what differs "
                + "between sources; state the order, e.g. --label-order "
                + (names == LabelSet.inference.names
                    ? "paper (\(LabelOrder.paper)) or --label-order hub (\(LabelOrder.hub))"
                    : names.enumerated().map { "\($0.offset)=\($0.element)" }.joined(separator: ","))
        case .unknownLabel(
            let path, let line, let label, let known, let suggestion, let count, let mayBeHeader):
            "\(path):\(line): label '\(label)' is none of \(known.joined(separator: ", "))"
                + didYouMean(suggestion)
                + (count > 1 ? " (\(count) rows have unknown labels)" : "")
                + (mayBeHeader ? PairLayout.headerHint : "")
        case .tooManyRejected(let report, let share):
            rejectionList(report, share)
        case .noPairs(let report, let hint):
            "\(report.path): none of \(report.rows) rows gave a pair"
                + (report.filtered > 0 ? ", \(report.filtered) did not pass the filter" : "")
                + (report.unlabelled > 0 ? ", \(report.unlabelled) have no label" : "")
                + (report.rejected > 0 ? ", \(report.rejected) are damaged" : "")
                + (hint.isEmpty ? "" : "; \(hint)")
        case .numbersAsSentences(let path, let column):
            "\(path): \(column) was taken for sentences but holds numbers only; "
                + "check the columns (--first, --second, --score, --label)"
        case .lengthsDiffer(let shorter, let lines, let longer):
            "\(shorter): ends after \(lines) lines while \(longer) goes on; "
                + "line n of each file must belong to the same pair"
        }
    }
}

private func list(_ names: [String]) -> String {
    let shown = names.prefix(30).map { "'\($0.prefix(40))'" }.joined(separator: ", ")
    return names.count > 30 ? "\(shown) and \(names.count - 30) more" : shown
}

private func didYouMean(_ suggestion: String?) -> String {
    suggestion.map { "; did you mean '\($0)'?" } ?? ""
}

/// The usual range that holds the scores seen, or the scores' own.
private func likelyRange(_ lowest: Double, _ highest: Double) -> String {
    for (lower, upper) in [(0.0, 1.0), (-1, 1), (0, 5), (0, 10), (0, 100)]
    where lowest >= lower && highest <= upper {
        return "\(shortNumber(lower))...\(shortNumber(upper))"
    }
    return "\(shortNumber(lowest))...\(shortNumber(highest))"
}

private func rejectionList(_ report: ReadReport, _ share: Double) -> String {
    let count = report.rejected
    var text = "\(report.path): \(count) of \(report.rows) lines cannot be used"
    text += share > 0 ? ", more than the share of \(share) allowed" : ""
    for rejection in report.rejections { text += "\n  \(rejection)" }
    let hidden = count - report.rejections.count
    if hidden > 0 { text += "\n  and \(hidden) more" }
    // Leaving out every line is no way out.
    if count == report.rows { return text + "\nCheck the format, the columns and the delimiter" }
    return text + "\nMend them, or leave them out with --max-rejected-share "
        + shareCovering(count, of: report.rows)
}

/// The share of rejected rows, rounded up to three places.
private func shareCovering(_ count: Int, of rows: Int) -> String {
    let share = (Double(count) / Double(max(1, rows)) * 1000).rounded(.up) / 1000
    return String(min(1, share))
}
