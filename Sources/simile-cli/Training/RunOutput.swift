import ArgumentParser
import Foundation
import JSON
import Simile

/// How a command shows the run that it makes.
struct RunOutput: ParsableArguments {
    @Flag(help: "Print events as JSON lines on standard output.")
    var json = false
    @Option(help: "Steps between lines of progress.")
    var logEvery = 20
    @Option(
        help: ArgumentHelp(
            "Do not begin a run that needs more memory, such as 8G or 500M.", valueName: "bytes"))
    var maxMemory: ByteCount?

    func validate() throws {
        if logEvery < 1 { throw ValidationError("--log-every is \(logEvery); expected 1 or more") }
    }

    /// Measures what a run will take, and prints it.
    func rehearse(_ run: TrainingRun) throws {
        run.memoryLimit = maxMemory?.bytes
        let rehearsal = try run.rehearse()
        Console.note("a dry run: nothing was written")
        let megabytes = Double(rehearsal.peakMemory) / 1e6
        if json {
            return try Console.json(
                .sorted([
                    "event": .string("rehearsed"), "steps": .integer(rehearsal.steps),
                    "steps_per_epoch": .integer(rehearsal.stepsPerEpoch),
                    "seconds_per_step": .number(rehearsal.secondsPerStep),
                    "evaluations": .integer(rehearsal.evaluations),
                    "evaluation_seconds": .number(rehearsal.evaluationSeconds),
                    "minutes": .number(rehearsal.seconds / 60),
                    "peak_memory_mb": .number(megabytes),
                    "planned_memory_mb": .number(Double(rehearsal.memory.total) / 1e6),
                ]))
        }
        for (name, text) in [
            ("steps", "\(rehearsal.steps), \(rehearsal.stepsPerEpoch) an epoch"),
            (
                "seconds a step",
                "\(rehearsal.secondsPerStep.fixed(3)), the mean of \(rehearsal.measuredSteps)"
            ),
            (
                "evaluations",
                "\(rehearsal.evaluations), \(rehearsal.evaluationSeconds.fixed(1)) s in all"
            ),
            ("minutes", "\((rehearsal.seconds / 60).fixed(1))"),
            (
                "memory",
                "\(megabytes.fixed(0)) MB at its peak; planned: \(rehearsal.memory)"
            ),
        ] { try Console.print(name.padded(16) + text) }
    }

    /// Executes a run and prints what came of it.
    ///
    /// - Throws: `ExitCode`, 130, when it was stopped.
    func execute(_ run: TrainingRun) throws {
        run.memoryLimit = maxMemory?.bytes
        let progress = Progress(json: json, interval: logEvery)
        defer { Console.endProgress() }
        let results: RunResults?
        do { results = try run.execute([progress]) } catch let error as RunError {
            switch error {
            case .notResumable(_, _, _, let figures), .unwritten(_, let figures):
                try show(figures)
            default: break
            }
            throw error
        }
        guard let results else {
            Console.note(
                "stopped after step \(progress.step); go on with: simile train --resume \(run.folder.path)"
            )
            throw ExitCode(Interruption.exitCode)
        }
        let model = run.folder.model.relativeToHere
        Console.note(
            """
            model        \(model)
            report       \(run.folder.report.relativeToHere)
            checkpoints  \(run.folder.checkpoints.relativeToHere)
            try it       simile similarity \(model) "A man plays a guitar." "Someone makes music." "It rains."
            """)
        // The figures come last: perhaps nobody is there to read them.
        try show(results)
    }

    private func show(_ results: RunResults) throws {
        if json {
            let event = ["event": JSONValue.string("finished")]
            return try Console.json(.sorted(results.values.merging(event) { $1 }))
        }
        if results.changes.isEmpty { return }
        for line in Self.table(results.changes) { try Console.print(line) }
        if let line = Self.verdict(results) { try Console.print(line) }
    }

    /// Each evaluation's main figure, before and after.
    static func table(_ changes: [FigureChange]) -> [String] {
        func signed(_ value: Double) -> String { (value < 0 ? "" : "+") + value.figure }
        let head = ["", "before", "after", "change", "95 % interval of the change"]
        let rows = changes.map { change in
            [
                change.name, change.before?.figure ?? "", change.after.figure,
                change.change.map(signed) ?? "",
                change.interval.map { "\(signed($0.lowerBound)) to \(signed($0.upperBound))" }
                    ?? "",
            ]
        }
        let hasIntervals = changes.contains { $0.interval != nil }
        let table = ([head] + rows).map { hasIntervals ? $0 : Array($0.dropLast()) }
        let widths = table[0].indices.map { column in table.map { $0[column].count }.max() ?? 0 }
        return table.map { row in
            let cells = zip(row, widths).map { $0.padded($1) }
            return cells.joined(separator: "  ").replacing(/\s+$/, with: "")
        }
    }

    /// What the run did to the model, in a line.
    static func verdict(_ results: RunResults) -> String? {
        guard let change = results.mainChange, let verdict = change.verdict else { return nil }
        let comparison = verdict == .aboutTheSame ? "as" : "than"
        return "\(verdict.rawValue) \(comparison) before training, by \(change.name)"
    }
}

extension URL {
    /// The path as from the working directory, if it lies in it.
    fileprivate var relativeToHere: String {
        let here = FileManager.default.currentDirectoryPath + "/"
        return path.hasPrefix(here) ? String(path.dropFirst(here.count)) : path
    }
}
