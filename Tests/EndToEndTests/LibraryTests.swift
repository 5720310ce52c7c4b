import Foundation
import Simile
import Testing

/// The library as the documents and Experiments show it.
@Suite struct LibraryTests {
    /// What a callback keeps of every step.
    private final class StepLosses: TrainingCallback {
        private(set) var values: [Float] = []

        func handle(_ event: TrainingEvent, _ trainer: Trainer) -> TrainingControl {
            if case .stepped(let step) = event { values.append(step.loss) }
            return .proceed
        }
    }

    /// By parts and in one call: the same cosines.
    @Test func walkthrough() throws {
        let folder = TemporaryFolder()
        let output = try CommandRunner.run(
            [try folder.newModel(), "a dog", "a dog", "a red car"], program: "walkthrough")
        #expect(output.status == 0, "\(output.error)")
        let lines = output.out.split(separator: "\n")
        try #require(lines.count == 7)
        #expect(lines[1].hasPrefix("last hidden state [") && lines[1].hasSuffix(", 32]"))
        #expect(lines[2] == "pooled            [3, 32]")
        let cosines = lines[3...].compactMap { Float($0.split(separator: " ")[1]) }
        try #require(cosines.count == 4)
        #expect(abs(cosines[0] - 1) < 1e-5)
        for i in 0..<2 { #expect(abs(cosines[i] - cosines[i + 2]) < 1e-5) }
    }

    /// Training as README shows it, and a derivative as the pages of the library do.
    @Test func training() throws {
        let folder = TemporaryFolder()
        let model = try SentenceTransformer(path: try folder.newModel())
        let train = CommandRunner.repository.appending(path: "Datasets/small-sts/train.tsv").path
        var options = ExampleFileOptions()
        options.scoreRange = ScoreRange(0, 5)
        let (rows, report) = try ExampleFile.read(train, options: options, as: .scoredPairs)
        #expect(report.rejected == 0)
        var configuration = TrainingConfiguration()
        configuration.epochs = 4
        configuration.maxSteps = 8
        let objective = try EmbeddingObjective(
            CosineSimilarityLoss.self, data: rows, model: model)
        let trainer = try Trainer(
            model: model, objective: objective, configuration: configuration)
        let seen = StepLosses()
        try trainer.run([seen])
        let losses = seen.values
        #expect(losses.count == 8 && losses.allSatisfy { $0 > 0 && $0 < 1 })
        try model.write(to: folder("fine-tuned"))
        #expect(
            try SentenceTransformer(path: folder("fine-tuned").path).encode(["a dog"]).values
                == model.encode(["a dog"]).values)

        let tape = Tape()
        let x = tape.watch(Tensor([1, 0, 0, 1], [2, 2]))
        let gradients = tape.backward(from: (x.matmul(x).exp() / 10).sum())
        // d/dx of Σ exp(x·x)/10 at the identity: (G·xᵀ + xᵀ·G) with G = exp(x·x)/10.
        let e = Float(2.7182818) / 10
        let expected: [Float] = [2 * e, 0.2, 0.2, 2 * e]
        let found = try #require(gradients[x]?.values)
        #expect(zip(found, expected).allSatisfy { abs($0 - $1) < 1e-5 })
    }
}
