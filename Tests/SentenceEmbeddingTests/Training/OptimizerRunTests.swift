import Foundation
import Losses
import NeuralNetwork
import TestSupport
import Testing

@testable import SentenceEmbedding

/// Every optimizer in a run: it trains, and a run that is stopped and resumed ends in the same bits.
@Suite struct OptimizerRunTests {
    static let names = Optimizers.all.map { $0.name }

    @Test(arguments: names)
    func trainsAndIsResumed(_ name: String) throws {
        let folder = TemporaryFolder()
        let whole = try TinyTasks.trainer(optimizer: name)
        let before = whole.model.parameters.bits
        var losses: [Float] = []
        try whole.run([OnEvent(step: { losses.append($0.loss) })])
        #expect(losses.count == 16 && losses.allSatisfy { $0.isFinite })
        let after = whole.model.parameters.bits
        for (key, values) in before where !key.hasPrefix("pooler.") {
            #expect(values != after[key], "\(key)")
        }
        try Checkpoint.write(whole, to: folder("whole.h5"))

        let first = try TinyTasks.trainer(optimizer: name)
        try first.run([OnEvent(stopAfter: 7)])
        try Checkpoint.write(first, to: folder("stopped.h5"))
        let second = try TinyTasks.trainer(
            from: Checkpoint(folder("stopped.h5")), optimizer: name)
        #expect(second.optimizer.stepCount == 7)
        try second.run()
        try Checkpoint.write(second, to: folder("resumed.h5"))
        #expect(
            try Data(contentsOf: folder("resumed.h5")) == Data(contentsOf: folder("whole.h5")))
    }

    @Test func anotherOptimizerIsRefused() throws {
        let folder = TemporaryFolder()
        try Checkpoint.write(TinyTasks.trainer(), to: folder("a.h5"))
        let error = #expect(throws: CheckpointError.self) {
            try TinyTasks.trainer(from: Checkpoint(folder("a.h5")), optimizer: "lion")
        }
        #expect(
            error?.description.hasSuffix(
                "its run has the optimizer adamw, not lion: resume with the run's own recipe")
                == true)
    }
}
