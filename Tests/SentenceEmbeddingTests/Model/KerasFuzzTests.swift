import Foundation
import FuzzReaders
import Fuzzing
import Serialization
import TestSupport
import Testing
import TrialSupport

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

    @Test func theWholeFileIsRead() throws {
        let folder = TemporaryFolder()
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

    @Test func damagedFiles() async {
        await #expect(processExitsWith: .success) {
            setTrial()
            let folder = TemporaryFolder()
            let url = folder("tf_model.h5")
            let whole = OldKerasFile.bytes
            // Damage to the empty parts, most of the file, would show little.
            let pieces = stride(from: 0, to: whole.count, by: 16).map {
                $0..<min($0 + 16, whole.count)
            }
            .filter { whole[$0].contains { $0 != 0 } }
            Fuzz.run(
                [whole] + pieces.map { Array(whole[$0]) }, memory: .used, readShare: 0.01...0.95,
                expects: { isErrorOfReading($0, at: url) }
            ) { bytes, index in
                var file = whole
                if index == 0 {
                    file = bytes
                } else {
                    file.replaceSubrange(pieces[index - 1], with: bytes)
                }
                try KerasFuzzTests.readAll(file, at: url)
            }
        }
    }
}
