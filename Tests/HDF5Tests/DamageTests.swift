import HDF5
import Testing

@Suite struct DamageTests {
    private let folder: TemporaryFolder
    private let path: String
    private let marker: [UInt8]

    /// A file with a bit of everything; `marker` is how its weights begin on disk.
    init() throws {
        folder = TemporaryFolder()
        path = folder.path("good.h5")
        let file = try HDF5File(creating: path)
        try file.root.attributes.set("format", to: 1)
        let model = try file.root.createGroup("model")
        try model.attributes.set("config", to: "{\"hidden_size\": 384}")
        let weights = (0..<600).map { Float($0) + 0.3 }
        try model.write(weights, shape: [30, 20], as: "weight")
        try model.write([Int32(7)], shape: [], as: "step")
        try model.write(["[PAD]", "[UNK]"], as: "vocabulary")
        try file.close()
        marker = weights.prefix(8).flatMap { value in
            (0..<4).map { UInt8(truncatingIfNeeded: value.bitPattern >> (8 * $0)) }
        }
    }

    @Test func aFlippedByteFailsTheChecksum() throws {
        var bytes = try folder.bytes(of: "good.h5")
        let start = try #require(bytes.firstRange(of: marker)).lowerBound
        bytes[start + 1000] ^= 1
        let path = try folder.write(bytes, to: "flipped.h5")
        let file = try HDF5File(opening: path)
        let weight = try file.root.dataset(named: "model/weight")
        let error = #expect(throws: HDF5Error.self) { _ = try weight.read(as: Float.self) }
        #expect(
            error?.description == """
                \(path): /model/weight fails its checksum: the bytes changed after they were \
                written; use another copy of the file
                """)
        #expect(try file.root.dataset(named: "model/step").read(as: Int.self) == [7])
    }

    @Test func everyByteOfTheStructureIsChecksummed() throws {
        let good = try folder.bytes(of: "good.h5")
        let expected = readEverything(in: try HDF5File(opening: path).root)
        #expect(expected == [])
        var unnoticed = 0
        let used = good.indices.filter { good[$0] != 0 }
        for index in stride(from: 0, to: used.count, by: 37) {
            var bytes = good
            bytes[used[index]] ^= 0x10
            let path = try folder.write(bytes, to: "flipped.h5")
            do throws(HDF5Error) {
                let errors = readEverything(in: try HDF5File(opening: path).root)
                if errors.isEmpty { unnoticed += 1 }
            } catch {
                #expect(error.description.hasPrefix(path + ": "))
            }
        }
        // Space that was used and given back while writing is all that may change freely.
        #expect(unnoticed <= used.count / 37 / 10, "\(unnoticed) flips went unnoticed")
    }

    @Test func everyTruncationIsAnError() throws {
        let good = try folder.bytes(of: "good.h5")
        let lengths = Array(0...64) + Array(stride(from: 65, to: good.count, by: good.count / 60))
        for length in lengths + [good.count - 1] {
            let path = try folder.write(good.prefix(length), to: "short.h5")
            #expect(throws: HDF5Error.self, "\(length) bytes") { _ = try HDF5File(opening: path) }
        }
        let path = try folder.write(good.prefix(1000), to: "short.h5")
        let error = #expect(throws: HDF5Error.self) { _ = try HDF5File(opening: path) }
        #expect(
            error?.description == """
                \(path): truncated: 1000 of \(good.count) bytes are there; \
                copy or download it again
                """)
    }

    @Test(arguments: [1, 8, 100, 5000])
    func garbageIsNotHDF5(length: Int) throws {
        var state: UInt64 = 1
        let bytes = (0..<length).map { _ in
            state = state &* 6_364_136_223_846_793_005 &+ 1
            return UInt8(truncatingIfNeeded: state >> 33)
        }
        let path = try folder.write(bytes, to: "garbage.h5")
        let error = #expect(throws: HDF5Error.self) { _ = try HDF5File(opening: path) }
        #expect(error?.description == "\(path): not an HDF5 file: it has no HDF5 signature")
    }

    @Test func aSignatureAloneIsNotEnough() throws {
        let signature: [UInt8] = [0x89, 0x48, 0x44, 0x46, 0x0D, 0x0A, 0x1A, 0x0A]
        let path = try folder.write(signature + [UInt8](repeating: 0xFF, count: 500), to: "x.h5")
        #expect(throws: HDF5Error.self) { _ = try HDF5File(opening: path) }
    }

    @Test func anUnfinishedFileIsRefused() throws {
        let file = try HDF5File(creating: folder.path("unfinished.h5"))
        try file.root.write([1], as: "x")
        try file.flush()
        let path = try folder.write(try folder.bytes(of: "unfinished.h5"), to: "copy.h5")
        let error = #expect(throws: HDF5Error.self) { _ = try HDF5File(opening: path) }
        #expect(
            error?.description == """
                \(path): never closed by the program that wrote it, so incomplete or still being \
                written; use an earlier file
                """)
    }

    @Test func rowsNeverWrittenAreNoticed() throws {
        let path = folder.path("holes.h5")
        let file = try HDF5File(creating: path)
        let dataset = try file.root.createDataset("x", shape: [4, 300_000], of: Float.self)
        try dataset.write([Float](repeating: 1, count: 300_000), rows: 2..<3)
        _ = try file.root.createDataset("y", shape: [5], of: Float.self)
        try file.close()
        let opened = try HDF5File(opening: path)
        let x = try opened.root.dataset(named: "x")
        let error = #expect(throws: HDF5Error.self) { _ = try x.read(as: Float.self) }
        #expect(error?.description.hasPrefix("\(path): /x is damaged: ") == true)
        let y = try opened.root.dataset(named: "y")
        #expect(
            throws: HDF5Error.damaged(
                file: path, object: "/y", reason: "none of its 20 bytes were written")
        ) { _ = try y.read(as: Float.self) }
    }

    @Test func anEnormousShapeAllocatesNothing() throws {
        let path = folder.path("enormous.h5")
        let file = try HDF5File(creating: path)
        let dataset = try file.root.createDataset("x", shape: [1 << 16, 1 << 20], of: Float.self)
        try dataset.write([Float](repeating: 1, count: 1 << 20), rows: 0..<1)
        try file.close()
        let x = try HDF5File(opening: path).root.dataset(named: "x")
        #expect(x.count == 1 << 36)
        let error = #expect(throws: HDF5Error.self) { _ = try x.read(as: Float.self) }
        #expect(error?.description.contains("cannot be in the") == true)
    }
}
