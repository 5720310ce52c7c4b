/// The texts of rows, wherever they are kept.
protocol RowStore: AnyObject, Sendable {
    /// A text; nil when the row has none in this column.
    func text(_ row: Int, _ column: Int) -> String?
    /// The texts of some columns, at less cost than one by one.
    func texts(_ row: Int, _ columns: [Int]) -> [String?]
    /// Gives the texts of some columns of one row after the other, at less cost where rows come in the order of the file.
    func reader(_ columns: [Int]) -> (_ row: Int) -> [String?]
    /// The line on which the row starts, from 1; 0 when it came from no file.
    func line(of row: Int) -> Int
    /// About how many bytes of memory they take.
    var memoryBytes: Int { get }
    /// Whether the file that the rows are read from is as it was.
    ///
    /// - Throws: `ExampleFileError.changed` when it is not.
    func requireUnchanged() throws(ExampleFileError)
}

extension RowStore {
    func reader(_ columns: [Int]) -> (_ row: Int) -> [String?] { { self.texts($0, columns) } }
}

/// Rows in memory.
final class MemoryRows: RowStore {
    private let columns: [[String?]]
    private let lines: [UInt32]
    let memoryBytes: Int

    init(_ columns: [[String?]], lines: [UInt32]) {
        self.columns = columns
        self.lines = lines
        memoryBytes =
            4 * lines.count
            + columns.joined().reduce(0) { $0 + 16 + ($1?.utf8.count ?? 0) }
    }

    func text(_ row: Int, _ column: Int) -> String? { columns[column][row] }
    func texts(_ row: Int, _ columns: [Int]) -> [String?] { columns.map { self.columns[$0][row] } }
    func line(of row: Int) -> Int { lines.isEmpty ? 0 : Int(lines[row]) }
    func requireUnchanged() {}
}

/// Rows of a file, kept as positions in it, however many columns it has.
///
/// A text is decoded when it is asked for, by the code that read the file.
final class FileRows: RowStore {
    private let contents: FileContents
    private let format: RecordFormat
    private let places: [TextPlace]
    private let positions: RowPositions
    /// The column of the table that the first of the places is: parallel files have one each.
    private let firstColumn: Int

    init(
        _ contents: FileContents, _ format: RecordFormat, _ places: [TextPlace],
        _ positions: RowPositions, firstColumn: Int = 0
    ) {
        self.firstColumn = firstColumn
        self.contents = contents
        self.format = format
        self.places = places
        self.positions = positions
    }

    func text(_ row: Int, _ column: Int) -> String? { texts(row, [column])[0] }

    func texts(_ row: Int, _ columns: [Int]) -> [String?] {
        // A record is some hundred bytes long.
        var finder = RecordFinder(format, in: contents, chunk: 1 << 12)
        return texts(positions.records(from: row, count: 1).first, columns, &finder)
    }

    func reader(_ columns: [Int]) -> (_ row: Int) -> [String?] {
        var finder = RecordFinder(format, in: contents, chunk: 1 << 18)
        var (first, records): (Int, [(offset: Int, choice: Int)]) = (0, [])
        var next = 0
        return { row in
            defer { next = row + 1 }
            // What lies far away would be read with much that is not wanted.
            if !(next...next + 64).contains(row) { return self.texts(row, columns) }
            if !records.indices.contains(row - first) {
                (first, records) = (row, self.positions.records(from: row, count: 1 << 12))
            }
            return self.texts(
                records.isEmpty ? nil : records[row - first], columns, &finder)
        }
    }

    /// The texts of the row that is a choice of a record; nil for one whose position cannot be read.
    private func texts(
        _ row: (offset: Int, choice: Int)?, _ columns: [Int], _ finder: inout RecordFinder
    ) -> [String?] {
        guard let (offset, choice) = row else {
            contents.noteFailure()
            return columns.map { _ in nil }
        }
        let record = finder.record(at: offset)
        return columns.map { column in
            let mayLack = firstColumn + column > 1
            guard let bytes = record.bytes(at: places[column], choice: choice) else {
                if !mayLack { contents.noteFailure() }
                return nil
            }
            guard let text = String(validating: bytes, as: UTF8.self) else {
                // Damage was refused when the file was read.
                contents.noteFailure()
                return String(decoding: bytes, as: UTF8.self)
            }
            return mayLack && TextContent.isBlank(text) ? nil : text
        }
    }

    func line(of row: Int) -> Int { positions.line(row) }

    var memoryBytes: Int { positions.memoryBytes + (contents.bytes?.count ?? 0) }

    func requireUnchanged() throws(ExampleFileError) { try contents.requireUnchanged() }
}

/// A column of texts that are not there.
final class NoRows: RowStore {
    func text(_ row: Int, _ column: Int) -> String? { nil }
    func texts(_ row: Int, _ columns: [Int]) -> [String?] { columns.map { _ in nil } }
    func line(of row: Int) -> Int { 0 }
    var memoryBytes: Int { 0 }
    func requireUnchanged() {}
}
