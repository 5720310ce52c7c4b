import ExampleFiles
import Foundation
import HDF5
import NeuralNetwork
import Testing

@testable import SentenceEmbedding

/// Runs that train a part of the model.
@Suite struct FreezingRunTests {
    private let folder = TemporaryFolder()

    private func bits(_ name: String) throws -> [String: [UInt32]] {
        try Checkpoint(folder(name)).model().parameters.bits
    }

    /// BitFit: biases alone are changed and have moments, and a run that was cut short ends in the same bits.
    @Test func biasesAlone() throws {
        let recipe = try folder.recipe {
            $0.setup.trainOnly = ["*.bias"]
            $0.setup.freeze = ["embeddings", "pooler"]
        }
        var notes: [String] = []
        let whole = try TrainingRun(
            recipe, output: folder("whole").path, note: { notes.append($0.description) }
        ).execute()
        #expect(whole?.steps == 3)
        #expect(notes.contains { $0.hasPrefix("trained: 576 of the model's ") }, "\(notes)")
        let before = try bits("start.h5")
        let after = try bits("whole/checkpoints/step-00000003.h5")
        func isTrained(_ name: String) -> Bool {
            name.hasPrefix("encoder.") && name.hasSuffix(".bias")
        }
        for (name, values) in before {
            #expect((values != after[name]) == isTrained(name), "\(name)")
        }
        let file = try HDF5File(opening: folder("whole/checkpoints/step-00000003.h5").path)
        let moments = try file.root.group(named: "optimizer").group(named: "exp_avg")
        #expect(Set(try moments.childNames()) == Set(before.keys.filter(isTrained)))

        let output = folder("cut").path
        _ = try TrainingRun(recipe, output: output).execute([OnEvent(stopAfter: 1)])
        _ = try TrainingRun(resuming: output).execute()
        for name in ["checkpoints/step-00000003.h5", "model/model.safetensors"] {
            #expect(
                try Data(contentsOf: folder("cut/" + name))
                    == Data(contentsOf: folder("whole/" + name)), "\(name)")
        }
    }

    @Test(arguments: ["*.beta", "encoder.layer.*.query"])
    func patternsThatDoNotFit(_ pattern: String) throws {
        for key in ["freeze", "train_only"] {
            let recipe = try folder.recipe {
                if key == "freeze" {
                    $0.setup.freeze = [pattern]
                } else {
                    $0.setup.trainOnly = [pattern]
                }
            }
            let error = #expect(throws: RunError.self) {
                try TrainingRun(recipe, output: folder("run").path).execute()
            }
            #expect(error?.description.hasPrefix(key + ": ") == true)
        }
    }

    @Test func somethingRemains() throws {
        let recipe = try folder.recipe {
            $0.setup.trainOnly = ["*.bias"]
            $0.setup.freeze = ["*"]
        }
        #expect(throws: TrainingError.nothingToTrain) {
            try TrainingRun(recipe, output: folder("run").path).execute()
        }
    }
}
