import Foundation
import Fuzzing
import Testing

@testable import Serialization

/// Damaged files give arrays or an error: never a crash, a hang, or memory out of proportion.
@Suite struct PyTorchFuzzTests {
    private static var wide: [UInt8] {
        let storage = Pickle.storage("0", 6)
        let pickle = Pickle.whole(
            Pickle.dictionary([
                ("a", Pickle.tensor(storage, [2, 3], [3, 1])),
                ("b", Pickle.tensor(storage, offset: 1, [2, 2], [1, 3])),
            ]))
        var zip = Zip(pickle: pickle, storages: ["0": Array(repeating: 1, count: 24)])
        zip.isWide = true
        return zip.bytes
    }

    private static func isExpected(_ error: any Error) -> Bool {
        (error as? SerializationError)?.description.hasPrefix("f.bin: ") == true
    }

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

    @Test func damagedFiles() async {
        await #expect(processExitsWith: .success) {
            let seeds = [
                TorchFiles.zip, TorchFiles.legacy, TorchFiles.parameters, PyTorchFuzzTests.wide,
            ]
            Fuzz.run(seeds, expects: PyTorchFuzzTests.isExpected) { bytes, _ in
                try PyTorchFuzzTests.readAll(bytes)
            }
        }
    }

    /// Damage to the pickle alone, in a proper zip file: more of it gets past the directory.
    @Test func damagedPickles() async {
        await #expect(processExitsWith: .success) {
            let storage = [UInt8](repeating: 1, count: 24)
            let start = try #require(TorchFiles.parameters.firstRange(of: [0x80, 5])).lowerBound
            let theirs = Array(TorchFiles.parameters[start...].prefix(0x107))
            let ours = Pickle.whole(
                Pickle.dictionary([
                    ("a", Pickle.tensor(Pickle.storage("0", 6), [2, 3], [3, 1])),
                    ("b", Pickle.tensor(Pickle.storage("1", 3, "LongStorage"), [3], [1])),
                ]))
            Fuzz.run([ours, theirs], expects: PyTorchFuzzTests.isExpected) {
                bytes, index in
                let other = Array(storage.prefix(index == 0 ? 24 : 12))
                try PyTorchFuzzTests.readAll(
                    Zip(pickle: bytes, storages: ["0": storage, "1": other]).bytes)
            }
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
