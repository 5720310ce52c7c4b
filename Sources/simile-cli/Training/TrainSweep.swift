import ArgumentParser
import Foundation
import JSON
import RecipeFiles
import Serialization
import Simile

/// The runs of `simile train --sweep`, one after the other; of several processes all share each run, and the first one
/// looks at what is there and writes the table.
struct TrainSweep {
    private let sweep: Sweep
    private let output: String
    private let shown: RunOutput

    private struct Row {
        let member: Sweep.Member
        let score: Sweep.Score
    }

    /// Reads `KEY=VALUE,VALUE` texts.
    init(
        _ recipe: Recipe, _ texts: [String], output: String, shown: RunOutput
    ) throws {
        let axes = try texts.map { text in
            let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard parts.count == 2, !parts[0].isEmpty else {
                throw ValidationError("--sweep is '\(text)'; expected KEY=VALUE,VALUE")
            }
            return Sweep.Axis(
                String(parts[0]),
                parts[1].split(separator: ",", omittingEmptySubsequences: false).map(String.init))
        }
        sweep = try Sweep(recipe, over: axes)
        (self.output, self.shown) = (output, shown)
    }

    /// Takes the runs that have no result yet, and prints all, the best first.
    ///
    /// A run that fails does not keep the others from theirs. Of several processes that goes for what all of them see: a training
    /// that diverges, needs too much memory or has a loss that cannot be; anything else one may have seen alone, and it ends all. So
    /// do processes that come to other weights than the first: they would in the next run, too.
    func run() throws {
        for name in ["recipe.yaml", "checkpoints"]
        where FileManager.default.fileExists(atPath: "\(output)/\(name)") {
            throw CommandError.input("\(output): holds a run, not a sweep; give another --output")
        }
        var (rows, failures): ([Row], [String]) = ([], [])
        for (number, member) in sweep.members.enumerated() {
            Console.note("run \(number + 1) of \(sweep.members.count): \(member.name)")
            do {
                if let score = try score(member) { rows.append(Row(member: member, score: score)) }
            } catch let stop as ExitCode {
                throw stop
            } catch let error as SweepError {
                throw error
            } catch {
                if Processes.joined != nil {
                    switch error as? RunError {
                    case .diverged(.processesDiffer, _): throw error
                    case .diverged, .memory, .loss: break
                    default: throw error
                    }
                }
                let problem = (error as? RunError).map { "\(CommandError($0))" } ?? "\(error)"
                Console.note("\(member.name): \(problem)")
                failures.append(member.name)
            }
        }
        if Processes.isFirst {
            rows.sort { $0.score.beats($1.score) }
            try write(rows)
            try show(rows)
        }
        if !failures.isEmpty {
            throw CommandError.input("no result: \(failures.joined(separator: ", "))")
        }
    }

    /// Where a run stands, for the other processes.
    private enum Stage: UInt64 {
        case new, begun, finished
    }

    /// Takes a run if it has no result yet; nil in a process other than the first.
    private func score(_ member: Sweep.Member) throws -> Sweep.Score? {
        let path = "\(output)/\(member.name)"
        var (stage, known) = (Stage.new, Sweep.Score?.none)
        if Processes.isFirst {
            switch try Sweep.progress(of: member, in: path, format: .yaml) {
            case .new: break
            case .begun: stage = .begun
            case .finished(let score): (stage, known) = (.finished, score)
            }
        }
        let run: TrainingRun
        switch Stage(rawValue: Processes.ofFirst(stage.rawValue)) ?? .new {
        case .finished:
            Console.note("\(path): finished before")
            return known
        case .begun:
            run = try TrainingRun(
                resuming: path, format: .yaml, processes: Processes.joined, open: ModelPath.open,
                note: Console.note)
        case .new:
            run = try TrainingRun(
                member.recipe, output: path, format: .yaml, processes: Processes.joined,
                open: ModelPath.open, note: Console.note)
        }
        run.memoryLimit = shown.maxMemory?.bytes
        let progress = Progress(json: shown.json, interval: shown.logEvery)
        defer { Console.endProgress() }
        guard try run.execute([progress]) != nil else {
            Console.note(
                "stopped after step \(progress.step) of \(member.name); the same command goes on")
            throw ExitCode(Interruption.exitCode)
        }
        guard Processes.isFirst else { return nil }
        guard case .finished(let score) = try Sweep.progress(of: member, in: path, format: .yaml)
        else { throw CommandError.input("\(path): has no result") }
        return score
    }

    private var columns: [String] { sweep.axes.map(\.key) }

    /// Writes `sweep.csv`.
    private func write(_ rows: [Row]) throws {
        guard let figure = rows.first?.score.figure else { return }
        let head = (columns + [figure, "best_step", "folder"]).joined(separator: ",")
        let lines = rows.map { row in
            (row.member.values + [
                row.score.value.isFinite ? "\(row.score.value)" : "",
                row.score.bestStep.map { "\($0)" } ?? "", row.member.name,
            ]).joined(separator: ",")
        }
        try AtomicFile.write(
            Data(([head] + lines).map { $0 + "\n" }.joined().utf8),
            to: URL(filePath: "\(output)/sweep.csv"))
    }

    private func show(_ rows: [Row]) throws {
        if shown.json {
            return try Console.json(
                .sorted([
                    "event": .string("swept"),
                    "runs": .array(
                        rows.map { row in
                            .sorted([
                                "folder": .string(row.member.name),
                                row.score.figure: .number(row.score.value),
                            ])
                        }),
                ]))
        }
        guard let figure = rows.first?.score.figure else { return }
        let table =
            [columns + [figure, "best step"]]
            + rows.map { row in
                row.member.values + [
                    row.score.value.figure, row.score.bestStep.map { "\($0)" } ?? "last",
                ]
            }
        let widths = table[0].indices.map { column in
            (table.map { $0[column].count }.max() ?? 0) + 2
        }
        for line in table {
            let cells = zip(line, widths).map { $0.padded($1) }
            try Console.print(cells.joined().trimmingCharacters(in: .whitespaces))
        }
    }
}
