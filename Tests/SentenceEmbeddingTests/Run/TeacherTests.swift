import ExampleFiles
import Foundation
import ModelFolders
import Serialization
import Tensors
import TestSupport
import Testing

@testable import SentenceEmbedding

/// Models that label the rows of a run.
@Suite struct TeacherTests {
    private let folder = TemporaryFolder()
    private static let count = 20

    private func model(_ name: String, seed: UInt64) throws -> String {
        try Checkpoint.write(TinyModel.make(seed: seed), to: folder(name))
        return folder(name).path
    }

    /// Writes rows of so many texts under a header and returns the path.
    private func rows(_ name: String, _ header: [String], seed: UInt64 = 3) throws -> String {
        let columns = header.indices.map {
            TinyModel.sentences(Self.count, seed: seed + UInt64($0))
        }
        let lines = (0..<Self.count).map { row in
            columns.map { $0[row] }.joined(separator: "\t") + "\n"
        }
        return try folder.write(
            header.joined(separator: "\t") + "\n" + lines.joined(), to: name)
    }

    private func recipe(_ loss: String, _ data: String, teacher: String) throws -> Recipe {
        var recipe = Recipe()
        recipe.model = try model("start.h5", seed: 1)
        var task = TaskRecipe(loss: NamedSettings(loss), data: [ExampleSource(data)])
        task.settings.teacher = teacher
        recipe.tasks = [task]
        recipe.training.batchSize = 8
        recipe.training.epochs = 1
        recipe.training.learningRate = 1e-3
        return recipe
    }

    /// The labels that a run trains with, and the run's notes.
    private func labels(_ recipe: Recipe, _ output: String) throws -> (LabelColumn, [String]) {
        var notes: [String] = []
        let data = RunData(
            recipe, open: { try SentenceTransformer(path: $0) }, note: { notes.append("\($0)") })
        let table = try data.labelled(
            data.table(of: recipe.tasks[0]), for: recipe.tasks[0],
            cache: RunFolder(folder(output).path, format: .json))
        return (table.labels, notes)
    }

    private func cosines(_ teacher: String, _ a: [String], _ b: [String]) throws -> [Float] {
        let model = try SentenceTransformer(path: teacher)
        let (u, v) = (model.encode(a), model.encode(b))
        return u.cosineSimilarity(v).values
    }

    private func sentences(_ column: UInt64) -> [String] {
        TinyModel.sentences(Self.count, seed: 3 + column)
    }

    // MARK: - The cache

    @Test func theCacheIsOfThisTeacherAndTheseTexts() throws {
        let texts = try rows("texts.tsv", ["text"])
        let first = try recipe("mse", texts, teacher: model("a.h5", seed: 8))
        let (vectors, notes) = try labels(first, "run")
        #expect(notes.contains { $0.hasSuffix("embedding 20 rows as the teacher") }, "\(notes)")
        let again = try labels(first, "run").1
        #expect(again.contains { $0.hasSuffix("the teacher's labels, from before") }, "\(again)")
        #expect(!again.contains { $0.contains("embedding") })

        // The same path, another model.
        try Checkpoint.write(TinyModel.make(seed: 9), to: folder("a.h5"))
        let (other, otherNotes) = try labels(first, "run")
        #expect(otherNotes.contains { $0.hasSuffix("of another teacher; made again") })
        guard case .vectors(let old, _, _) = vectors, case .vectors(let new, _, _) = other else {
            Issue.record("no vectors")
            return
        }
        #expect(old(0) != new(0))

        // The same file, its texts in another order.
        let lines = try String(contentsOfFile: texts, encoding: .utf8).split(separator: "\n")
        let turned = (lines.prefix(1) + lines.dropFirst().reversed()).joined(separator: "\n")
        try Data(turned.utf8).write(to: folder("texts.tsv"))
        #expect(try labels(first, "run").1.contains { $0.hasSuffix("of other texts; made again") })

        // A prompt that the teacher has of its own counts as well.
        let plain = try SentenceTransformer(path: first.tasks[0].settings.teacher ?? "")
        let digest = try plain.contentDigest()
        #expect(digest.count == 64)
        try plain.setPrompt("a ")
        #expect(try plain.contentDigest() != digest)
        try plain.setPrompt("")
        #expect(try plain.contentDigest() == digest)
        plain.maxSequenceLength = 5
        #expect(try plain.contentDigest() != digest)
    }

