/// What each error says.
extension ExampleFileError {
    /// One sentence that says what, where and the likely fix, with options as `naming` has them.
    public func description(naming: OptionNaming) -> String {
        switch self {
        case .unreadable(let path, let reason): "\(path): cannot be read: \(reason)"
        case .notText(let path, let reason): "\(path): not a text file: \(reason)"
        case .empty(let path): "\(path): the file has no rows"
        case .damagedGzip(let path, let line, let reason):
            "\(path): the gzip data are damaged after line \(line): \(reason); "
                + "download or compress the file again"
        case .malformed(let path, let line, let reason): "\(path):\(line): \(reason)"
        case .neverClosed(let path, let line, let field):
            "\(path):\(line): the quote that opens field \(field) is never closed; if quotes are "
                + "ordinary characters in this file, state \(naming(.quoting, "false"))"
        case .changed(let path):
            "\(path): the file was changed while it was in use; leave it alone until the end, and begin again"
        case .cannotUnpack(let path, let folder, let reason):
            "\(path): cannot be unpacked into \(folder): \(reason); make room there, or unpack the file"
        case .cannotIndex(let path, let folder, let reason):
            "\(path): the places of its rows cannot be written into \(folder): \(reason); make room there"
        case .badOption(let path, let reason): "\(path): \(reason)"
        case .unlike(let path, let has, let other, let otherHas):
            "\(path): has \(has), and \(other), which is read with it, has \(otherHas); give both the "
                + "same columns of texts and labels, or leave one out"
        case .bothStated(let path):
            "\(path): the columns of the texts are stated twice; leave out \(naming(.columns, nil)), or "
                + "\(naming(.first, nil)) and \(naming(.second, nil))"
        case .uselessOption(let path, let key):
            "\(path): one of several parallel files, in which each line is a text or a label: there "
                + "are no columns and no quotes, so leave out \(naming(key, nil))"
        case .uselessForFormat(let path, let key, let format):
            "\(path): is \(format), so \(naming(key, nil)) says nothing about it; leave it out, or state "
                + "it with the file that it is for"
        case .noHeader(let path, let row):
            "\(path): line 1 looks like a header ('\(row.joined(separator: "', '").prefix(80))'), but "
                + "the file is said to have none; leave out \(naming(.header, "false"))"
        case .unrecognised(let path, let role, let found, let missing, let isDelimited, let other):
            "\(path): cannot tell which column is the \(role); found \(list(found)); "
                + "\(columnAdvice(missing, naming))"
                + (isDelimited && found.count < 3
                    ? ", or the character between fields: \(naming(.delimiter, nil))" : "")
                + (other.map { "; \($0)" } ?? "")
        case .missingTexts(let path, let wanted, let found, let keys):
            "\(path): rows of \(wanted) are wanted, and those found are \(enumeration(found)); state "
                + "the others with \(enumeration(keys.map { naming($0, nil) })), or train for an objective "
                + "that needs no more than these"
        case .ambiguousText(let path, let fields):
            "\(path): its lines may be texts, or rows of \(fields) fields with tabs between them; state "
                + "\(naming(.format, "txt")) for texts, or \(naming(.columns, nil)) for the column that "
                + "holds them"
        case .ambiguousColumns(let path, let role, let candidates, let missing):
            "\(path): \(ambiguity(role, candidates)); \(columnAdvice(missing, naming))"
        case .ambiguousDelimiter(let path, let candidates):
            "\(path): line 1 can be split at \(enumeration(candidates.map { "'\($0)'" })); state the "
                + "character between fields: \(naming(.delimiter, nil))"
        case .ambiguousQuoting(let path, let line, let found, let bareLine):
            quotingAdvice(path, line, found, bareLine, naming)
        case .notLikeTrainingFile(let error, let other):
            error.description(naming: naming)
                + " (the options of the training file do not fit: \(other.description))"
        case .lateKey(let path, let line, let key):
            "\(path):\(line): the key '\(key)' seems to be wanted, but none of the first records has it, and "
                + "they say what the columns are; put a record that has it first, or state the others with "
                + naming(.columns, nil)
        case .missingColumn(let path, let wanted, let found, let suggestion):
            "\(path): there is no column \(wanted); found \(list(found))"
                + didYouMean(suggestion)
        case .undeclaredRange(let path, let column, let lowest, let highest):
            "\(path): the range of the scores in \(column) is not stated; the scores seen lie in "
                + "\(shortNumber(lowest))...\(shortNumber(highest)); state it, e.g. "
                + naming(.scoreRange, likelyRange(lowest, highest))
        case .scoreOutOfRange(
            let path, let line, let score, let range, let low, let high, let outside, let rows):
            "\(path):\(line): score \(shortNumber(score)) is outside \(range), as are \(outside) of "
                + "\(rows) scores, which lie in \(shortNumber(low))...\(shortNumber(high)); state "
                + "\(naming(.scoreRange, likelyRange(low, high))) if that is the range of this file"
        case .numericLabels(let path, let line, let label, let names):
            "\(path):\(line): label '\(label)' is a number, and which number means what differs "
                + "between sources; state the order, e.g. "
                + (names == LabelSet.inference.names
                    ? "\(naming(.labelOrder, "paper")) (\(LabelOrder.paper)) or "
                        + "\(naming(.labelOrder, "hub")) (\(LabelOrder.hub))"
                    : naming(
                        .labelOrder,
                        names.enumerated().map { "\($0.offset)=\($0.element)" }
                            .joined(separator: ",")))
        case .unknownLabel(
            let path, let line, let label, let known, let suggestion, let count, let mayBeHeader):
            "\(path):\(line): label '\(label)' is none of \(known.joined(separator: ", "))"
                + didYouMean(suggestion)
                + (count > 1 ? " (\(count) rows have unknown labels)" : "")
                + (mayBeHeader ? Remedy.header.advice(naming) : "")
                + (suggestion == nil && known == LabelSet.inference.names
                    ? "; if the classes are others, state them: \(naming(.labels, nil))" : "")
        case .tooManyRejected(let report, let share):
            rejectionList(report, share, naming)
        case .noExamples(let report, let hint):
            "\(report.path): none of \(report.rows) rows gave \(report.example)"
                + (report.filtered > 0 ? ", \(report.filtered) did not pass the filter" : "")
                + (report.unlabelled > 0 ? ", \(report.unlabelled) have no label" : "")
                + (report.rejected > 0 ? ", \(report.rejected) are damaged" : "")
                + (hint.isEmpty ? "" : "; \(hint)")
        case .numbersAsSentences(let path, let column):
            "\(path): \(column) was taken for sentences but holds only numbers or truth values; check the columns: "
                + ([.columns, .first, .second, .score, .label] as [ExampleFileOptions.Key])
                .map { naming($0, nil) }.joined(separator: ", ")
        case .lengthsDiffer(let shorter, let lines, let longer):
            "\(shorter): ends after \(lines) lines while \(longer) goes on; "
                + "line n of each file must belong to the same row"
        }
    }
}

