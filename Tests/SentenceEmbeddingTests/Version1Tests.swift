import ExampleFiles
import Foundation
import Losses
import TestSupport
import Testing

@testable import SentenceEmbedding

/// A checkpoint of version 1, from the last build that wrote it:
///
///     simile new start.h5 --texts pairs.tsv --vocabulary-size 120 --hidden-size 8 --layers 1 --heads 2 \
///         --max-seq-length 16
///     simile train --model start.h5 --train pairs.tsv --loss softmax --output run --epochs 2 \
///         --batch-size 8 --save-every 2 --keep-last 9
///
/// The expected values are that build's.
@Suite struct Version1Tests {
    static let folder = URL(filePath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().appending(path: "Version1")
    static let file = folder.appending(path: "step-00000002.h5")

    @Test func theModelIsRead() throws {
        let model = try Checkpoint(Self.file).model()
        let expected: [Float] = [
            1.0119362, 0.011106016, -0.37540326, 0.20259403, -0.95785105, 0.1287652, -0.09037216,
            0.06926552,
        ]
        let found = model.encode(["The parrot can say twenty words."]).values
        #expect(found.count == 8)
        #expect(zip(found, expected).allSatisfy { abs($0 - $1) < 1e-5 }, "\(found)")
    }

    @Test func theRunGoesOn() throws {
        let checkpoint = try Checkpoint(Self.file)
        let model = try checkpoint.model()
        let (pairs, _) = try ExampleFile.read(
            Self.folder.appending(path: "pairs.tsv").path, as: .labelledPairs)
        let module = try #require(try checkpoint.losses(for: model)[TrainingTask.onlyName])
        let trainer = try Trainer(
            model: model, objective: EmbeddingObjective(module, data: pairs),
            configuration: checkpoint.configuration())
        try checkpoint.restore(trainer)
        #expect(trainer.state.step == 2)
        var losses: [Double] = []
        let outcome = try trainer.run([OnEvent(step: { losses.append(Double($0.loss)) })])
        #expect(outcome == .finished)
        #expect(losses.count == 2)
        #expect(zip(losses, [1.107937, 1.1097187]).allSatisfy { abs($0 - $1) < 1e-5 }, "\(losses)")
    }

    @Test func itIsWrittenAsVersion2() throws {
        let folder = TemporaryFolder()
        let old = try Checkpoint(Self.file)
        let oldHasDigest = old.file.hasDigest
        #expect(!oldHasDigest)
        let model = try old.model()
        try Checkpoint.write(model, to: folder("a.h5"))
        let new = try Checkpoint(folder("a.h5"))
        let newHasDigest = new.file.hasDigest
        #expect(newHasDigest)
        let attributes = new.file.root.attributes
        #expect(try attributes.value("format_version", as: Int.self) == 2)
        #expect(try new.model().parameters.bits == model.parameters.bits)
    }
}