    @Test func aDamagedCacheIsMadeAgain() throws {
        let recipe = try recipe("mse", rows("texts.tsv", ["text"]), teacher: model("a.h5", seed: 8))
        _ = try labels(recipe, "run")
        let file = folder("run/teacher-train.npy")
        let whole = try Data(contentsOf: file)
        var flipped = whole
        flipped[flipped.count - 3] ^= 1
        for damaged in [flipped, whole.dropLast(4), Data("precious".utf8)] {
            try damaged.write(to: file)
            let notes = try labels(recipe, "run").1
            #expect(notes.contains { $0.contains("damaged, or not by this program; made again") })
            #expect(try Data(contentsOf: file) == whole)
        }
        try Data("{}".utf8).write(to: folder("run/teacher-train.json"))
        #expect(try labels(recipe, "run").1.contains { $0.contains("made again") })
        // What is there is in no new run's way.
        try RunFolder(folder("run").path, format: .json).requireFree()
    }

    @Test func withoutTheTeacherOnlyTheSameTextsWillDo() throws {
        let recipe = try recipe("mse", rows("texts.tsv", ["text"]), teacher: model("a.h5", seed: 8))
        _ = try labels(recipe, "run")
        try FileManager.default.removeItem(at: folder("a.h5"))
        let notes = try labels(recipe, "run").1
        #expect(notes.contains { $0.contains("that the teacher is the same cannot be told") })
        _ = try rows("texts.tsv", ["text"], seed: 4)
        #expect(throws: ModelError.self) { try labels(recipe, "run") }
    }

