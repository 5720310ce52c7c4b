import Foundation
import Support

/// What a run will take, measured on a few of its steps.
public struct Rehearsal: Sendable {
    /// The steps of the run that are left.
    public let steps: Int
    /// The steps of an epoch.
    public let stepsPerEpoch: Int
    /// How many steps were measured.
    public let measuredSteps: Int
    /// The seconds of a step, on average.
    public let secondsPerStep: Double
    /// The evaluations before, during and after training.
    public let evaluations: Int
    /// What all evaluations take in seconds.
    public let evaluationSeconds: Double
    /// The most bytes of memory that the run will have: those of a step on the longest of the first batches, and of the
    /// best model, which is read back at the end.
    public let peakMemory: Int
    /// What the run will need.
    public let memory: MemoryPlan

    /// What the run will take in seconds, without reading its files.
    public var seconds: Double { Double(steps) * secondsPerStep + evaluationSeconds }
}

extension TrainingRun {
    /// Reads and checks everything, and measures some steps, the longest one and one evaluation of each kind; nothing is
    /// written, and what the steps do to the weights is forgotten.
    ///
    /// - Throws: As `execute` before its first step; and what a step throws.
    public func rehearse(steps wanted: Int = 5) throws -> Rehearsal {
        let temporary = FileManager.default.temporaryDirectory
            .appending(path: "simile-rehearsal-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: temporary) }
        try FileManager.default.createDirectory(at: temporary, withIntermediateDirectories: true)
        let prepared = try prepare(cache: RunFolder(temporary.path, format: folder.format))
        try folder.requireWritable()
        let trainer = prepared.trainer
        let first = trainer.state.step

        func seconds(_ evaluations: [RunEvaluation]) throws -> Double {
            let begun = ContinuousClock.now
            for item in evaluations {
                _ = try item.evaluator.evaluate(trainer.model, losses: trainer.losses)
            }
            return (ContinuousClock.now - begun) / .seconds(1)
        }
        let (dev, test) = (try seconds(prepared.dev), try seconds(prepared.test))

        let clock = StepClock(wanted)
        try trainer.run([clock])
        try trainer.takeLongestStep()
        let total = trainer.schedule.totalSteps
        let training = trainer.configuration
        // Before the first step, and where it is time.
        let during =
            prepared.dev.isEmpty || total == first
            ? 0
            : (first + 1...total).count {
                $0 == total || $0 % clock.stepsPerEpoch == 0
                    || training.evaluateEvery.isDue(after: $0, of: total)
            }
        // The last measurement of dev is mostly also that of the model that is delivered.
        let devCount = prepared.dev.isEmpty ? 0 : during + (first == 0 ? 1 : 0)
        let testCount = prepared.test.isEmpty ? 0 : first == 0 ? 2 : 1
        return Rehearsal(
            steps: total - first, stepsPerEpoch: clock.stepsPerEpoch, measuredSteps: clock.count,
            secondsPerStep: clock.mean, evaluations: devCount + testCount,
            evaluationSeconds: Double(devCount) * dev + Double(testCount) * test,
            peakMemory: ProcessMemory.peak + prepared.memory.bestModel, memory: prepared.memory)
    }
}

/// Times some steps, and then ends the run. The first is left out where there are others: it finds no memory to reuse.
private final class StepClock: TrainingCallback {
    private let wanted: Int
    private var last = ContinuousClock.now
    private var durations: [Double] = []
    private(set) var stepsPerEpoch = 1

    init(_ wanted: Int) { self.wanted = wanted }

    var count: Int { durations.count > 1 ? durations.count - 1 : durations.count }
    var mean: Double { durations.suffix(count).reduce(0, +) / Double(max(count, 1)) }

    func handle(_ event: TrainingEvent, _ trainer: Trainer) -> TrainingControl {
        switch event {
        case .started(_, let perEpoch): (stepsPerEpoch, last) = (perEpoch, .now)
        case .stepped:
            let now = ContinuousClock.now
            durations.append((now - last) / .seconds(1))
            last = now
        default: break
        }
        return durations.count > wanted ? .stop : .proceed
    }
}

extension RunFolder {
    /// - Throws: `RunError.outputUnwritable` when the folder, or the nearest one above it that there is, cannot be
    ///   written to.
    fileprivate func requireWritable() throws {
        var url = URL(fileURLWithPath: path).standardizedFileURL
        while !FileManager.default.fileExists(atPath: url.path), url.path != "/" {
            url.deleteLastPathComponent()
        }
        guard FileManager.default.folderExists(atPath: url.path) else {
            throw RunError.outputUnwritable(path: path, reason: "\(url.path) is a file")
        }
        if access(url.path, W_OK) != 0 {
            throw RunError.outputUnwritable(path: path, reason: String(cString: strerror(errno)))
        }
    }
}
