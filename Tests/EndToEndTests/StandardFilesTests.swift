import Foundation
import Simile
import Testing

/// Standard files that are full, closed, or whose reader is gone: what is to be done is done all the same.
@Suite struct StandardFilesTests {
    private let folder: TemporaryFolder
    private let start: String

    init() throws {
        folder = TemporaryFolder()
        start = try folder.newModel()
    }

    /// Runs `simile` with the arguments by a shell, which `redirection` tells where the output goes.
    private func run(_ arguments: [String], _ redirection: String) throws -> Int32 {
        let process = Process()
        process.executableURL = URL(filePath: "/bin/bash")
        process.currentDirectoryURL = CommandRunner.repository
        let program = try #require(CommandRunner.program("simile")).path
        process.arguments =
            ["-c", "\"$0\" \"$@\" \(redirection); exit ${PIPESTATUS[0]}", program] + arguments
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try process.run()
        process.waitUntilExit()
        #expect(process.terminationReason == .exit)
        return process.terminationStatus
    }

    private func train(_ output: String) -> [String] {
        [
            "train", "--model", start, "--train", "Datasets/small-sts/dev.tsv", "--score-range",
            "0...5", "--log-every", "1", "--output", folder(output).path,
        ]
    }

    @Test(arguments: ["2> /dev/full", "2>&-", "2>&1 >/dev/null | head -1", "<&- 2>&-"])
    func noOutputOnStandardErrorEndsARun(_ redirection: String) throws {
        #expect(try run(train("run"), redirection) == 0)
        _ = try SentenceTransformer(path: folder("run/model").path)
        let steps = try String(contentsOf: folder("run/steps.csv"), encoding: .utf8)
        #expect(steps.split(separator: "\n").count == 1 + 7)
    }

    /// The model comes first, then the figures: a reader that is gone costs nothing but them.
    @Test(
        arguments: [("| true", 0), ("--json | head -1", 0), (">&-", 1), ("> /dev/full", 1)]
            as [(String, Int32)])
    func noOutputOnStandardOutputCostsTheModel(_ redirection: String, _ status: Int32) throws {
        let dev = ["--dev", "Datasets/small-sts/train.tsv"]
        #expect(try run(train("run") + dev, redirection) == status)
        _ = try SentenceTransformer(path: folder("run/model").path)
        let results = try String(contentsOf: folder("run/results.json"), encoding: .utf8)
        #expect(results.contains("\"dev_spearman_cosine\": "))
    }

    /// Files get the numbers 0, 1 and 2 when these are free, and would be written to as standard files.
    @Test func closedFilesAreNotMistakenForOthers() throws {
        let sentences = try folder.write("the dog runs\n", to: "in.txt")
        let output = folder("out.jsonl").path
        #expect(try run(["encode", start, sentences, "-o", output], "<&- >&- 2>&-") == 0)
        let text = try String(contentsOf: folder("out.jsonl"), encoding: .utf8)
        let rows = try JSONDecoder().decode([Float].self, from: Data(text.utf8))
        #expect(rows.count == 32)
        // There is nothing to read, or nobody to print to: that is an error.
        #expect(try run(["encode", start, "-o", output], "<&-") == 1)
        #expect(try run(["similarity", start, "a dog", "a cat"], ">&-") == 1)
        #expect(try String(contentsOf: folder("out.jsonl"), encoding: .utf8) == text)
    }

    /// The terminal is closed: the run saves and ends, unless it was started to outlive it.
    @Test(arguments: [false, true])
    func hangUp(isIgnored: Bool) throws {
        let process = Process()
        process.executableURL = URL(filePath: "/bin/bash")
        process.currentDirectoryURL = CommandRunner.repository
        let program = try #require(CommandRunner.program("simile")).path
        process.arguments =
            ["-c", "\(isIgnored ? "trap '' HUP; " : "")exec \"$0\" \"$@\"", program]
            + train("run") + ["--epochs", "4", "--save-every", "2"]
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try process.run()
        let checkpoints = folder("run/checkpoints").path
        while process.isRunning,
            try !FileManager.default.fileExists(atPath: checkpoints)
                || FileManager.default.contentsOfDirectory(atPath: checkpoints)
                    .allSatisfy({ !$0.hasPrefix("step-") })
        { usleep(2000) }
        // Twice, as a closing terminal sends it.
        kill(process.processIdentifier, SIGHUP)
        usleep(2000)
        kill(process.processIdentifier, SIGHUP)
        process.waitUntilExit()
        #expect(process.terminationReason == .exit)
        // It may have been quick enough to end before the signal.
        let ends = FileManager.default.fileExists(atPath: folder("run/model").path)
        #expect(process.terminationStatus == (ends ? 0 : 130))
        if isIgnored { #expect(ends) }
    }
}
