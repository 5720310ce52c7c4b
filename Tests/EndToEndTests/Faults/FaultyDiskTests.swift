import Foundation
import Simile
import TestSupport
import Testing

/// Training on disks that lack locks or space, or fail on the way: no work is lost.
@Suite(.enabled(if: FaultyDisk.isAvailable, "skipped: there is no C compiler"))
struct FaultyDiskTests {
    private let folder: TemporaryFolder
    private let start: String

    init() throws {
        folder = TemporaryFolder()
        start = try folder.newModel()
    }

    private func train(
        _ output: String, _ more: [String] = [], _ environment: [String: String]
    ) throws -> CommandRunner.Output {
        try CommandRunner.run(
            [
                "train", "--model", start, "--train", "Datasets/small-sts/dev.tsv",
                "--score-range", "0...5", "--learning-rate", "1e-3", "--save-every", "3",
                "--output", folder(output).path,
            ] + more, environment: environment)
    }

    private func entries(_ name: String) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: folder(name).path).sorted()
    }

    private func bytes(_ name: String) throws -> Data { try Data(contentsOf: folder(name)) }
    private func contents(_ name: String) throws -> String {
        try contentsWithoutTimes(folder(name))
    }

    @Test(arguments: [ENOLCK, EOPNOTSUPP, EINVAL, ENOSYS])
    func aDiskWithoutLocks(_ number: Int32) throws {
        let faults = try FaultyDisk.environment(.noLocks(number))
            .merging(["HDF5_USE_FILE_LOCKING": "TRUE"]) { $1 }
        let run = try train("run", [], faults)
        #expect(run.status == 0, "\(run.error)")
        #expect(try entries("run/checkpoints") == ["step-00000007.h5"])
        let resumed = try CommandRunner.run(
            ["train", "--resume", folder("run").path], environment: faults)
        #expect(resumed.status == 0, "\(resumed.error)")
        let embeddings = try CommandRunner.run(
            ["encode", start, "-o", folder("a.h5").path], input: "a dog\n", environment: faults)
        #expect(embeddings.status == 0, "\(embeddings.error)")
    }

    /// Nothing is trained when it could not be saved, and the folder can be used once there is room.
    @Test func noRoomForACheckpoint() throws {
        let short = try train("run", [], FaultyDisk.environment(.free(100_000)))
        #expect(short.status == 1)
        #expect(short.error.contains("/checkpoints: a checkpoint of this run takes "))
        #expect(short.error.contains(" kB, but only 98 kB are free on the disk"), "\(short.error)")
        #expect(!short.error.contains("step 1/"))
        #expect(!FileManager.default.fileExists(atPath: folder("run").path))
        let run = try train("run", [], FaultyDisk.environment(.free(100_000_000)))
        #expect(run.status == 0, "\(run.error)")
    }

    @Test func noHDF5OnTheDisk() throws {
        let refused = try train("run", [], FaultyDisk.environment(.noSpace(forFile: ".h5.")))
        #expect(refused.status == 1)
        #expect(
            refused.error.contains("checkpoints: no checkpoint can be written there ("),
            "\(refused.error)")
        #expect(refused.error.contains("no space left on the disk"), "\(refused.error)")
        #expect(!refused.error.contains("step 1/"))
        #expect(!FileManager.default.fileExists(atPath: folder("run").path))
    }

    /// The disk fills up after the first step: the model is the one that the run is for.
    @Test func noCheckpointOnTheWay() throws {
        let dev = ["--dev", "Datasets/small-sts/train.tsv", "--evaluate-every", "2"]
        let whole = try train("whole", dev, [:])
        #expect(whole.status == 0, "\(whole.error)")

        let full = try train("run", dev, FaultyDisk.environment(.noSpace(forFile: ".step-")))
        #expect(full.status == 1)
        #expect(full.error.contains("step 3: no checkpoint, but the run goes on: "))
        #expect(full.error.contains("there is no checkpoint of step 7 ("))
        #expect(
            try bytes("run/model/model.safetensors") == bytes("whole/model/model.safetensors"))
        #expect(try contents("run/results.json") == contents("whole/results.json"))
        #expect(full.out == whole.out)

        // The best weights are then kept in memory.
        let best = try train("best", dev, FaultyDisk.environment(.noSpace(forFile: ".best.h5.")))
        #expect(best.status == 0, "\(best.error)")
        #expect(try entries("best/checkpoints") == ["step-00000007.h5"])
        #expect(
            try bytes("best/model/model.safetensors") == bytes("whole/model/model.safetensors"))
        #expect(try contents("best/results.json") == contents("whole/results.json"))
    }

    @Test func shortWritesAreContinued() throws {
        let run = try train("run", [], FaultyDisk.environment(.shortWrites(toFile: ".part")))
        #expect(run.status == 0, "\(run.error)")
        let whole = try train("whole", [], [:])
        #expect(whole.status == 0, "\(whole.error)")
        for file in ["results.json", "steps.csv", "model/config.json", "model/model.safetensors"] {
            #expect(try contents("run/" + file) == contents("whole/" + file), "\(file)")
        }
    }

    /// The checkpoint that a run goes on from is removed later, and its space must then be free.
    @Test func aResumedRunHoldsNoRemovedFile() throws {
        func start(_ arguments: [String]) throws -> Process {
            try CommandRunner.start(arguments, files: TemporaryFolder())
        }
        func checkpoints() -> [String] {
            ((try? entries("run/checkpoints")) ?? []).filter { $0.hasPrefix("step-") }
        }
        let first = try start([
            "train", "--model", self.start, "--train", "Datasets/small-sts/dev.tsv",
            "--score-range", "0...5", "--save-every", "3", "--epochs", "8", "--output",
            folder("run").path,
        ])
        while first.isRunning, checkpoints().isEmpty { usleep(2000) }
        kill(first.processIdentifier, SIGKILL)
        first.waitUntilExit()

        let resumed = try start(["train", "--resume", folder("run").path])
        var removed: Set<String> = []
        let descriptors = "/proc/\(resumed.processIdentifier)/fd/"
        while resumed.isRunning {
            for name in (try? FileManager.default.contentsOfDirectory(atPath: descriptors)) ?? [] {
                let file = try? FileManager.default.destinationOfSymbolicLink(
                    atPath: descriptors + name)
                // Files that are being written are removed under no other name.
                if let file, file.hasSuffix(".h5 (deleted)") { removed.insert(file) }
            }
            usleep(500)
        }
        #expect(resumed.terminationStatus == 0)
        #expect(removed.isEmpty, "\(removed)")
    }
}
