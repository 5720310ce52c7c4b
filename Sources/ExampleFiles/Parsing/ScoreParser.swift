/// Scores, scaled to 0...1.
struct ScoreParser: TargetParser {
    let path: String
    /// The range stated in the options.
    let stated: ScoreRange?
    /// The range known from the format.
    let known: ScoreRange?
    let reader: NumberReader
    private var scores: [Float] = []

    private var lowest = Double.infinity
    private var highest = -Double.infinity
    private var count = 0
    private var outside = 0
    private var firstOutside: (line: Int, score: Double)?

    init(path: String, known: ScoreRange?, _ options: ExampleFileOptions) {
        self.path = path
        self.known = known
        stated = options.scoreRange
        reader = NumberReader(decimalComma: options.decimalComma ?? false)
    }

    mutating func parse(_ fields: [ArraySlice<UInt8>], line: Int) -> ParsedTarget<Float> {
        guard let score = reader.number(fields[0]) else {
            let (reason, remedy) = reader.problem(fields[0])
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

    mutating func append(_ label: Float) -> UInt64? {
        scores.append(label)
        return UInt64(label.bitPattern)
    }

    var labels: LabelColumn { .scores(scores) }

    func finish(_ layout: ExampleLayout) throws(ExampleFileError) -> String {
        guard count > 0 else { return "no scores" }
        let column = layout.targetFields.first.map(layout.name) ?? ""
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
}

/// A teacher's numbers, as they are.
struct NumberParser: TargetParser {
    let reader: NumberReader

    private var numbers: [Float] = []
    private var count = 0
    /// The number of numbers in the first row, and its line.
    private var first: (width: Int, line: Int)?
    private var lowest = Double.infinity
    private var highest = -Double.infinity

    init(_ options: ExampleFileOptions) {
        reader = NumberReader(decimalComma: options.decimalComma ?? false)
    }

    mutating func parse(_ fields: [ArraySlice<UInt8>], line: Int) -> ParsedTarget<[Float]> {
        var row: [Float] = []
        for field in fields {
            guard let number = reader.number(field) else {
                let (reason, remedy) = reader.problem(field)
                return .rejected(reason, remedy)
            }
            guard Float(number).isFinite else {
                return .rejected("score \(number) is larger than can be kept")
            }
            lowest = min(lowest, number)
            highest = max(highest, number)
            row.append(Float(number))
        }
        let (width, other) = first ?? (row.count, line)
        guard row.count == width else {
            return .rejected("\(row.count) scores, where line \(other) has \(width)")
        }
        guard width > 0 else { return .rejected("there is no score") }
        first = (width, other)
        return .value(row)
    }

    mutating func append(_ label: [Float]) -> UInt64? {
        numbers += label
        count += 1
        return label.count == 1 ? UInt64(label[0].bitPattern) : nil
    }

    var labels: LabelColumn {
        let width = first?.width ?? 1
        guard width > 1 else { return .scores(numbers) }
        return .vectors(
            { [numbers] row in Array(numbers[(row * width)..<((row + 1) * width)]) }, count: count,
            width: width)
    }

    func finish(_ layout: ExampleLayout) -> String {
        guard let first else { return "no scores" }
        return (first.width == 1 ? "scores" : "\(first.width) scores a row")
            + " as they are; seen: \(shortNumber(lowest))...\(shortNumber(highest))"
    }

    var warning: ReadWarning? { nil }
}
