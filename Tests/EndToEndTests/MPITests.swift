import Foundation
import JSON
import TestSupport
import Testing

/// The launchers of this machine.
enum Launchers {
    /// Open MPI's, whose options the tests give.
    static let mpirun = ProcessInfo.processInfo.environment["PATH"]?.split(separator: ":")
        .first { folder in
            ["mpirun", "ompi_info"].allSatisfy {
                FileManager.default.isExecutableFile(atPath: "\(folder)/\($0)")
            }
        }.map { "\($0)/mpirun" }
}

/// Commands that mpirun starts several times, as one run. Without Open MPI on the machine they are skipped.
@Suite(
    .serialized,
    .enabled(if: Launchers.mpirun != nil, "there is no Open MPI (Debian and Ubuntu: openmpi-bin)"))
struct MPITests {
    private let folder = TemporaryFolder()

    private func launcher(_ processes: Int) -> [String] {
        [Launchers.mpirun ?? "", "-n", "\(processes)", "--oversubscribe", "--bind-to", "none"]
    }

    /// Open MPI wants to be told that root may do so, as in a container.
    private static let environment = [
        "OMPI_ALLOW_RUN_AS_ROOT": "1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1",
    ]

    private func simile(
        _ processes: Int, _ arguments: [String]
    ) throws -> CommandRunner.Output {
        try CommandRunner.run(
            arguments, environment: Self.environment,
            launcher: processes == 1 ? [] : launcher(processes))
    }

    private func training(_ start: String, to output: String, steps: Int) -> [String] {
        [
            "train", "--model", start, "--train", "Datasets/small-sts/train.tsv", "--dev",
            "Datasets/small-sts/dev.tsv", "--max-steps", "\(steps)", "--save-every", "5",
            "--score-range", "0...5", "--learning-rate", "1e-4", "--threads", "1", "--output",
            folder.path(output),
        ]
    }

    private func expectClose(_ a: [Double], _ b: [Double], count: Int) {
        #expect(a.count == count && b.count == count)
        for (a, b) in zip(a, b) { #expect(abs(a - b) < 1e-6) }
    }

    @Test func twoProcessesTrainAsOne() throws {
        let start = try folder.newModel()
        for (run, processes) in [("one", 1), ("two", 2), ("again", 2)] {
            let output = try simile(processes, training(start, to: run, steps: 12))
            try #require(output.status == 0, "\(output.error)")
            #expect(output.out.components(separatedBy: "dev_spearman_cosine").count == 3)
        }
        expectClose(try losses(ofRun: folder("one")), try losses(ofRun: folder("two")), count: 12)
        let model = "model/model.safetensors"
        #expect(
            try Data(contentsOf: folder("two/\(model)"))
                == Data(contentsOf: folder("again/\(model)")))

        // What was trained is measured and used by two as by one.
        for (name, processes) in [("a", 1), ("b", 2)] {
            let encoded = try simile(
                processes,
                [
                    "encode", folder.path("two"), "Datasets/small-sts/dev.tsv", "--chunk", "7",
                    "--output", folder.path("\(name).npy"),
                ])
            #expect(encoded.status == 0, "\(encoded.error)")
        }
        #expect(try Data(contentsOf: folder("a.npy")) == Data(contentsOf: folder("b.npy")))
        let evaluation = [
            "evaluate", folder.path("two"), "--data", "Datasets/small-sts/dev.tsv", "--score-range",
            "0...5", "--json",
        ]
        #expect(try simile(1, evaluation).out == simile(2, evaluation).out)
    }

    @Test func aSweepIsThatOfOneProcess() throws {
        let start = try folder.newModel()
        func sweep(_ output: String, _ processes: Int) throws -> CommandRunner.Output {
            let result = try simile(
                processes, training(start, to: output, steps: 5) + ["--sweep", "seed=1,2"])
            #expect(result.status == 0, "\(result.error)")
            return result
        }
        let (one, two) = (try sweep("one", 1), try sweep("two", 2))
        #expect(one.out == two.out)
        // One run is taken again, the other is as it was.
        try FileManager.default.removeItem(at: folder("two/seed=2"))
        let again = try sweep("two", 2)
        #expect(again.out == two.out)
        #expect(again.error.matches(of: /: finished before/).count == 1)
    }

    @Test func aKilledProcessEndsAllAndTheRunGoesOn() throws {
        let start = try folder.newModel()
        let whole = try simile(1, training(start, to: "whole", steps: 40))
        try #require(whole.status == 0, "\(whole.error)")
        let files = TemporaryFolder()
        let process = try CommandRunner.start(
            training(start, to: "run", steps: 40) + ["--json"], environment: Self.environment,
            files: files, launcher: launcher(2))
        let saved = folder("run/checkpoints/step-00000010.h5").path
        while process.isRunning, !FileManager.default.fileExists(atPath: saved) { usleep(1000) }
        // mpirun's last child: a process of the run.
        let children = try String(
            contentsOfFile:
                "/proc/\(process.processIdentifier)/task/\(process.processIdentifier)/children",
            encoding: .utf8
        ).split(separator: " ").compactMap { pid_t($0) }
        kill(try #require(children.last), SIGKILL)
        process.waitUntilExit()
        #expect(process.terminationStatus != 0)
        let resumed = try simile(3, ["train", "--resume", folder.path("run"), "--threads", "1"])
        #expect(resumed.status == 0, "\(resumed.error)")
        expectClose(try losses(ofRun: folder("whole")), try losses(ofRun: folder("run")), count: 40)
    }

    @Test func whatIsNotSharedIsDoneOnce() throws {
        let output = try simile(
            2,
            [
                "new", folder.path("new.h5"), "--texts", "Datasets/small-sts/train.tsv",
                "--vocabulary-size", "600", "--hidden-size", "32", "--layers", "1", "--heads", "2",
            ])
        #expect(output.status == 0, "\(output.error)")
        #expect(FileManager.default.fileExists(atPath: folder.path("new.h5")))
    }

    @Test func anErrorIsSaidOnceAndEndsAll() throws {
        let output = try simile(2, ["evaluate", "/nowhere", "--data", "x.tsv"])
        #expect(output.status == 1)
        #expect(output.error.components(separatedBy: "Error:").count == 2, "\(output.error)")
        let without = try CommandRunner.run(
            ["evaluate", "/nowhere", "--data", "x.tsv"],
            environment: Self.environment.merging(["SIMILE_MPI": "/nowhere.so"]) { $1 },
            launcher: launcher(2))
        #expect(without.status == 1)
        #expect(
            without.error.contains(
                "mpirun (Open MPI) started 2 processes, but no MPI library can be loaded"))
    }

    @Test func manyRunsAreNoSharedOne() throws {
        let output = try CommandRunner.run(
            ["similarity", "Checkpoints/simile-tiny.h5", "A dog.", "A cat."],
            environment: Self.environment.merging(["SIMILE_MPI": "none"]) { $1 },
            launcher: launcher(2))
        #expect(output.status == 0, "\(output.error)")
        let once = try simile(2, ["similarity", "Checkpoints/simile-tiny.h5", "A dog.", "A cat."])
        #expect(output.out.utf8.count == 2 * once.out.utf8.count)
    }
}
