import HDF5
import Testing

@Suite struct RoundTripTests {
    private let folder: TemporaryFolder

    init() throws { folder = TemporaryFolder() }

    /// Writes values with the extremes of their type, and compares shape, type and values.
    private func check<Element: HDF5Element & Equatable>(
        _ extremes: [Element], shape: [Int]
    ) throws {
        let count = shape.reduce(1, *)
        let values = (0..<count).map { extremes[$0 % extremes.count] }
        let path = folder.path("values.h5")
        let file = try HDF5File(creating: path, replacing: true)
        try file.root.write(values, shape: shape, as: "x")
        try file.close()
        let dataset = try HDF5File(opening: path).root.dataset(named: "x")
        #expect(dataset.shape == shape)
        #expect(dataset.count == count)
        #expect(dataset.elementType == Element.elementType)
        #expect(try dataset.read(as: Element.self) == values)
    }

    @Test(arguments: [[], [0], [1], [7], [3, 0], [0, 3], [2, 3], [4, 1, 5], [2, 3, 4, 5]])
    func everyTypeAndRank(shape: [Int]) throws {
        try check([Float](arrayLiteral: -0, 1.5, .infinity, .leastNonzeroMagnitude), shape: shape)
        try check([Double.pi, -.greatestFiniteMagnitude, .ulpOfOne], shape: shape)
        try check([Int.min, .max, 5], shape: shape)
        try check([Int8.min, .max, 5], shape: shape)
        try check([Int16.min, .max, 5], shape: shape)
        try check([Int32.min, .max, 5], shape: shape)
        try check([Int64.min, .max, 5], shape: shape)
        try check([UInt8.min, .max, 5], shape: shape)
        try check([UInt16.min, .max, 5], shape: shape)
        try check([UInt32.min, .max, 5], shape: shape)
        try check([UInt64.min, .max, 5], shape: shape)
    }

    @Test func numbersRoundedToFloat16() throws {
        // The last ones: ties to even, the smallest number, half of it, the largest number and what is above it.
        let values: [Float] = [
            0, -0.0, 1, -2.5, 1 / 3, 2049, 2051, 0x1p-24, 0x1p-25, 65504, 65520, -.infinity,
        ]
        let file = try HDF5File(creating: folder.path("half.h5"))
        try file.root.writeFloat16(values.span, shape: [3, 4], as: "half")
        try file.close()
        let dataset = try HDF5File(opening: folder.path("half.h5")).root.dataset(named: "half")
        #expect(dataset.elementType == .float16)
        let read = try dataset.read(as: Float.self)
        #expect(read.map(\.bitPattern) == values.map { Float(Float16($0)).bitPattern })
        #expect(read[5] == 2048 && read[6] == 2052 && read[8] == 0 && read[10] == .infinity)
    }

    @Test func bitsOfNaNSurvive() throws {
        let path = folder.path("nan.h5")
        let values = [Float(bitPattern: 0x7FC0_1234), -Float.zero]
        let file = try HDF5File(creating: path)
        try file.root.write(values, as: "x")
        try file.close()
        let read = try HDF5File(opening: path).root.dataset(named: "x").read(as: Float.self)
        #expect(read.map(\.bitPattern) == values.map(\.bitPattern))
    }

    @Test(arguments: [1, 2, 7, 299, 300, 700])
    func rowBlocksOfAnySize(block: Int) throws {
        let (rows, columns) = (700, 1000)
        let values = (0..<rows * columns).map { Float($0) }
        let path = folder.path("blocks.h5")
        let file = try HDF5File(creating: path)
        let written = try file.root.createDataset("x", shape: [rows, columns], of: Float.self)
        #expect(try written.chunkRows == 234)
        for start in stride(from: 0, to: rows, by: block) {
            let range = start..<min(start + block, rows)
            let part = Array(values[range.lowerBound * columns..<range.upperBound * columns])
            try written.write(part.span, rows: range)
        }
        try file.close()
        let dataset = try HDF5File(opening: path).root.dataset(named: "x")
        #expect(try dataset.read() == values)
        var part = [Float](repeating: 0, count: 3 * columns)
        var span = part.mutableSpan
        try dataset.read(rows: 233..<236, into: &span)
        #expect(part == Array(values[233 * columns..<236 * columns]))
    }

    @Test func rowBlocksOfRankFour() throws {
        let values = (0..<2 * 3 * 4 * 5).map { Int32($0) }
        let file = try HDF5File(creating: folder.path("four.h5"))
        let dataset = try file.root.createDataset("x", shape: [2, 3, 4, 5], of: Int32.self)
        try dataset.write(Array(values[60...]).span, rows: 1..<2)
        try dataset.write(Array(values[..<60]).span, rows: 0..<1)
        try dataset.write([Int32]().span, rows: 2..<2)
        #expect(try dataset.read() == values)
        try file.close()
    }

    @Test func numbersWidenOnlyWhereNothingIsLost() throws {
        let file = try HDF5File(creating: folder.path("types.h5"))
        try file.root.write([1.5, 1e300], as: "doubles")
        try file.root.write([UInt8(200)], as: "bytes")
        try file.root.write([UInt64.max], as: "large")
        let doubles = try file.root.dataset(named: "doubles")
        #expect(try doubles.read(as: Float.self) == [1.5, .infinity])
        let bytes = try file.root.dataset(named: "bytes")
        #expect(try bytes.read(as: Int16.self) == [200])
        #expect(try bytes.read(as: UInt64.self) == [200])
        let path = file.path
        let large = try file.root.dataset(named: "large")
        #expect(
            throws: HDF5Error.wrongType(
                file: path, object: "/large", expected: "int64", found: "uint64")
        ) { try large.read(as: Int64.self) }
        #expect(
            throws: HDF5Error.wrongType(
                file: path, object: "/bytes", expected: "int8", found: "uint8")
        ) { try bytes.read(as: Int8.self) }
        #expect(
            throws: HDF5Error.wrongType(
                file: path, object: "/bytes", expected: "float32", found: "uint8")
        ) { try bytes.read(as: Float.self) }
        #expect(
            throws: HDF5Error.wrongType(
                file: path, object: "/bytes", expected: "string", found: "uint8")
        ) { try bytes.readStrings() }
    }

    @Test func strings() throws {
        let vocabulary =
            ["[PAD]", "", "é", "日本", "##ing", "👩‍👩‍👧", " lead", "trail "]
            + (0..<30_000).map { "token\($0)" } + [String(repeating: "long", count: 50)]
        let path = folder.path("strings.h5")
        let file = try HDF5File(creating: path)
        try file.root.write(vocabulary, as: "vocabulary")
        try file.root.write([String](), as: "none")
        try file.root.write([""], as: "empty")
        try file.close()
        let opened = try HDF5File(opening: path)
        #expect(try opened.root.dataset(named: "vocabulary").readStrings() == vocabulary)
        #expect(try opened.root.dataset(named: "none").readStrings() == [])
        #expect(try opened.root.dataset(named: "empty").readStrings() == [""])
        let size = try folder.bytes(of: "strings.h5").count
        #expect(size < 1_000_000, "30 000 strings of 200 bytes should be compressed: \(size)")
    }
}
