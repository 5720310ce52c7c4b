/// What makes a tab-separated file look as if its fields were quoted.
public enum QuotingMark: Sendable, Equatable, CustomStringConvertible {
    /// A field begins and ends in quotes and holds doubled ones, as writers of quoted files leave them.
    case doubled
    /// A field in quotes goes on over a tab or a line end, without which the row has too few fields.
    case joined
    /// The names in line 1 are in quotes.
    case header
    /// A field begins and ends in quotes, which may be a citation.
    case wrapped

    /// What was found, in words.
    public var description: String {
        switch self {
        case .doubled:
            "a field begins and ends in quotes and holds doubled ones, as in a quoted file"
        case .joined:
            "a field in quotes goes on over a separator or a line end, as in a quoted file"
        case .header: "the names of the columns are in quotes, as in a quoted file"
        case .wrapped: "a field begins and ends in quotes, which may be its own or the file's"
        }
    }
}

/// Reads along a file whose quotes are taken for text, and notes what it would be if they were not.
///
/// Writers of quoted files (RFC 4180, Python's `csv`, pandas) put every field that holds a quote, a
/// separator or a line end into quotes, and double the quotes in it. So a quote that such a file cannot
/// hold (in a field without quotes round it, or after the closing one) tells an unquoted file, doubled
/// quotes in a field in quotes a quoted one, and a field merely in quotes can be either.
final class QuotingScan {
    private let delimiter: UInt8
    /// The first line of each column with a field in quotes.
    private var wrappedLines: [Int: Int] = [:]
    private var doubledLine: Int?
    private var joinedLine: Int?
    private var bareLine: Int?
    /// The number of fields in line 1.
    private var columns: Int?

    /// The quoted field that is not closed yet.
    private var open: Opening?

    private struct Opening {
        let line: Int
        let column: Int
        var isDoubled = false
        /// Whether a line of it has another number of fields than line 1 when quotes are text.
        var breaksRows = false
        var isJoined = false
    }

    init(delimiter: UInt8) { self.delimiter = delimiter }

    /// Looks at the next line.
    func read(_ line: ArraySlice<UInt8>, number: Int) {
        guard open != nil || columns == nil || line.contains(Self.quote) else { return }
        let count = line.count { $0 == delimiter } + 1
        columns = columns ?? count
        let breaksRows = count != columns
        var column = 0
        var position = line.startIndex
        if open != nil {
            open?.isJoined = true
            if breaksRows { open?.breaksRows = true }
            guard let end = close(in: line, from: position) else { return }
            (column, position) = ((open?.column ?? 0) + 1, finish(line, end, number))
        }
        while position <= line.endIndex {
            if position < line.endIndex, line[position] == Self.quote {
                open = Opening(line: number, column: column, breaksRows: breaksRows)
                guard let end = close(in: line, from: position + 1) else { return }
                position = finish(line, end, number)
            } else {
                let end = line[position...].firstIndex(of: delimiter) ?? line.endIndex
                if line[position..<end].contains(Self.quote) { bareLine = bareLine ?? number }
                position = end + 1
            }
            column += 1
        }
    }

    /// Whether quotes in these columns are text; nil where the two readings do not differ.
    ///
    /// - Throws: `ExampleFileError.ambiguousQuoting` when they differ and the file does not tell.
    func judge(_ path: String, _ used: [Int]) throws(ExampleFileError) -> Bool? {
        let never = open?.line
        let bare = [bareLine, never].compactMap { $0 }.min()
        let wrapped = used.compactMap { wrappedLines[$0] }.min()
        guard joinedLine != nil || wrapped != nil else { return nil }
        if let line = joinedLine {
            throw .ambiguousQuoting(path: path, line: line, found: .joined, bareLine: bare)
        }
        if let line = doubledLine {
            throw .ambiguousQuoting(path: path, line: line, found: .doubled, bareLine: bare)
        }
        if let wrapped, bare == nil {
            throw .ambiguousQuoting(path: path, line: wrapped, found: .wrapped, bareLine: nil)
        }
        return true
    }

    /// The place after the quote that closes the open field; nil if it is on a later line.
    private func close(in line: ArraySlice<UInt8>, from start: Int) -> Int? {
        var position = start
        while let quote = line[position...].firstIndex(of: Self.quote) {
            position = quote + 1
            if line[start..<quote].contains(delimiter) { open?.isJoined = true }
            guard position < line.endIndex, line[position] == Self.quote else { return position }
            open?.isDoubled = true
            position += 1
        }
        return nil
    }

    /// Notes the field that a quote before `end` closed; returns the start of the next one.
    private func finish(_ line: ArraySlice<UInt8>, _ end: Int, _ number: Int) -> Int {
        guard let field = open else { return end }
        open = nil
        guard end == line.endIndex || line[end] == delimiter, !field.isJoined || field.breaksRows
        else {
            bareLine = bareLine ?? field.line
            return (line[end...].firstIndex(of: delimiter) ?? line.endIndex) + 1
        }
        if field.isJoined { joinedLine = joinedLine ?? field.line }
        if field.isDoubled { doubledLine = doubledLine ?? field.line }
        wrappedLines[field.column] = min(wrappedLines[field.column] ?? .max, field.line)
        return end + 1
    }

    private static let quote = UInt8(ascii: "\"")
}
