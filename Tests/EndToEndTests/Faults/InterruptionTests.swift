import Foundation
import Testing

/// Signals before there is anything to save.
@Suite struct InterruptionTests {
    private let folder = TemporaryFolder()

    /// Those that stop a command: what started the tests may have it ignore a closed terminal, as nohup does.
    private static let signals = [SIGHUP, SIGINT, SIGTERM, SIGUSR1].filter { number in
        var action = sigaction()
        sigaction(number, nil, &action)
        return unsafeBitCast(action.__sigaction_handler.sa_handler, to: Int.self)
            != unsafeBitCast(SIG_IGN, to: Int.self)
    }

    /// The command waits for its training data, which nobody sends.
    @Test(arguments: signals)
    func beforeTheFirstStep(_ number: Int32) throws {
        let start = try folder.newModel()
        #expect(mkfifo(folder.path("train.tsv"), 0o600) == 0)
        let files = TemporaryFolder()
        let process = try CommandRunner.start(
            [
                "train", "--model", start, "--train", folder.path("train.tsv"), "--score-range",
                "0...5", "--output", folder.path("run"),
            ], files: files)
        // Where it waits, signals are caught.
        let pipe = open(folder.path("train.tsv"), O_WRONLY | O_CLOEXEC)
        #expect(pipe >= 0)
        kill(process.processIdentifier, number)
        process.waitUntilExit()
        close(pipe)
        #expect(process.terminationReason == .exit)
        #expect(process.terminationStatus == 130)
        let error = try String(contentsOf: files("err"), encoding: .utf8)
        #expect(
            error.hasSuffix(
                "stopped before the first step: nothing was trained, and nothing is lost\n"),
            "\(error)")
        // Nothing is in the way of another try.
        try folder.write(
            "sentence1\tsentence2\tscore\nA dog.\tA cat.\t1\nA man.\tA boy.\t2\n",
            to: "two.tsv")
        let again = try CommandRunner.run([
            "train", "--model", start, "--train", folder.path("two.tsv"), "--score-range",
            "0...5", "--output", folder.path("run"),
        ])
        #expect(again.status == 0, "\(again.error)")
    }
}
