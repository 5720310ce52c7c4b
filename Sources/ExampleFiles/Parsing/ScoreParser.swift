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
        return "scores \(range) (\(source)); seen: "
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
