import Foundation
import Fuzzing
import Testing

@testable import Serialization

/// Damaged files give arrays or an error: never a crash, a hang, or memory out of proportion.
@Suite struct PyTorchFuzzTests {
    /// Opens a file and reads all of it.
    private static func readAll(_ bytes: [UInt8]) throws {
        let file = try PyTorchFile(Data(bytes), path: "f.bin")
        for name in file.names {
            let count = try #require(file.shape(of: name)).reduce(1, *)
            // No tensor has more elements than the file has bytes.
            #expect(count <= bytes.count)
            #expect(try file.values(name).count == count)
        }
    }

    /// In a process of its own: pickles made to cost the most take a fixed multiple of their length.
    @Test func aPickleCostsAMultipleOfItsLength() async {
        await #expect(processExitsWith: .success) {
            try PyTorchFuzzTests.readAll(TorchFiles.zip)
            let before = Peak.used.bytes
            let length = 1 << 17
            // Empty containers, containers in one another, each remembered; marks; copies.
            let programs: [[UInt8]] = [
                [0x5D], [0x7D], [0x5D, 0x94], [0x29, 0x85, 0x94], [0x7D, 0x4E, 0x4E, 0x73], [0x28],
                [0x4E, 0x32, 0x32],
            ]
            for program in programs {
                let pickle = Array((0..<length / program.count).map { _ in program }.joined())
                #expect(throws: SerializationError.self) {
                    try PyTorchFuzzTests.readAll(Zip(pickle: pickle).bytes)
                }
            }
            let growth = Peak.used.bytes - before
            #expect(growth < 192 * length, "\(growth / length) times")
        }
    }
}
