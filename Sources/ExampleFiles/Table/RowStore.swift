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

    init(_ columns: [[String?]], lines: [UInt32]) {
        self.columns = columns
        self.lines = lines
    }

    func text(_ row: Int, _ column: Int) -> String? { columns[column][row] }
    func texts(_ row: Int, _ columns: [Int]) -> [String?] { columns.map { self.columns[$0][row] } }
    func line(of row: Int) -> Int { lines.isEmpty ? 0 : Int(lines[row]) }
    func requireUnchanged() {}
}

/// Rows of a file, kept as positions in it: 12 bytes a row, however many columns it has.
///
/// A text is decoded when it is asked for, by the code that read the file.
final class FileRows: RowStore {
    /// Where rows are: the place of the record in the low 48 bits, which of its choices the row is in the high 16.
    struct Positions: Sendable {
        private(set) var places: [UInt64] = []
        private(set) var lines: [UInt32] = []

        static let mostChoices = 1 << 16

        mutating func reserve(_ count: Int) {
            places.reserveCapacity(count)
            lines.reserveCapacity(count)
        }

        mutating func append(offset: Int, choice: Int, line: Int) {
            places.append(UInt64(offset) | UInt64(choice) << 48)
            lines.append(UInt32(clamping: line))
        }

        func offset(_ row: Int) -> Int { Int(places[row] & (1 << 48 - 1)) }
        func choice(_ row: Int) -> Int { Int(places[row] >> 48) }
    }

    private let contents: FileContents
    private let format: RecordFormat
    private let places: [TextPlace]
    private let positions: Positions
    /// The column of the table that the first of the places is: parallel files have one each.
    private let firstColumn: Int

    init(
        _ contents: FileContents, _ format: RecordFormat, _ places: [TextPlace],
        _ positions: Positions, firstColumn: Int = 0
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
        return texts(row, columns, &finder)
    }

    func reader(_ columns: [Int]) -> (_ row: Int) -> [String?] {
        var finder = RecordFinder(format, in: contents, chunk: 1 << 18)
        return { self.texts($0, columns, &finder) }
    }

    private func texts(_ row: Int, _ columns: [Int], _ finder: inout RecordFinder) -> [String?] {
        let record = finder.record(at: positions.offset(row))
        let choice = positions.choice(row)
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

    func line(of row: Int) -> Int { Int(positions.lines[row]) }

    func requireUnchanged() throws(ExampleFileError) { try contents.requireUnchanged() }
}

/// A column of texts that are not there.
final class NoRows: RowStore {
    func text(_ row: Int, _ column: Int) -> String? { nil }
    func texts(_ row: Int, _ columns: [Int]) -> [String?] { columns.map { _ in nil } }
    func line(of row: Int) -> Int { 0 }
    func requireUnchanged() {}
}
