import ExampleFiles
import SentenceEmbedding

/// What runs from files to files are made of, in a folder of their own.
extension TemporaryFolder {
    /// Writes a model and returns its path.
    func model(_ name: String, seed: UInt64 = 1) throws -> String {
        try Checkpoint.write(TinyModel.make(seed: seed), to: self(name))
        return self(name).path
    }

    /// Writes pairs with scores of 0...4 and returns the path.
    func scores(_ name: String, _ count: Int, seed: UInt64) throws -> String {
        let (a, b) = (
            TinyModel.sentences(count, seed: seed), TinyModel.sentences(count, seed: seed + 1)
        )
        let rows = (0..<count).map { "\(a[$0])\t\(b[$0])\t\($0 % 5)\n" }
        return try write("sentence1\tsentence2\tscore\n" + rows.joined(), to: name)
    }

    /// A recipe of three steps an epoch, changed as asked.
    func recipe(_ change: (inout Recipe) throws -> Void = { _ in }) throws -> Recipe {
        var recipe = Recipe()
        recipe.model = try model("start.h5")
        recipe.tasks = [TaskRecipe(data: [ExampleSource(try scores("train.tsv", 24, seed: 1))])]
        recipe.data.scoreRange = ScoreRange(0, 4)
        recipe.training.batchSize = 8
        recipe.training.learningRate = 1e-3
        try change(&recipe)
        return recipe
    }
}
