import ExampleFiles
import Foundation
import NeuralNetwork
import TestSupport
import Testing

@testable import SentenceEmbedding

@Suite struct SweepTests {
    private let folder = TemporaryFolder()

    private func recipe() throws -> Recipe {
        try Recipe(
            json: #"{"model":"m","loss":"cosent","train":"a.tsv","dev":"d.tsv","seed":7}"#)
    }

    @Test func theGrid() throws {
        let sweep = try Sweep(
            recipe(),
            over: [
                .init("learning_rate", ["1e-5", "2e-05"]), .init("loss.scale", ["20", "30"]),
                .init("optimizer.beta1", ["0.5"]), .init("schedule", ["cosine"]),
            ])
        #expect(
            sweep.members.map(\.name)
                == [
                    "learning_rate=1e-5_loss.scale=20", "learning_rate=1e-5_loss.scale=30",
                    "learning_rate=2e-05_loss.scale=20", "learning_rate=2e-05_loss.scale=30",
                ].map { $0 + "_optimizer.beta1=0.5_schedule=cosine" })
        let last = try #require(sweep.members.last?.recipe)
        #expect(last.training.learningRate == 2e-5)
        #expect(last.tasks[0].loss == NamedSettings("cosent", settings: #"{"scale":30}"#))
        #expect(last.optimizer == NamedSettings("adamw", settings: #"{"beta1":0.5}"#))
        #expect(last.training.schedule == .cosine)
        #expect(last.training.seed == 7)
    }

    /// Texts, lists and names that no folder could have.
    @Test func valuesAreThoseOfRecipes() throws {
        let sweep = try Sweep(
            recipe(),
            over: [
                .init("model", ["/a/b", "c d"]), .init("freeze", [#"["embeddings"]"#]),
                .init("start_may_win", ["true"]),
            ])
        #expect(
            sweep.members.map(\.name) == [
                "model=-a-b_freeze=--embeddings--_start_may_win=true",
                "model=c-d_freeze=--embeddings--_start_may_win=true",
            ])
        #expect(sweep.members.map(\.recipe.model) == ["/a/b", "c d"])
        #expect(sweep.members[0].recipe.setup.freeze == ["embeddings"])
        #expect(sweep.members[0].recipe.training.startMayWin)
    }

    @Test(arguments: [
        ([Sweep.Axis("seed", [])], "seed: a sweep needs values"),
        ([.init("seed", ["1", ""])], "seed: a sweep needs values"),
        ([.init("seed", ["1", "1"])], "seed is swept twice"),
        ([.init("seed", ["1"]), .init("seed", ["2"])], "seed is swept twice"),
        ([.init("model", ["a/b", "a b"])], "two runs would have the same folder"),
        ([.init("sed", ["1"])], "there is no setting 'sed'; did you mean 'seed'?"),
        ([.init("epochs", ["1", "0"])], "epochs is 0; expected 1"),
        ([.init("loss.scal", ["1"])], "did you mean 'scale'?"),
        ([.init("num_cycles", ["2"])], "the schedule linear has no such setting"),
    ])
    func whatIsWrong(_ axes: [Sweep.Axis], _ message: String) throws {
        let error = #expect(throws: (any Error).self) { try Sweep(recipe(), over: axes) }
        #expect(error.map { "\($0)".contains(message) } == true, "\(String(describing: error))")
    }

    @Test func thereHasToBeSomethingToCompare() throws {
        var recipe = try recipe()
        recipe.evaluations = []
        #expect(throws: SweepError.nothingToCompare) {
            try Sweep(recipe, over: [.init("seed", ["1"])])
        }
    }

    /// New, begun and finished, and what is in the way.
    @Test func whereARunStands() throws {
        func progress(_ member: Sweep.Member) throws -> String {
            "\(try Sweep.progress(of: member, in: folder("run").path))".prefix { $0 != "(" }
                .description
        }
        try Checkpoint.write(TinyModel.make(), to: folder("m.h5"))
        var recipe = try recipe()
        recipe.model = folder("m.h5").path
        let texts = TinyModel.sentences(40, seed: 3)
        let rows = (0..<20).map { "\(texts[$0])\t\(texts[$0 + 20])\t\($0 % 5)\n" }
        let path = try folder.write(
            "sentence1\tsentence2\tscore\n" + rows.joined(), to: "a.tsv")
        recipe.tasks[0].data = [ExampleSource(path)]
        recipe.evaluations[0].data = [
            ExampleSource(
                try folder.write(
                    "sentence1\tsentence2\tscore\n" + rows.prefix(9).joined(), to: "d.tsv"))
        ]
        recipe.data.scoreRange = ScoreRange(0, 4)
        let sweep = try Sweep(recipe, over: [.init("seed", ["1", "2"])])
        #expect(try progress(sweep.members[0]) == "new")
        let run = try TrainingRun(sweep.members[0].recipe, output: folder("run").path)
        #expect(try run.execute([OnEvent(stopAfter: 1)]) == nil)
        #expect(try progress(sweep.members[0]) == "begun")
        let results = try TrainingRun(resuming: folder("run").path).execute()
        guard
            case .finished(let score) = try Sweep.progress(
                of: sweep.members[0], in: folder("run").path)
        else {
            Issue.record("not finished")
            return
        }
        #expect(score.figure == "dev_spearman_cosine")
        #expect(score.value == results?["dev_spearman_cosine"])
        #expect(score.bestStep == 2 && !score.isLowerBetter)
        #expect(
            throws: SweepError.otherRun(path: folder("run").path, keys: ["seed"])
        ) { try progress(sweep.members[1]) }
    }

    @Test func theBetterScore() {
        func score(_ value: Double, lower: Bool = false) -> Sweep.Score {
            Sweep.Score(figure: "x", value: value, isLowerBetter: lower, bestStep: nil)
        }
        #expect(score(2).beats(score(1)) && !score(1).beats(score(2)))
        #expect(score(1, lower: true).beats(score(2, lower: true)))
        #expect(score(1).beats(score(.nan)) && !score(.nan).beats(score(1)))
    }
}
