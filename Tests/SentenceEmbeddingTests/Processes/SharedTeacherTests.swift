import ExampleFiles
import Foundation
import Kernels
import Losses
import TestSupport
import Testing

@testable import SentenceEmbedding

/// Teachers whose labels several processes compute.
@Suite struct SharedTeacherTests {
    private let folder = TemporaryFolder()
    /// The models that were opened as teachers, by the process.
    private final class Teachers: @unchecked Sendable {
        private let lock = NSLock()
        private var all: [Int: SentenceTransformer] = [:]

        func add(_ model: SentenceTransformer, of rank: Int) { lock.withLock { all[rank] = model } }
        func areShared(among count: Int) -> Bool {
            lock.withLock { all.count == count && all.values.allSatisfy { $0.processes != nil } }
        }
    }

    private func recipe(_ loss: String = "mse", texts: Int = 24) throws -> Recipe {
        let columns = loss == "mse" ? 1 : 2
        let rows = (0..<columns).map { TinyModel.sentences(texts, seed: UInt64(2 + $0)) }
        let header = ["sentence1", "sentence2"].prefix(columns).joined(separator: "\t")
        let lines = (0..<texts).map { row in rows.map { $0[row] }.joined(separator: "\t") }
        return try folder.recipe { recipe in
            recipe.tasks[0].loss = NamedSettings(loss)
            recipe.tasks[0].data = [
                ExampleSource(
                    try folder.write(
                        ([header] + lines).joined(separator: "\n") + "\n", to: "texts.tsv"))
            ]
            recipe.tasks[0].settings.teacher = try folder.model("teacher.h5", seed: 9)
            recipe.data.scoreRange = nil
        }
    }

    /// More rows than are computed at a time.
    @Test(arguments: ["mse", "cosine"]) func labelsAreThoseOfOneProcess(_ loss: String) throws {
        let recipe = try recipe(loss, texts: 3100)
        @Sendable func label(
            _ output: String, _ processes: ThreadProcesses?, _ teachers: Teachers?
        ) throws {
            let data = RunData(
                recipe,
                open: { path in
                    let model = try SentenceTransformer(path: path)
                    if let processes { teachers?.add(model, of: processes.rank) }
                    return model
                }, note: { _ in })
            _ = try data.labelled(
                data.table(of: recipe.tasks[0]), for: recipe.tasks[0],
                cache: RunFolder(folder(output).path, format: .json), among: processes)
        }
        try label("alone", nil, nil)
        func labels(_ output: String) throws -> [Float] {
            let vectors = try TeacherVectors(npy: folder("\(output)/teacher-train.npy"))
            return (0..<vectors.rows).flatMap { Array(vectors.row($0)) }
        }
        let alone = try labels("alone")
        // A library's sums depend on the rows that are multiplied together.
        let tolerance: Float = GEMM.Engine.preferred == .own ? 0 : 1e-5
        for count in [2, 3] {
            let teachers = Teachers()
            _ = ThreadProcesses.run(count) { try label("of-\(count)", $0, teachers) }
            #expect(teachers.areShared(among: count))
            let shared = try labels("of-\(count)")
            #expect(shared.count == alone.count)
            #expect(zip(shared, alone).allSatisfy { abs($0 - $1) <= tolerance })
        }
    }

    @Test func aRunLearnsTheSameFromThem() throws {
        let recipe = try recipe()
        _ = try TrainingRun(recipe, output: folder("alone").path).execute()
        let notes = ThreadProcesses.run(2) { own in
            var notes: [String] = []
            let run = try TrainingRun(
                recipe, output: folder("run").path, processes: own,
                note: { notes.append("\($0)") })
            _ = try run.execute([OnEvent(stopAfter: 2)])
            _ = try TrainingRun(
                resuming: folder("run").path, processes: own, note: { notes.append("\($0)") }
            ).execute()
            return notes
        }
        let (whole, shared) = (try losses(ofRun: folder("alone")), try losses(ofRun: folder("run")))
        #expect(whole.count > 2 && whole.count == shared.count)
        for (a, b) in zip(whole, shared) { #expect(abs(a - b) < 1e-6) }
        // They are made once, and only the first looks for them.
        for all in notes {
            #expect(all.count { $0.contains("rows as the teacher") } == 1)
        }
        let found = notes.map { all in all.count { $0.hasSuffix("labels, from before") } }
        #expect(found == [1, 0])
    }

    /// What is tried out is kept by each process in a folder of its own.
    @Test func aRehearsalHasThemInEachProcess() throws {
        let recipe = try recipe()
        let steps = ThreadProcesses.run(2) { own in
            try TrainingRun(recipe, output: folder("run").path, processes: own).rehearse(steps: 1)
                .steps
        }
        #expect(steps[0] > 0 && steps[0] == steps[1])
        #expect(!folder.entries.contains("run"))
    }

    @Test func otherTeachersAreRefused() throws {
        let recipe = try recipe()
        let said = ThreadProcesses.run(2) { own in
            do {
                _ = try TrainingRun(
                    recipe, output: folder("run").path, processes: own,
                    open: { path in
                        path.hasSuffix("teacher.h5")
                            ? try TinyModel.make(seed: UInt64(20 + own.rank))
                            : try SentenceTransformer(path: path)
                    }
                ).execute()
                return ""
            } catch { return "\(error)" }
        }
        for sentence in said {
            #expect(
                sentence.hasPrefix(
                    "process 1 does not have the teacher and texts of process 0"), "\(sentence)")
        }
    }
}
