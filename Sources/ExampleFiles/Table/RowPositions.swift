/// Where the rows of a file are: the place of the record in it, which of the record's choices the row is, and its line.
///
/// 12 bytes a row: in memory for the first rows, for the others in a file without a name, so that the memory for the
/// rows of a file has a bound however long it is.
struct RowPositions: Sendable {
    static let mostChoices = 1 << 16
    /// Rows whose positions are in memory: 192 MiB.
    static let mostInMemory = 1 << 24

    /// The place in the low 48 bits, the choice in the high 16.
    private var places: SpillingList<UInt64>
    private var lines: SpillingList<UInt32>

    /// - Parameter path: The file that the rows are in; the unnamed one is made beside it.
    init(of path: String, inMemory limit: Int = Self.mostInMemory) {
        places = SpillingList(beside: path, limit: limit)
        lines = SpillingList(beside: path, limit: limit)
    }

    mutating func reserve(_ count: Int) {
        places.reserve(count)
        lines.reserve(count)
    }

    mutating func append(offset: Int, choice: Int, line: Int) {
        places.append(UInt64(offset) | UInt64(choice) << 48)
        lines.append(UInt32(clamping: line))
    }

    /// Writes what is to be in the file, if there are so many.
    mutating func write(ifAtLeast count: Int) throws(ExampleFileError) {
        try places.write(ifAtLeast: count)
        try lines.write(ifAtLeast: count)
    }

    /// The places and choices of up to so many rows from one on, at least of that; none when they cannot be read.
    func records(from row: Int, count: Int) -> [(offset: Int, choice: Int)] {
        places.elements(from: row, count: count).map {
            (Int($0 & (1 << 48 - 1)), Int($0 >> 48))
        }
    }

    /// The bytes that are in memory.
    var memoryBytes: Int { places.memoryBytes + lines.memoryBytes }

    func line(_ row: Int) -> Int { Int(lines.elements(from: row, count: 1).first ?? 0) }
}

/// Numbers in memory up to a limit, and beyond it in a file without a name.
private struct SpillingList<Element: FixedWidthInteger & BitwiseCopyable & Sendable>: Sendable {
    private let path: String
    private let limit: Int
    private var inMemory: [Element] = []
    /// Those that the file will have next.
    private var pending: [Element] = []
    private var file: UnnamedFile?

    private static var size: Int { MemoryLayout<Element>.size }

    init(beside path: String, limit: Int) {
        (self.path, self.limit) = (path, limit)
    }

    mutating func reserve(_ count: Int) { inMemory.reserveCapacity(min(count, limit)) }

    mutating func append(_ element: Element) {
        if inMemory.count < limit { inMemory.append(element) } else { pending.append(element) }
    }

    mutating func write(ifAtLeast count: Int) throws(ExampleFileError) {
        if pending.count < count { return }
        let target =
            if let file { file } else {
                try UnnamedFile(beside: path) { [path] in
                    .cannotIndex(path: path, folder: $0, reason: $1)
                }
            }
        file = target
        try pending.withUnsafeBufferPointer { (buffer) throws(ExampleFileError) in
            try target.append(UnsafeRawBufferPointer(buffer))
        }
        pending.removeAll(keepingCapacity: true)
    }

    var memoryBytes: Int { inMemory.count * Self.size }

    /// Up to so many elements from an index on.
    func elements(from index: Int, count: Int) -> [Element] {
        if index < inMemory.count { return Array(inMemory[index...].prefix(count)) }
        let bytes = file?.file.read(at: (index - limit) * Self.size, count: count * Self.size)
        guard let bytes else { return [] }
        return bytes.withUnsafeBytes { buffer in
            stride(from: 0, through: buffer.count - Self.size, by: Self.size).map {
                buffer.loadUnaligned(fromByteOffset: $0, as: Element.self)
            }
        }
    }
}
