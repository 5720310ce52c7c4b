/// How to find one record of a file again.
enum RecordFormat: Sendable {
    /// Fields between separators, quotes being ordinary characters.
    case delimited(by: UInt8)
    /// Fields between separators that may be quoted.
    case quoted(by: UInt8)
    /// A JSON value a line; the fields are the values of these keys.
    case jsonLines(JSONKeys)
    /// Each line is the only field.
    case lines

    /// The options that say nothing about such records.
    var uselessOptions: [ExampleFileOptions.Key] {
        switch self {
        case .delimited, .quoted: []
        case .jsonLines: [.delimiter, .quoting, .header]
        case .lines:
            [.delimiter, .quoting, .header, .first, .second, .score, .scores, .label]
        }
    }

    /// The records of a stream.
    func source(_ lines: LineStream) -> any RecordSource {
        switch self {
        case .delimited(let delimiter): DelimitedSource(lines: lines, delimiter: delimiter)
        case .quoted(let delimiter): CSVSource(lines: lines, delimiter: delimiter)
        case .jsonLines(let keys): JSONLinesSource(lines: lines, keys: keys)
        case .lines: TextSource(lines: lines)
        }
    }
}

/// Where in a record the text of a column is.
enum TextPlace: Sendable, Equatable {
    /// A field.
    case field(Int)
    /// An element of a list.
    case element(field: Int, Int)
    /// The element that a row is about, in a list of which each element from `first` on makes a row.
    case choice(field: Int, first: Int)

    /// The field of the record.
    var field: Int {
        switch self {
        case .field(let field), .element(let field, _), .choice(let field, _): field
        }
    }
}

extension Record {
    /// The bytes of a text; nil where there is none.
    func bytes(at place: TextPlace, choice: Int) -> ArraySlice<UInt8>? {
        let (list, index): (Int, Int)
        switch place {
        case .field(let field): return self.field(field)
        case .element(let field, let element): (list, index) = (field, element)
        case .choice(let field, let first): (list, index) = (field, first + choice)
        }
        guard let elements = self.list(list), index < elements.count, let range = elements[index]
        else { return nil }
        return bytes[range]
    }
}
