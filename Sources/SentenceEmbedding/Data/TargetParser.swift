import Support

/// What a score or label field turned out to be.
enum ParsedTarget<Label> {
    case value(Label)
    /// The row has no label and is left out.
    case unlabelled
    /// The field is damaged.
    case rejected(String, Remedy? = nil)
    /// The field contradicts the options; `finish` throws about it.
    case refused
}

/// Turns score or label fields into values, and judges them all at the end.
protocol TargetParser {
    associatedtype Label: Sendable

    /// Reads one field.
    mutating func parse(_ field: ArraySlice<UInt8>, line: Int) -> ParsedTarget<Label>

    /// Throws if the fields contradict the options; otherwise says how they were understood.
    func finish(_ layout: PairLayout) throws(PairFileError) -> String

    /// What in the fields may be a mistake.
    var warning: ReadWarning? { get }
}

/// Scores, scaled to 0...1.
struct ScoreParser: TargetParser {
    let path: String
    /// The range stated in the options.
    let stated: ScoreRange?
    /// The range known from the format.
    let known: ScoreRange?
    let decimalComma: Bool

    private var lowest = Double.infinity
    private var highest = -Double.infinity
    private var count = 0
    private var outside = 0
    private var firstOutside: (line: Int, score: Double)?

    init(path: String, known: ScoreRange?, _ options: PairFileOptions) {
        self.path = path
        self.known = known
        stated = options.scoreRange
        decimalComma = options.decimalComma ?? false
    }

    mutating func parse(_ field: ArraySlice<UInt8>, line: Int) -> ParsedTarget<Float> {
        guard let score = number(field) else {
            let (reason, remedy) = problem(field)
            return .rejected(reason, remedy)
        }
        count += 1
        lowest = min(lowest, score)
        highest = max(highest, score)
        guard let range = stated ?? known else { return .refused }
        guard range.contains(score) else {
            outside += 1
            firstOutside = firstOutside ?? (line, score)
            return .refused
        }
        return .value(range.scaled(score))
    }

    func finish(_ layout: PairLayout) throws(PairFileError) -> String {
        guard count > 0 else { return "no scores" }
        let column = layout.name(layout.target)
        guard let range = stated ?? known else {
            throw .undeclaredRange(path: path, column: column, lowest: lowest, highest: highest)
        }
        if let firstOutside {
            throw .scoreOutOfRange(
                path: path, line: firstOutside.line, score: firstOutside.score, range: range,
                lowest: lowest, highest: highest, outside: outside, rows: count)
        }
        // Copies of the STS benchmark with scores already scaled to 0...1 are about.
        if stated == nil, layout.rangeNeedsCheck, highest <= 1 {
            throw .undeclaredRange(path: path, column: column, lowest: lowest, highest: highest)
        }
        let source = stated == nil ? "the range of this format" : "as stated"
        return "scores \(range) (\(source)) scaled to 0...1; seen: "
            + "\(shortNumber(lowest))...\(shortNumber(highest))"
    }

    var warning: ReadWarning? {
        if let stated, let known, stated != known {
            return .rangeOverridden(known: known, stated: stated)
        }
        guard let stated, count > 1, 2 * (highest - lowest) < stated.upper - stated.lower else {
            return nil
        }
        return .narrowScores(lowest: lowest, highest: highest, range: stated)
    }

    private func number(_ field: ArraySlice<UInt8>) -> Double? {
        var digits = field
        if field.first == 0x20 || field.last == 0x20 {
            digits = Array(String(decoding: field, as: UTF8.self).trimmed.utf8)[...]
        }
        return decimalComma
            ? DecimalNumber.parse(withComma: digits) : DecimalNumber.parse(digits)
    }

    private func problem(_ field: ArraySlice<UInt8>) -> (String, Remedy?) {
        let text = String(decoding: field.prefix(60), as: UTF8.self)
        if field.isEmpty { return ("the score is empty", nil) }
        let digits = Array(text.trimmed.utf8)[...]
        if !decimalComma, DecimalNumber.parse(withComma: digits) != nil {
            return ("score '\(text)' has a decimal comma", .decimalComma)
        }
        if decimalComma, DecimalNumber.parse(digits) != nil {
            return ("score '\(text)' has a decimal point, where commas are stated", nil)
        }
        return ("score '\(text)' is not a finite number", nil)
    }
}

/// Class labels, as names or as numbers of a stated order.
struct LabelParser: TargetParser {
    let path: String
    let labels: LabelSet
    let order: LabelOrder?
    let skipped: Set<String>

    // The same few texts come again and again; looking them up spares folding their case.
    private var seen: [String: ParsedTarget<Int32>] = [:]
    private var firstUnknown: (line: Int, label: String)?
    private var firstNumber: (line: Int, label: String)?
    private var unknown = 0
    private var usesOrder = false

    /// Fails if the order names a label that is not in the set.
    init(path: String, _ options: PairFileOptions) throws(PairFileError) {
        self.path = path
        labels = options.labels
        order = options.labelOrder
        skipped = Set(options.skippedLabels)
        for name in options.labelOrder?.names.values.sorted() ?? [] where labels.id(of: name) == nil
        {
            throw .badOption(
                path: path,
                reason: "the label order names '\(name)', which is none of the labels "
                    + labels.names.joined(separator: ", "))
        }
    }

    mutating func parse(_ field: ArraySlice<UInt8>, line: Int) -> ParsedTarget<Int32> {
        let text = String(decoding: field.prefix(200), as: UTF8.self)
        if let known = seen[text] { return known }
        let parsed = interpret(text.trimmed, line)
        if case .refused = parsed { return parsed }
        if seen.count < 1000 { seen[text] = parsed }
        return parsed
    }

    private mutating func interpret(_ label: String, _ line: Int) -> ParsedTarget<Int32> {
        if let id = labels.id(of: label) { return .value(id) }
        if skipped.contains(label) { return .unlabelled }
        if label.isEmpty { return .rejected("the label is empty") }
        if let number = DecimalNumber.whole(label) {
            // Tables with a missing value somewhere write 1 as 1.0.
            if let id = labels.id(of: String(number)) { return .value(id) }
            if skipped.contains(String(number)) { return .unlabelled }
            usesOrder = true
            if let name = order?.names[number], let id = labels.id(of: name) { return .value(id) }
            if order == nil {
                firstNumber = firstNumber ?? (line, label)
                return .refused
            }
        }
        unknown += 1
        firstUnknown = firstUnknown ?? (line, label)
        return .refused
    }

    func finish(_ layout: PairLayout) throws(PairFileError) -> String {
        if let firstNumber, (firstUnknown?.line ?? .max) > firstNumber.line {
            throw .numericLabels(
                path: path, line: firstNumber.line, label: firstNumber.label, names: labels.names)
        }
        if let firstUnknown {
            let numbers = order.map { $0.names.keys.sorted().map(String.init) } ?? []
            throw .unknownLabel(
                path: path, line: firstUnknown.line, label: firstUnknown.label,
                known: DecimalNumber.whole(firstUnknown.label) != nil ? numbers : labels.names,
                suggestion: labels.closest(to: firstUnknown.label), count: unknown,
                mayBeHeader: layout.mayHaveHeader && firstUnknown.line == 1)
        }
        let ids = labels.names.enumerated().map { "\($0.element) \($0.offset)" }
        let numbers = usesOrder ? order.map { "; numbers in the file mean \($0)" } ?? "" : ""
        return "class ids " + ids.joined(separator: ", ") + numbers
    }

    var warning: ReadWarning? { order != nil && !usesOrder ? .unusedLabelOrder : nil }
}
