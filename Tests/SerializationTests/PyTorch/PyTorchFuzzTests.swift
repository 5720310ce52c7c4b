import Foundation
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

    /// Opens a file and reads all of it; the number of arrays.
    private static func readAll(_ bytes: [UInt8]) throws -> Int {
        let file = try PyTorchFile(Data(bytes), path: "f.bin")
        for name in file.names {
            let count = try #require(file.shape(of: name)).reduce(1, *)
            // No tensor has more elements than the file has bytes.
            #expect(count <= bytes.count)
            #expect(try file.values(name).count == count)
        }
        return file.names.count
    }

    @Test func damagedFilesNeverTrap() throws {
        let seeds = [TorchFiles.zip, TorchFiles.legacy, TorchFiles.parameters, Self.wide]
        var mutator = Mutator(seed: 7)
        var read = 0
        for round in 0..<Mutator.rounds {
            let bytes = mutator.damaged(seeds[round % seeds.count])
            do {
                _ = try Self.readAll(bytes)
                read += 1
            } catch let error as SerializationError {
                #expect(error.description.hasPrefix("f.bin: "))
            }
        }
        // Mutations that all fail alike would test nothing.
        #expect(read > Mutator.rounds / 20, "\(read)")
        #expect(read < Mutator.rounds * 19 / 20, "\(read)")
    }

    /// Damage to the pickle alone, in a proper zip file: more of it gets past the directory.
    @Test func damagedPicklesNeverTrap() throws {
        let storage = [UInt8](repeating: 1, count: 24)
        let pickle = try #require(
            TorchFiles.parameters.firstRange(of: [0x80, 5]).map { start in
                Array(TorchFiles.parameters[start.lowerBound...].prefix(300))
            })
        let proper = Pickle.whole(
            Pickle.dictionary([
                ("a", Pickle.tensor(Pickle.storage("0", 6), [2, 3], [3, 1])),
                ("b", Pickle.tensor(Pickle.storage("1", 3, "LongStorage"), [3], [1])),
            ]))
        var mutator = Mutator(seed: 11)
        for round in 0..<Mutator.rounds {
            let damaged = mutator.damaged(round.isMultiple(of: 2) ? proper : pickle)
            do {
                _ = try Self.readAll(
                    Zip(pickle: damaged, storages: ["0": storage, "1": storage]).bytes)
            } catch let error as SerializationError {
                #expect(error.description.hasPrefix("f.bin: "))
            }
        }
    }

    /// In a process of its own: files of a few kilobytes never make it ask for 128 MB.
    @Test func memoryIsInProportion() async {
        await #expect(processExitsWith: .success) {
            _ = try PyTorchFuzzTests.readAll(TorchFiles.zip)
            let before = Peak.asked.bytes
            let seeds = [TorchFiles.zip, TorchFiles.legacy, PyTorchFuzzTests.wide]
            var mutator = Mutator(seed: 13)
            for round in 0..<Mutator.rounds / 4 {
                _ = try? PyTorchFuzzTests.readAll(mutator.damaged(seeds[round % seeds.count]))
            }
            let after = Peak.asked.bytes
            #expect(before > 0)
            #expect(after - before < 128 << 20, "\(after - before)")
        }
    }

    /// In a process of its own: pickles made to cost the most take a fixed multiple of their length.
    @Test func aPickleCostsAMultipleOfItsLength() async {
        await #expect(processExitsWith: .success) {
            _ = try PyTorchFuzzTests.readAll(TorchFiles.zip)
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
