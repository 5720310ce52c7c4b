import ExampleFiles
import Foundation
import JSON
import Losses
import ModelFolders
import NeuralNetwork
import Tensors
import TestSupport
import Testing

@testable import SentenceEmbedding

/// Training on texts without labels.
@Suite struct SequenceObjectiveTests {
    static let names = Losses.ofSequences.map { $0.name }

    static func texts(_ count: Int, seed: UInt64 = 3) -> ExampleTable {
        ExampleTable(
            name: "texts.txt", columns: [("text", TinyModel.sentences(count, seed: seed))],
            labels: .none)
    }

    private func trainer(
        _ name: String, _ model: SentenceTransformer, _ source: ParameterSource = .random(seed: 3),
        epochs: Int = 2, change: (inout TrainingConfiguration) -> Void = { _ in }
    ) throws -> Trainer {
        let data = Self.texts(40)
        let module = try LossModule(
            named: name, context: LossContext(model, data), source: source)
        try module.parameters.validate()
        var configuration = TinyTasks.configuration(epochs: epochs)
        change(&configuration)
        return try Trainer(
            model: model,
            objective: module.objective(on: data, for: model, modifiers: LossModifiers()),
            configuration: configuration)
    }

    @Test(arguments: names) func itLearns(_ name: String) throws {
        let model = try TinyModel.make()
        let trainer = try trainer(name, model, epochs: 30) { $0.learningRate = 3e-3 }
        let before = trainer.optimizer.parameters.bits
        var losses: [Float] = []
        try trainer.run([OnEvent(step: { losses.append($0.loss) })])
        let (first, last) = (losses.prefix(5), losses.suffix(5))
        #expect(last.reduce(0, +) < 0.9 * first.reduce(0, +), "\(first) to \(last)")
        let after = trainer.optimizer.parameters.bits
        for (array, values) in before where !array.hasPrefix("pooler.") {
            #expect(after[array] != values, "\(array) was not trained")
        }
    }

    @Test(arguments: names, [3, 7]) func itsRunIsResumed(_ name: String, _ stop: Int) throws {
        let folder = TemporaryFolder()
        let whole = try trainer(name, TinyModel.make())
        try whole.run()
        let first = try trainer(name, TinyModel.make())
        try first.run([OnEvent(stopAfter: stop)])
        try Checkpoint.write(first, to: folder("a.h5"))
        let checkpoint = try Checkpoint(folder("a.h5"))
        let second = try trainer(
            name, checkpoint.model(), checkpoint.source(ofTask: TrainingTask.onlyName))
        try checkpoint.restore(second)
        try second.run()
        #expect(second.optimizer.parameters.bits == whole.optimizer.parameters.bits)
        #expect(try checkpoint.losses(for: checkpoint.model()).keys.sorted() == ["train"])
    }

    @Test(arguments: names) func largeBatchesAreComputedInParts(_ name: String) throws {
        func gradients(_ size: Int?) throws -> [String: [Float]] {
            let trainer = try trainer(name, TinyModel.make()) {
                $0.miniBatchSize = size
                $0.maxGradientNorm = 0
            }
            _ = try trainer.step([Trainer.Batch(task: 0, rows: Array(0..<12))])
            return trainer.optimizer.parameters.reduce(into: [:]) {
                $0[$1.name] = $1.gradient?.values
            }
        }
        let (whole, parts) = (try gradients(nil), try gradients(5))
        #expect(Set(whole.keys) == Set(parts.keys))
        let largest = whole.values.joined().map(abs).max() ?? 0
        for (array, expected) in whole {
            let worst = zip(parts[array] ?? [], expected).map { abs($0 - $1) }.max() ?? .nan
            #expect(worst <= 1e-5 * largest, "\(array) is off by \(worst)")
        }
    }

