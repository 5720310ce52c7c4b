import ArgumentParser
import Foundation
import Simile

/// How a command shows the run that it makes.
struct RunOutput: ParsableArguments {
    @Flag(help: "Print events as JSON lines on standard output.")
    var json = false
    @Option(help: "Steps between lines of progress.")
    var logEvery = 20

    func validate() throws {
        if logEvery < 1 { throw ValidationError("--log-every is \(logEvery); expected 1 or more") }
    }

    /// Executes a run and prints its figures.
    ///
    /// - Throws: `ExitCode(130)` when it was stopped.
    func execute(_ run: TrainingRun) throws {
        let progress = Progress(json: json, interval: logEvery)
        defer { Console.endProgress() }
        let results: RunResults?
        do { results = try run.execute([progress]) } catch let error as RunError {
            switch error {
            case .notResumable(_, _, _, let figures), .unwritten(_, let figures):
                try progress.finished(figures)
            default: break
            }
            throw error
        }
        guard let results else {
            Console.note(
                "stopped after step \(progress.step); go on with: simile train --resume \(run.folder.path)"
            )
            throw ExitCode(130)
        }
        Console.note(
            "model        \(run.folder.model.path)\ncheckpoints  \(run.folder.checkpoints.path)")
        // The figures come last: perhaps nobody is there to read them.
        try progress.finished(results)
    }
}
