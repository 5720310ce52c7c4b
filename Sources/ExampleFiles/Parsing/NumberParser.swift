/// A teacher's numbers, as they are.
struct NumberParser: TargetParser {
    let reader: NumberReader
    /// Whether single numbers are vectors of one, and no scores.
    let areVectors: Bool

    private var numbers: [Float] = []
    private var count = 0
    /// The number of numbers in the first row, and its line.
    private var first: (width: Int, line: Int)?
    private var lowest = Double.infinity
    private var highest = -Double.infinity

    init(_ options: ExampleFileOptions, areVectors: Bool) {
        self.areVectors = areVectors
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
        return areVectors ? nil : UInt64(label[0].bitPattern)
    }

    var labels: LabelColumn {
        let width = first?.width ?? 1
        guard areVectors else { return .scores(numbers) }
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
