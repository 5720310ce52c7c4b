import Foundation
import Testing

@testable import HDF5

@Suite struct GrowingTests {
    @Test func rowsComeBackInOrder() throws {
        let folder = TemporaryFolder()
        let path = folder.path("growing.h5")
        let file = try HDF5File(creating: path)
        var dataset = try file.root.createGrowingDataset("x", rowShape: [300, 2], of: Float.self)
        #expect(dataset.shape == [0, 300, 2])
        // Several pieces of about a hundred rows, and appends that do not end where they do.
        var expected: [Float] = []
        for rows in [1, 0, 130, 7, 250] {
            let block = (0..<rows * 600).map { Float(expected.count + $0) }
            expected += block
            try dataset.append(block)
            #expect(dataset.shape == [expected.count / 600, 300, 2])
            #expect(dataset.count == expected.count)
        }
        try file.close()
        let again = try HDF5File(opening: path).root.dataset(named: "x")
        #expect(again.shape == [388, 300, 2])
        #expect(try again.chunkRows == 109)
        #expect(try again.read(as: Float.self) == expected)
    }

    @Test func noRowsAtAll() throws {
        let folder = TemporaryFolder()
        let path = folder.path("empty.h5")
        let file = try HDF5File(creating: path)
        _ = try file.root.createGrowingDataset("x", rowShape: [5], of: Int8.self)
        try file.close()
        let again = try HDF5File(opening: path).root.dataset(named: "x")
        #expect(again.shape == [0, 5])
        #expect(try again.read(as: Int8.self) == [])
    }

    @Test func otherTypesAreRefused() throws {
        let folder = TemporaryFolder()
        let file = try HDF5File(creating: folder.path("typed.h5"))
        var dataset = try file.root.createGrowingDataset("x", rowShape: [5], of: Int8.self)
        let error = #expect(throws: HDF5Error.self) { try dataset.append([UInt8](1...5)) }
        #expect(error?.description.hasSuffix("/x holds int8, expected uint8") == true)
        #expect(dataset.shape == [0, 5])
    }
}
