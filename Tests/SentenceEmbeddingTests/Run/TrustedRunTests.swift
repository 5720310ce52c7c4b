import ExampleFiles
import Foundation
import TestSupport
import Testing

@testable import SentenceEmbedding

/// What a run that goes on takes for granted, and what it checks.
@Suite struct TrustedRunTests {
    private let folder = TemporaryFolder()
    private var output: String { folder("run").path }

    /// A run with scores in dev and test that was stopped after two of three steps.
    private func stopped(_ change: (inout Recipe) throws -> Void = { _ in }) throws {
        let recipe = try folder.recipe { recipe in
            recipe.evaluations = try [("dev", 5), ("test", 7)].map { name, seed in
                var item = EvaluationRecipe(short: name)
                item.data = [
                    ExampleSource(try folder.scores(name + ".tsv", 20, seed: UInt64(seed)))
                ]
                return item
            }
            recipe.training.evaluateEvery = 1
            try change(&recipe)
        }
        #expect(try TrainingRun(recipe, output: output).execute([OnEvent(stopAfter: 2)]) == nil)
    }

    private func resume() throws -> RunResults? { try TrainingRun(resuming: output).execute() }

    private func refusal() -> String {
        let error = #expect(throws: (any Error).self) { _ = try resume() }
        return error.map { "\($0)" } ?? ""
    }

    private func text(_ name: String) throws -> String {
        try String(contentsOf: folder(name), encoding: .utf8)
    }

    // MARK: - Data and recipe

    @Test(arguments: ["dev", "test"])
    func heldOutDataThatChangedAreRefused(_ name: String) throws {
        try stopped()
        let before = try text(name + ".tsv")
        try folder.write(before.replacing("\t4\n", with: "\t3\n"), to: name + ".tsv")
        #expect(refusal().hasPrefix("\(name): \(folder.path(name + ".tsv")) changed since the run"))
        try folder.write(before, to: name + ".tsv")
        #expect(try resume() != nil)
    }

    @Test func trainingDataThatChangedAreRefused() throws {
        try stopped()
        let before = try text("train.tsv")
        try folder.write(before.replacing("\t4\n", with: "\t3\n"), to: "train.tsv")
        #expect(refusal().contains("train.tsv is not the data this run was started with"))
    }

    @Test func aRecipeThatWasEditedIsRefused() throws {
        try stopped()
        let before = try text("run/recipe.json")
        try folder.write(
            before.replacing("\"learning_rate\": 0.001", with: "\"learning_rate\": 0.5"),
            to: "run/recipe.json")
        let refused = refusal()
        #expect(refused.contains("recipe.json: changed since the run began (learning_rate)"))
        // Comments and order are no settings; and an empty file says what to do.
        try folder.write("", to: "run/recipe.json")
        #expect(refusal().contains("Remove the file, and the run goes on"))
        try FileManager.default.removeItem(at: folder("run/recipe.json"))
        #expect(try resume() != nil)
        #expect(try text("run/recipe.json") == before)
    }

    // MARK: - Logs

    @Test func rowsAfterTheCheckpointAndTornOnesAreDropped() throws {
        try stopped()
        let (steps, evaluations) = (
            try text("run/steps.csv"), try text("run/evaluations.csv")
        )
        try folder.write(
            steps + steps.split(separator: "\n")[2].replacing("2,", with: "3,", maxReplacements: 1)
                + "\n4,0.1", to: "run/steps.csv")
        try folder.write(evaluations + "3,0", to: "run/evaluations.csv")
        #expect(try resume() != nil)
        func numbers(_ name: String) throws -> [Substring] {
            try text(name).split(separator: "\n").dropFirst().compactMap {
                $0.split(separator: ",").first
            }
        }
        #expect(try numbers("run/steps.csv") == ["1", "2", "3"])
        #expect(try numbers("run/evaluations.csv") == ["0", "1", "2", "3"])
    }

    /// Each leaves out rows that the run had when its checkpoint was written.
    @Test(arguments: ["short", "torn", "inside", "empty", "binary"])
    func missingRowsAreRefused(_ kind: String) throws {
        try stopped()
        let lines = try text("run/steps.csv").split(separator: "\n").map { "\($0)\n" }
        let (damaged, problem): ([UInt8], String) =
            switch kind {
            case "short": (Array(lines[..<2].joined().utf8), "the row of step 2 is missing")
            case "torn":
                (Array((lines[..<2].joined() + "2").utf8), "the row of step 2 is missing")
            case "inside": (Array((lines[0] + "x,\n" + lines[2]).utf8), "line 2 is not the row")
            case "empty": ([UInt8](), "the rows of the steps 1...2 are missing")
            default: (Array(lines.joined().utf8) + [0xff, 0x0a], "is not UTF-8 text")
            }
        try folder.write(damaged, to: "run/steps.csv")
        let message = refusal()
        #expect(message.contains("steps.csv: ") && message.contains(problem), "\(message)")
        #expect(message.hasSuffix("or move it away to go on without its rows"))
        try FileManager.default.removeItem(at: folder("run/steps.csv"))
        #expect(try resume() != nil)
        #expect(try text("run/steps.csv").split(separator: "\n").count == 1 + 1)
    }

