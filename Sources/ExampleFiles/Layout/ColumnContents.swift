import Support

/// What the columns of a file without names hold, by its first rows.
///
/// A column counts as one of a kind when its first value is of that kind, or most values are: a
/// single damaged value must not hide a second candidate.
struct ColumnContents {
    /// The columns that may be scores.
    private(set) var numbers: [Int] = []
    /// The columns that may be labels: those of names, or, if there is none, of whole numbers.
    private(set) var labels: [Int] = []
    /// The columns that seem to number the rows.
    private(set) var rowNumbers: Set<Int> = []
    private var mostlyNumbers: Set<Int> = []
    private var withSpaces: Set<Int> = []

    /// Looks at the first rows; `isInference` where the classes are those of inference unless others are stated.
    init(_ rows: [[String]], _ options: ExampleFileOptions, isInference: Bool) {
        let names = options.labels ?? (isInference ? .inference : nil)
        func isName(_ text: String) -> Bool {
            names?.id(of: text) != nil
                || options.skippedLabels.contains(text) && !Self.isNumber(text)
        }
        var wholeNumbers: [Int] = []
        for column in rows[0].indices {
            let values = rows.compactMap { $0.indices.contains(column) ? $0[column].trimmed : nil }
            func most(_ test: (String) -> Bool) -> Bool {
                2 * values.count(where: test) > values.count
            }
            func hold(_ test: (String) -> Bool) -> Bool { test(values[0]) || most(test) }
            if hold(Self.isNumber) { numbers.append(column) }
            if hold(isName) { labels.append(column) }
            if hold({ DecimalNumber.whole($0) != nil }) { wholeNumbers.append(column) }
            if most(Self.isNumber) { mostlyNumbers.insert(column) }
            if Self.areRowNumbers(values) { rowNumbers.insert(column) }
            if most({ $0.contains(" ") || !$0.utf8.allSatisfy { $0 < 0x80 } }) {
                withSpaces.insert(column)
            }
        }
        if labels.isEmpty { labels = wholeNumbers }
    }

    /// The columns among `others` that may be sentences: `wanted` ones if that is all there are,
    /// else those of no numbers, else those of more than single words.
    func sentences(among others: [Int], wanted: Int) -> [Int] {
        if others.count <= wanted { return others }
        let texts = others.filter { !mostlyNumbers.contains($0) }
        if texts.count <= wanted { return texts }
        let phrases = texts.filter(withSpaces.contains)
        return phrases.count == wanted ? phrases : texts
    }

    /// Whether numbers count up from 0 or 1, or many of them rise without a break, as ids do.
    private static func areRowNumbers(_ values: [String]) -> Bool {
        let numbers = values.compactMap(DecimalNumber.whole)
        guard numbers.count == values.count, numbers.count >= 3 else { return false }
        let steps = zip(numbers, numbers.dropFirst())
        return (0...1).contains(numbers[0]) && numbers.last == numbers[0] + numbers.count - 1
            && steps.allSatisfy { $0 < $1 }
            || numbers.count >= 10 && steps.allSatisfy { $0 < $1 }
    }

    /// Whether a text is a number, be it with a decimal comma that is not stated.
    static func isNumber(_ text: String) -> Bool {
        let digits = Array(text.trimmed.utf8)[...]
        return (DecimalNumber.parse(digits) ?? DecimalNumber.parse(withComma: digits)) != nil
    }
}
