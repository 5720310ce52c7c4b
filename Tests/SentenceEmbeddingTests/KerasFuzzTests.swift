import Foundation
import HDF5
import Serialization
import Testing

@testable import SentenceEmbedding

/// Damaged Keras files give arrays or an error: never a crash, a hang, or memory out of proportion.
@Suite struct KerasFuzzTests {
    /// Opens a file and reads all of it.
    private static func readAll(_ bytes: [UInt8], at url: URL) throws {
        try Data(bytes).write(to: url)
        let weights = try KerasWeights(url)
        for name in weights.names {
            let count = try #require(weights.shape(of: name)).reduce(1, *)
            // A caller's array; no data of this file is compressed.
            if count > bytes.count { continue }
            var values = [Float](repeating: .nan, count: count)
            var span = values.mutableSpan
            try weights.read(name, into: &span)
        }
    }

    /// Each file is first opened by a process of its own, which takes most of the time.
    private static var rounds: Int { max(1, Mutator.rounds / 4) }

    @Test func theWholeFileIsRead() throws {
        let folder = try TemporaryFolder()
        try Data(OldKerasFile.bytes).write(to: folder("tf_model.h5"))
        let weights = try KerasWeights(folder("tf_model.h5"))
        #expect(
            weights.names == [
                "bert.embeddings.weight", "bert.pooler.dense.weight", "bert.pooler.dense.bias",
            ])
        #expect(weights.shape(of: "bert.pooler.dense.weight") == [3, 2])
        var values = [Float](repeating: .nan, count: 6)
        var span = values.mutableSpan
        try weights.read("bert.pooler.dense.weight", into: &span)
        #expect(values == [0, 3, 1, 4, 2, 5])
    }

    @Test func damagedFilesNeverTrap() async {
        await #expect(processExitsWith: .success) {
            let folder = try TemporaryFolder()
            let url = folder("tf_model.h5")
            let whole = OldKerasFile.bytes
            // Damage to the empty parts, most of the file, would show little.
            let used = whole.indices.filter { whole[$0] != 0 }
            try KerasFuzzTests.readAll(whole, at: url)
            let before = Peak.used.bytes
            var mutator = Mutator(seed: 17)
            var read = 0
            for round in 0..<KerasFuzzTests.rounds {
                do {
                    var bytes = whole
                    if round.isMultiple(of: 4) {
                        bytes = mutator.damaged(bytes)
                    } else {
                        let start = used[mutator.below(used.count)]
                        let piece = start..<min(start + 12, bytes.count)
                        bytes.replaceSubrange(piece, with: mutator.damaged(Array(bytes[piece])))
                    }
                    try KerasFuzzTests.readAll(bytes, at: url)
                    read += 1
                } catch let error as HDF5Error {
                    #expect(error.description.hasPrefix(url.path))
                } catch let error as SerializationError {
                    #expect(error.description.hasPrefix(url.path))
                }
            }
            // Mutations that all fail alike would test nothing.
            #expect(read > KerasFuzzTests.rounds / 100, "\(read)")
            #expect(read < KerasFuzzTests.rounds * 9 / 10, "\(read)")
            // Memory used, not asked for: the C library asks for what a damaged length says.
            let growth = Peak.used.bytes - before
            #expect(growth < 64 << 20, "\(growth)")
        }
    }
}