private func ambiguity(_ role: String, _ candidates: [String]) -> String {
    if candidates.count == 1 {
        return
            "the only column that could be the \(role), \(candidates[0]), seems to number the rows"
    }
    let kind =
        switch role {
        case "sentence": "more than two columns could be the sentences"
        case "texts": "nothing says which columns are the texts, and in which order"
        default: "more than one column could be the \(role)"
        }
    return "\(kind): \(enumeration(candidates))"
}

private func columnAdvice(_ missing: [ExampleFileOptions.Key], _ naming: OptionNaming) -> String {
    "state the column\(missing.count > 1 ? "s" : "") by name or number from 1: "
        + enumeration(missing.map { naming($0, nil) })
}

private func quotingAdvice(
    _ path: String, _ line: Int, _ found: QuotingMark, _ bareLine: Int?, _ naming: OptionNaming
) -> String {
    let bare = bareLine.map { ", while line \($0) holds a quote as unquoted files do" } ?? ""
    return "\(path):\(line): \(found)\(bare); state \(naming(.quoting, "true")) if quotes stand "
        + "round fields and are no part of the text, \(naming(.quoting, "false")) if they are part "
        + "of it"
}

private func list(_ names: [String]) -> String {
    let shown = names.prefix(30).map { "'\($0.prefix(40))'" }.joined(separator: ", ")
    return names.count > 30 ? "\(shown) and \(names.count - 30) more" : shown
}

private func didYouMean(_ suggestion: String?) -> String {
    suggestion.map { "; did you mean '\($0)'?" } ?? ""
}

/// The usual range that holds the scores seen, or the scores' own.
func likelyRange(_ lowest: Double, _ highest: Double) -> String {
    for (lower, upper) in [(0.0, 1.0), (-1, 1), (0, 5), (0, 10), (0, 100)]
    where lowest >= lower && highest <= upper {
        return "\(shortNumber(lower))...\(shortNumber(upper))"
    }
    return "\(shortNumber(lowest))...\(shortNumber(highest))"
}

private func rejectionList(
    _ report: ReadReport, _ share: Double, _ naming: OptionNaming
) -> String {
    let count = report.rejected
    var text = "\(report.path): \(count) of \(report.rows) lines cannot be used"
    text += share > 0 ? ", more than the share of \(share) allowed" : ""
    for rejection in report.rejections { text += "\n  \(rejection.description(naming: naming))" }
    let hidden = count - report.rejections.count
    if hidden > 0 { text += "\n  and \(hidden) more" }
    // Leaving out every line is no way out.
    if count == report.rows { return text + "\nCheck the format, the columns and the delimiter" }
    return text + "\nMend them, or leave them out with "
        + naming(.maxRejectedShare, shareCovering(count, of: report.rows))
}

/// The share of rejected rows, rounded up to three places.
private func shareCovering(_ count: Int, of rows: Int) -> String {
    let share = (Double(count) / Double(max(1, rows)) * 1000).rounded(.up) / 1000
    return String(min(1, share))
}
