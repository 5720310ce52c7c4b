import JSON

/// A line of a report: a key and a value for programs, and both in words.
struct ReportRow {
    let key: String
    let label: String
    let value: JSONValue
    let text: String

    /// Where the words begin.
    static let width = 17

    init(_ key: String, _ label: String, _ value: JSONValue, _ text: String) {
        (self.key, self.label, self.value, self.text) = (key, label, value, text)
    }

    init(_ key: String, _ label: String, _ text: String) {
        self.init(key, label, .string(text), text)
    }

    /// The line in words.
    var line: String { label.padded(Self.width) + text }
}
