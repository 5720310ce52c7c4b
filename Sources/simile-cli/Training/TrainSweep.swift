import ArgumentParser
import Foundation
import JSON
import RecipeFiles
import Serialization
import Simile

/// The runs of `simile train --sweep`, one after the other.
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
    /// A run that fails does not keep the others from theirs.
    func run() throws {
        for name in ["recipe.yaml", "checkpoints"]
        where FileManager.default.fileExists(atPath: "\(output)/\(name)") {
            throw CommandError.input("\(output): holds a run, not a sweep; give another --output")
        }
        var (rows, failures): ([Row], [String]) = ([], [])
        for (number, member) in sweep.members.enumerated() {
            Console.note("run \(number + 1) of \(sweep.members.count): \(member.name)")
            do {
                rows.append(Row(member: member, score: try score(member)))
            } catch let stop as ExitCode {
                throw stop
            } catch let error as SweepError {
                throw error
            } catch {
                let problem = (error as? RunError).map { "\(CommandError($0))" } ?? "\(error)"
                Console.note("\(member.name): \(problem)")
                failures.append(member.name)
            }
        }
        rows.sort { $0.score.beats($1.score) }
        try write(rows)
        try show(rows)
        if !failures.isEmpty {
            throw CommandError.input("no result: \(failures.joined(separator: ", "))")
        }
    }

    private func score(_ member: Sweep.Member) throws -> Sweep.Score {
        let path = "\(output)/\(member.name)"
        let run: TrainingRun
        switch try Sweep.progress(of: member, in: path, format: .yaml) {
        case .finished(let score):
            Console.note("\(path): finished before")
            return score
        case .begun:
            run = try TrainingRun(
                resuming: path, format: .yaml, open: ModelPath.open, note: Console.note)
        case .new:
            run = try TrainingRun(
                member.recipe, output: path, format: .yaml, open: ModelPath.open,
                note: Console.note)
        }
        run.memoryLimit = shown.maxMemory?.bytes
        let progress = Progress(json: shown.json, interval: shown.logEvery)
        defer { Console.endProgress() }
        guard try run.execute([progress]) != nil else {
            Console.note(
                "stopped after step \(progress.step) of \(member.name); the same command goes on")
            throw ExitCode(Interruption.exitCode)
        }
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
