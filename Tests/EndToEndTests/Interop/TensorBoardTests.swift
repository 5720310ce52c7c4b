import Foundation
import Testing

extension Interop {
    /// TensorBoard at the other end of a run's event files.
    @Suite(.enabled(if: Python.has("tensorboard"), Python.missing("tensorboard")))
    struct TensorBoardTests {
        private static let script = """
            import json, sys
            from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
            events = EventAccumulator(sys.argv[1])
            events.Reload()
            tags = events.Tags()
            print(json.dumps({
                "scalars": {tag: [[e.step, e.value] for e in events.Scalars(tag)] for tag in tags["scalars"]},
                "texts": {tag: events.Tensors(tag)[0].tensor_proto.string_val[0].decode() for tag in tags["tensors"]},
            }))
            """

        private struct Events: Decodable {
            let scalars: [String: [[Double]]]
            let texts: [String: String]
        }

        @Test func aResumedRunIsOneCurve() throws {
            let folder = TemporaryFolder()
            let run = try CommandRunner.run([
                "train", "--model", try folder.newModel(), "--train", "Datasets/small-sts/dev.tsv",
                "--dev", "Datasets/small-sts/test.tsv", "--score-range", "0...5", "--output",
                folder("run").path, "--tensorboard", "--save-every", "3", "--keep-last", "9",
            ])
            try #require(run.status == 0, "\(run.error)")
            // As if it had been killed after step 3.
            for step in [6, 7] {
                try FileManager.default.removeItem(
                    at: folder("run/checkpoints/step-0000000\(step).h5"))
            }
            let resumed = try CommandRunner.run(["train", "--resume", folder("run").path])
            try #require(resumed.status == 0, "\(resumed.error)")
            let files = folder("run/tensorboard").path
            #expect(try FileManager.default.contentsOfDirectory(atPath: files).count == 2)
            let events: Events = try Python.value(of: Self.script, [files])
            let loss = try #require(events.scalars["train/loss"])
            #expect(loss.map { $0[0] } == [1, 2, 3, 4, 5, 6, 7])
            let steps = try String(contentsOf: folder("run/steps.csv"), encoding: .utf8)
                .split(separator: "\n").dropFirst()
            for (row, event) in zip(steps, loss) {
                let value = try #require(Float(row.split(separator: ",")[1]))
                #expect(Float(event[1]) == value)
            }
            #expect(events.scalars["dev/spearman_cosine"]?.map { $0[0] } == [0, 7])
            #expect(events.texts["recipe"]?.contains("\"learning_rate\"") == true)
        }
    }
}