    @Test func aTeacherThatIsNotFiniteTeachesNothing() throws {
        let broken = try TinyModel.make(seed: 2)
        let parameter = try #require(broken.parameters.first { $0.name.contains("layer.1") })
        parameter.setValues(of: parameter.parts[0]) { $0[0] = .nan }
        let recipe = try recipe("mse", rows("texts.tsv", ["text"]), teacher: "broken")
        let data = RunData(recipe, open: { _ in broken }, note: { _ in })
        let error = #expect(throws: RunError.self) {
            try data.labelled(
                data.table(of: recipe.tasks[0]), for: recipe.tasks[0],
                cache: RunFolder(folder("run").path, format: .json))
        }
        #expect(error?.description.contains("rows 1...20 is not finite") == true)
        #expect(!FileManager.default.fileExists(atPath: folder("run/teacher-train.npy").path))
    }

    // MARK: - Scores

    @Test(arguments: ["cosine", "cosent", "angle"])
    func scoresOfPairs(_ loss: String) throws {
        let data = try rows("pairs.tsv", ["sentence1", "sentence2"])
        let teacher = try model("a.h5", seed: 8)
        let recipe = try recipe(loss, data, teacher: teacher)
        let expected = try cosines(teacher, sentences(0), sentences(1))
        guard case .scores(let scores) = try labels(recipe, "labels").0 else {
            Issue.record("no scores")
            return
        }
        for (score, cosine) in zip(scores, expected) { #expect(abs(score - cosine) < 1e-6) }
        #expect(try TrainingRun(recipe, output: folder("run").path).execute()?.steps == 3)
    }

    @Test(arguments: ["margin_mse", "distill_kl_div"])
    func scoresOfCandidates(_ loss: String) throws {
        let data = try rows("rows.tsv", ["query", "positive", "negative_1", "negative_2"])
        let teacher = try model("a.h5", seed: 8)
        let recipe = try recipe(loss, data, teacher: teacher)
        guard case .vectors(let row, Self.count, 3) = try labels(recipe, "labels").0 else {
            Issue.record("no vectors")
            return
        }
        for column in 1...3 {
            let expected = try cosines(teacher, sentences(0), sentences(UInt64(column)))
            for index in 0..<Self.count {
                #expect(abs(row(index)[column - 1] - expected[index]) < 1e-6)
            }
        }
        #expect(try TrainingRun(recipe, output: folder("run").path).execute()?.steps == 3)
    }

    @Test func scoresComeFromOnePlaceAlone() throws {
        let (a, b) = (sentences(0), sentences(1))
        let lines = a.indices.map { "\(a[$0])\t\(b[$0])\t0.5\n" }
        let data = try folder.write("sentence1\tsentence2\tscore\n" + lines.joined(), to: "s.tsv")
        let teacher = try model("a.h5", seed: 8)
        let error = #expect(throws: RunError.self) {
            try labels(recipe("cosent", data, teacher: teacher), "run")
        }
        #expect(
            error?.description.contains("has scores or labels of its own in 'score'") == true,
            "\(String(describing: error))")
        // Embeddings are something else than scores.
        #expect(throws: Never.self) {
            try labels(recipe("mse", data, teacher: teacher), "run")
        }
        let useless = #expect(throws: RunError.self) {
            try recipe("softmax", data, teacher: teacher).checked()
        }
        #expect(useless?.description.contains("the loss softmax cannot learn from one") == true)
    }

    @Test func aFileOfScores() throws {
        let data = try rows("pairs.tsv", ["sentence1", "sentence2"])
        func file(_ name: String, columns: Int, _ value: (Int) -> Float) throws -> String {
            let writer = try NPYWriter(creating: folder(name), element: .float32, columns: columns)
            for row in 0..<Self.count {
                try writer.append([Float](repeating: value(row), count: columns), rows: 1)
            }
            try writer.finish()
            return folder(name).path
        }
        let one = try file("one.npy", columns: 1) { Float($0) / 20 }
        guard case .scores(let scores) = try labels(recipe("cosine", data, teacher: one), "r").0
        else {
            Issue.record("no scores")
            return
        }
        #expect(scores == (0..<Self.count).map { Float($0) / 20 })
        let two = try file("two.npy", columns: 2) { _ in 1 }
        let error = #expect(throws: RunError.self) {
            try labels(recipe("cosine", data, teacher: two), "r")
        }
        #expect(error?.description.contains("expected one, the score of the pair") == true)
        // No cosine comes near a score of 19.
        let wide = try file("wide.npy", columns: 1) { Float($0) }
        let refused = #expect(throws: RunError.self) {
            try TrainingRun(recipe("cosine", data, teacher: wide), output: folder("w").path)
                .execute()
        }
        #expect(refused?.description.contains("needs scores in -1...1") == true)
    }

    // MARK: - Shorter embeddings

    @Test func embeddingsAreProjected() throws {
        let teacher = try model("a.h5", seed: 8)
        var recipe = try recipe("mse", rows("texts.tsv", ["text"]), teacher: teacher)
        recipe.tasks[0].settings.teacherDimension = 5
        let (found, notes) = try labels(recipe, "run")
        guard case .vectors(let row, Self.count, 5) = found else {
            Issue.record("not vectors of 5")
            return
        }
        #expect(
            notes.contains {
                $0.contains("32 numbers as 5, which have ") && $0.hasSuffix("variance")
            },
            "\(notes)")
        let embeddings = try SentenceTransformer(path: teacher).encode(sentences(0)).values
        let components = PrincipalComponents(count: 5, ofRows: Self.count, width: 32) {
            Array(embeddings[$0 * 32..<($0 + 1) * 32])
        }
        for index in 0..<Self.count {
            #expect(
                row(index) == components.project(Array(embeddings[index * 32..<(index + 1) * 32])))
        }
        // The whole embeddings are kept, so that another length costs no more embedding.
        #expect(try NPYFile(folder("run/teacher-train.npy")).columns == 32)
        recipe.tasks[0].settings.teacherDimension = 6
        #expect(try labels(recipe, "run").1.contains { $0.hasSuffix("labels, from before") })

        // A guide's embeddings of all columns are projected one by one.
        var guided = try self.recipe(
            "gist", rows("pairs.tsv", ["anchor", "positive"]), teacher: teacher)
        guided.tasks[0].settings.teacherDimension = 5
        guard case .vectors(_, Self.count, 10) = try labels(guided, "guided").0 else {
            Issue.record("not vectors of 10")
            return
        }
    }

    @Test func lengthsThatAreNone() throws {
        let data = try rows("texts.tsv", ["text"])
        var recipe = try recipe("mse", data, teacher: model("a.h5", seed: 8))
        recipe.tasks[0].settings.teacherDimension = 21
        let error = #expect(throws: RunError.self) { try labels(recipe, "run") }
        #expect(
            error?.description.contains(
                "teacher_dimension is 21, but there are 20 embeddings of 32 numbers; expected 1...20"
            ) == true)
        let writer = try NPYWriter(
            creating: folder("nan.npy"), element: .float32, columns: 3)
        for row in 0..<Self.count { try writer.append([1, row == 6 ? .nan : 2, 3], rows: 1) }
        try writer.finish()
        recipe.tasks[0].settings.teacher = folder("nan.npy").path
        recipe.tasks[0].settings.teacherDimension = 2
        let broken = #expect(throws: RunError.self) { try labels(recipe, "run") }
        #expect(broken?.description.contains("row 7 has a number that is not finite") == true)
        recipe.tasks[0].settings.teacher = nil
        let alone = #expect(throws: RunError.self) { try recipe.checked() }
        #expect(alone?.description == "teacher_dimension is given, but there is no teacher")
        recipe.tasks[0].settings.teacher = "a.h5"
        recipe.tasks[0].loss = NamedSettings("cosent")
        let scores = #expect(throws: RunError.self) { try recipe.checked() }
        #expect(scores?.description.contains("the loss cosent learns from scores") == true)
    }

    /// A student of another width learns from a projected teacher, and from a whole one by a layer that begins with the
    /// components; a run that was cut short ends in the same bits.
    @Test(arguments: [true, false])
    func aNarrowStudentLearns(_ isProjected: Bool) throws {
        let teacher = try model("teacher.h5", seed: 8)
        let student = try SentenceTransformer(path: teacher).student(
            hiddenSize: 8, layerCount: 1, headCount: 2, intermediateSize: 16)
        var recipe = try recipe("mse", rows("texts.tsv", ["text"]), teacher: teacher)
        try Checkpoint.write(student, to: folder("student.h5"))
        recipe.model = folder("student.h5").path
        if isProjected {
            recipe.tasks[0].settings.teacherDimension = 8
        } else {
            recipe.tasks[0].loss.settings = #"{"projection_dim": 32, "projection_init": "pca"}"#
        }
        recipe.training.epochs = 20
        recipe.training.learningRate = 1e-2
        var losses: [Float] = []
        _ = try TrainingRun(recipe, output: folder("whole").path).execute([
            OnEvent(step: { losses.append($0.loss) })
        ])
        let (first, last): (Float, Float) = (
            losses.prefix(3).reduce(0, +), losses.suffix(3).reduce(0, +)
        )
        #expect(last < 0.8 * first, "\(first) to \(last)")
        let cut = try TrainingRun(recipe, output: folder("cut").path)
        #expect(try cut.execute([OnEvent(stopAfter: 31)]) == nil)
        _ = try TrainingRun(resuming: folder("cut").path).execute()
        #expect(
            try Data(contentsOf: folder("cut/model/model.safetensors"))
                == Data(contentsOf: folder("whole/model/model.safetensors")))
    }
}