    @Test func theHeadStaysWithTheModel() throws {
        let folder = TemporaryFolder()
        let model = try TinyModel.make()
        let trainer = try trainer("mlm", model)
        try trainer.run()
        let head = try #require(model.languageModelHead).parameters.bits
        #expect(head == trainer.tasks[0].objective.module.parameters.bits)
        try model.write(to: folder("model"))
        let json = try JSONValue(
            parsing: Data(contentsOf: folder("model/config.json")))
        #expect(json["architectures"]?.elements?.first?.string == "BertForMaskedLM")
        try Checkpoint.write(trainer, to: folder("run.h5"))
        try Checkpoint.write(model, to: folder("model.h5"))
        for path in ["model", "run.h5", "model.h5"] {
            let read = try SentenceTransformer(path: folder(path).path)
            #expect(read.parameters.bits == model.parameters.bits, "\(path)")
            #expect(read.languageModelHead?.parameters.bits == head, "\(path)")
            #expect(read.notes.isEmpty, "\(path): \(read.notes)")
            // Going on begins with it.
            let next = try self.trainer("mlm", read)
            #expect(next.tasks[0].objective.module.parameters.bits == head, "\(path)")
            // Training for something else leaves it behind.
            _ = try TinyModel.cosineTrainer(read, TinyModel.scored(8), TrainingConfiguration())
            #expect(read.languageModelHead == nil)
        }
        let (larger, _) = try model.addingTokens(["zebra"])
        let enlarged = try #require(larger.languageModelHead).parameters.bits
        #expect(enlarged["cls.predictions.bias"]?.count == 33)
        #expect(
            enlarged["cls.predictions.transform.dense.weight"]
                == head["cls.predictions.transform.dense.weight"])
        _ = try self.trainer("mlm", larger)
    }

    @Test func perplexityFallsAndIsTheSameForTheSameModel() throws {
        let model = try TinyModel.make()
        let evaluator = try PerplexityEvaluator(Self.texts(40))
        #expect(throws: EvaluationError.noLanguageModelHead) { try evaluator.check(model) }
        #expect(throws: EvaluationError.noLanguageModelHead) { try evaluator.evaluate(model) }
        let trainer = try trainer("mlm", model, epochs: 20) { $0.learningRate = 3e-3 }
        let before = try evaluator.evaluate(model)
        #expect(before.primary > 25 && before.primary < 45, "\(before.primary) of 32 tokens")
        #expect(try evaluator.evaluate(model) == before)
        try trainer.run()
        let after = try evaluator.evaluate(model)
        #expect(after.primary < before.primary && after.primary > 1, "\(after.primary)")
        #expect(after.primaryFigure?.direction == .lower)
    }

    @Test func aTextsMaskDoesNotDependOnItsBatch() throws {
        let model = try TinyModel.make()
        _ = try trainer("mlm", model)
        let all = try PerplexityEvaluator(Self.texts(50)).evaluate(model).primary
        let masking = TokenMasking()
        let tokens = TokenKinds(model.tokenizer)
        let maskID = try #require(tokens.maskID)
        var (sum, count) = (0.0, 0)
        for (number, ids) in model.tokenize(TinyModel.sentences(50, seed: 3)).enumerated() {
            let masked = [masking(ids, tokens, maskID: maskID, seed: 42, number: number)]
            let hidden = model.bert(TokenBatch(masked.map(\.ids)))
            let mean = try #require(model.languageModelHead?.crossEntropy(hidden, masked))
            sum += Double(mean.item()) * Double(masked[0].places.count)
            count += masked[0].places.count
        }
        #expect(abs(exp(sum / Double(count)) - all) < 1e-4 * all)
    }

    @Test(arguments: names) func whatIsAboutEmbeddingsIsRefused(_ name: String) throws {
        let model = try TinyModel.make()
        let data = Self.texts(8)
        let module = try LossModule(named: name, context: LossContext(model, data))
        var modifiers = LossModifiers()
        modifiers.dimensions = [8]
        #expect(throws: LossError.self) {
            try module.objective(on: data, for: model, modifiers: modifiers)
        }
        #expect(throws: LossError.self) { try EmbeddingObjective(module, data: data) }
        let pairs = TinyModel.pairs("pairs.tsv", 8, 3, .none)
        let cosine = try EmbeddingObjective(
            named: "multiple_negatives_ranking", data: pairs, model: model)
        #expect(throws: LossError.self) {
            try SequenceObjective(cosine.module, data: pairs, model: model)
        }
    }

    @Test func everyColumnIsTexts() throws {
        let model = try TinyModel.make()
        let data = TinyModel.pairs("pairs.tsv", 6, 3, .none)
        let objective = try SequenceObjective(
            MaskedLanguageModelLoss.self, data: data, model: model)
        let step = objective.prepare(
            [4, 1],
            StepContext(
                ids: { $0.map { model.tokenize([data.text($0.row, $0.column) ?? ""])[0] } },
                layerCount: 2, seed: 1))
        #expect(
            step.texts == [(4, 0), (4, 1), (1, 0), (1, 1)].map { TextPlace(row: $0, column: $1) })
        #expect(step.output == .hiddenStates && step.sequences.count == 4)
    }
}
