import Foundation
import FuzzReaders
import Fuzzing
import HDF5
import ModelFolders
import NeuralNetwork
import Serialization
import TestSupport
import Testing
import Tokenization
import TrialSupport

@testable import SentenceEmbedding

/// Damaged checkpoints give a model or an error.
@Suite struct CheckpointFuzzTests {
    /// Reads all that there is of a run.
    private static func readAll(_ url: URL) throws {
        let checkpoint = try Checkpoint(url)
        let model = try checkpoint.model()
        #expect(model.encode(["a dog runs ."]).shape == [1, model.embeddingDimension])
        _ = try checkpoint.losses(for: model)
        _ = try (checkpoint.configuration(), checkpoint.state(), checkpoint.threads())
        _ = try checkpoint.recipe()
    }

    private static func write(to url: URL) throws {
        let model = try TinyModel.make(
            dense: [DenseConfiguration(inputs: 32, outputs: 8, hasBias: true, activation: .tanh)])
        let trainer = try TinyModel.softmaxTrainer(
            model, TinyModel.labelled(8), TrainingConfiguration())
        try Checkpoint.write(trainer, to: url, recipe: "{}", includingOptimizer: false)
    }

    /// Damage to the bytes: the digest notices all of it.
    @Test func damagedFiles() async {
        await #expect(processExitsWith: .success) {
            let folder = TemporaryFolder()
            let url = folder("a.h5")
            try CheckpointFuzzTests.write(to: url)
            let proper = Array(try Data(contentsOf: url))
            Fuzz.run(
                [proper], memory: .used, readShare: 0...0.1,
                expects: { isErrorOfReading($0, at: url) }
            ) { bytes, _ in
                try Data(bytes).write(to: url)
                try CheckpointFuzzTests.readAll(url)
                // Some damage puts in place what was there.
                precondition(bytes == proper, "damage was not noticed")
            }
        }
    }

    /// Damage to the bytes of a file without a digest, nearly all of which carry checksums.
    @Test func damagedFilesOfVersion1() async {
        await #expect(processExitsWith: .success) {
            setTrial()
            let folder = TemporaryFolder()
            let url = folder("a.h5")
            Fuzz.run(
                [Array(try Data(contentsOf: Version1Tests.file))], memory: .used,
                readShare: 0...0.95, expects: { isErrorOfReading($0, at: url) }
            ) { bytes, _ in
                try Data(bytes).write(to: url)
                try CheckpointFuzzTests.readAll(url)
            }
        }
    }
}