    @Test func missingEvaluationsAreRefused() throws {
        try stopped()
        let lines = try text("run/evaluations.csv").split(separator: "\n").map { "\($0)\n" }
        try folder.write(lines[0] + lines[1] + lines[3], to: "run/evaluations.csv")
        #expect(
            refusal().contains(
                "evaluations.csv: its rows up to step 2 are not those that the run wrote"))
    }

    @Test(arguments: ["steps.csv", "evaluations.csv"])
    func changedRowsAreRefused(_ name: String) throws {
        try stopped()
        var lines = try text("run/" + name).split(separator: "\n").map { "\($0)\n" }
        var fields = lines[2].split(separator: ",").map(String.init)
        fields[1] += "1"
        lines[2] = fields.joined(separator: ",")
        try folder.write(lines.joined(), to: "run/" + name)
        #expect(refusal().contains("\(name): its rows up to step 2 are not those"))
    }

    // MARK: - Checkpoints

    /// A later checkpoint that is damaged gets another name, and those that are whole stay.
    @Test func damagedCheckpointsAreSetAside() throws {
        try stopped { $0.training.saveEvery = 1 }
        let whole = try folder.bytes(of: "run/checkpoints/step-00000002.h5")
        for (name, bytes) in [
            ("step-00000005.h5", Array(whole.prefix(2000))), ("step-00000004.h5", [1, 2, 3]),
            // Whole, but of another step.
            ("step-00000003.h5", whole),
        ] { try folder.write(bytes, to: "run/checkpoints/" + name) }
        var notes: [String] = []
        let run = try TrainingRun(resuming: output, note: { notes.append("\($0)") })
        #expect(notes.contains { $0.contains("the file is of step 2; was it copied or renamed?") })
        #expect(try run.execute() != nil)
        let left = try FileManager.default.contentsOfDirectory(
            atPath: folder("run/checkpoints").path
        ).sorted()
        #expect(
            left == [
                "best.h5", "damaged-step-00000004.h5", "damaged-step-00000005.h5",
                "step-00000003.h5",
            ])
        #expect(try Checkpoint(folder("run/checkpoints/step-00000003.h5")).state().step == 3)
        // A new run may take the place of all that.
        #expect(
            try TrainingRun(TrainingRun(resuming: output).recipe, output: output, overwrites: true)
                .execute() != nil)
    }

    /// A file without an optimizer is no checkpoint to go on from, whatever its name.
    @Test func aModelAloneIsPassedOver() throws {
        try stopped()
        try FileManager.default.copyItem(
            at: folder("run/checkpoints/best.h5"), to: folder("run/checkpoints/step-00000003.h5"))
        var notes: [String] = []
        #expect(try TrainingRun(resuming: output, note: { notes.append("\($0)") }).execute() != nil)
        #expect(notes.contains { $0.contains("holds a model without optimizer state") })
    }

    @Test func checkpointsAreVerified() throws {
        try stopped()
        let url = folder("run/checkpoints/step-00000002.h5")
        try Checkpoint(url).verify()
        let model = folder("model.h5")
        try Checkpoint.write(TinyModel.make(), to: model)
        try Checkpoint(model).verify()
    }

    // MARK: - Two at once

    @Test func twoRunsInOneFolderAreRefused() throws {
        try stopped()
        let first = try TrainingRun(resuming: output)
        let error = #expect(throws: RunError.self) { _ = try TrainingRun(resuming: output) }
        guard case .inUse(output, let holder) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(holder.hasPrefix("process \(getpid()) on "))
        #expect(try first.execute() != nil)
        #expect(!FileManager.default.fileExists(atPath: folder("run/run.lock").path))
        #expect(try TrainingRun(resuming: output).execute() != nil)
    }

    /// The second is refused before it writes, and the first goes on.
    @Test func aRunThatBeginsIsAlone() throws {
        let recipe = try folder.recipe()
        let second = try TrainingRun(recipe, output: output)
        var refusals: [RunError?] = []
        let results = try TrainingRun(recipe, output: output).execute([
            OnEvent { _, trainer in
                if trainer.state.step == 1 {
                    refusals.append(
                        #expect(throws: RunError.self) { _ = try second.execute() })
                    refusals.append(
                        #expect(throws: RunError.self) { _ = try TrainingRun(resuming: output) })
                }
                return .proceed
            }
        ])
        #expect(results != nil)
        guard case .outputInUse? = refusals.first ?? nil, case .inUse? = refusals.last ?? nil else {
            Issue.record("\(refusals)")
            return
        }
    }

    /// A folder that was made for nothing goes again, and one with a lock that nobody holds can be used.
    @Test func whatIsLeftIsInNobodysWay() throws {
        let broken = try folder.recipe {
            $0.tasks[0].data = [ExampleSource(folder.path("none.tsv"))]
        }
        #expect(throws: RunError.self) {
            _ = try TrainingRun(broken, output: output).execute()
        }
        #expect(!FileManager.default.fileExists(atPath: output))
        try FileManager.default.createDirectory(
            at: folder("run"), withIntermediateDirectories: false)
        try folder.write("process 1 on a machine\n", to: "run/run.lock")
        #expect(try TrainingRun(folder.recipe(), output: output).execute() != nil)
    }

    @Test func onlyNamesOfOurOwnAreCheckpoints() {
        for (name, step) in [
            ("step-00000012.h5", 12), ("step-123456789.h5", 123_456_789), ("step-12.h5", -1),
            ("step-000000012.h5", -1), ("step--0000001.h5", -1), ("step-+0000001.h5", -1),
            ("step-final.h5", -1), ("step-00000012.h5.bak", -1), ("best.h5", -1),
            ("step-٠٠٠٠٠٠١٢.h5", -1),
        ] { #expect(RunFolder.step(name) == step, "\(name)") }
        #expect(RunFolder.isSetAside("damaged-step-00000012.h5"))
        #expect(!RunFolder.isSetAside("damaged-mine.h5"))
    }
}
