import Support

/// What a score or label turned out to be.
enum ParsedTarget<Label> {
    case value(Label)
    /// The row has no label and is left out.
    case unlabelled
    /// The field is damaged.
    case rejected(String, Remedy? = nil)
    /// The field contradicts the options; `finish` throws about it.
    case refused
}

/// Turns scores or labels into values, keeps them, and judges them all at the end.
protocol TargetParser {
    associatedtype Label

    /// Reads the fields of a row's label.
    mutating func parse(_ fields: [ArraySlice<UInt8>], line: Int) -> ParsedTarget<Label>

    /// Keeps the label of the next row; returns its bits where they belong after the row's texts.
    mutating func append(_ label: Label) -> UInt64?

    /// Throws if the fields contradict the options; otherwise says how they were understood.
    mutating func finish(_ layout: ExampleLayout) throws(ExampleFileError) -> String

    /// The labels of all rows, after `finish`.
    var labels: LabelColumn { get }

    /// What in the fields may be a mistake.
    var warning: ReadWarning? { get }
}

/// No labels.
struct NoLabelParser: TargetParser {
    var labels: LabelColumn { .none }
    var warning: ReadWarning? { nil }

    func parse(_ fields: [ArraySlice<UInt8>], line: Int) -> ParsedTarget<Void> { .value(()) }
    func append(_ label: Void) -> UInt64? { nil }
    func finish(_ layout: ExampleLayout) -> String { "no labels" }
}

/// Reads a number as files have it.
struct NumberReader {
    /// Whether decimals follow a comma.
    let decimalComma: Bool

    /// The finite number; nil for anything else.
    func number(_ field: ArraySlice<UInt8>) -> Double? {
        var digits = field
        if field.first == 0x20 || field.last == 0x20 {
            digits = Array(String(decoding: field, as: UTF8.self).trimmed.utf8)[...]
        }
        return decimalComma
            ? DecimalNumber.parse(withComma: digits) : DecimalNumber.parse(digits)
    }

    /// What is wrong with a field that holds none, and what would let it be read.
    func problem(_ field: ArraySlice<UInt8>) -> (String, Remedy?) {
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
