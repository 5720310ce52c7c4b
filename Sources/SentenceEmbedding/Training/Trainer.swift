import Kernels
import NeuralNetwork
import Tensors

/// Trains a sentence transformer, and the loss's own parameters with it, on pairs of sentences.
///
/// Given the same data, seed, machine and number of threads, every run is the same to the last bit, also
/// across a stop and a resume: the order of pairs and dropout are functions of (seed, epoch, step).
public final class Trainer<L: Loss> {
    /// The model, trained in place.
    public let model: SentenceTransformer
    /// The loss, whose parameters are trained as well.
    public let loss: L
    /// The training pairs.
    public let pairs: PairDataset<L.Label>
    /// The settings.
    public let configuration: TrainingConfiguration
    /// Where the run stands.
    public internal(set) var state = TrainingState()
    /// Optimizes the parameters of the model and of the loss.
    let optimizer: AdamW
    /// Learning rates by step.
    public let schedule: LearningRateSchedule
    private let sampler: any BatchSampler
    private let stepsPerEpoch: Int
    private var tokens: [(first: [Int32], second: [Int32])?]

    /// Prepares a run from its beginning.
    ///
    /// - Throws: `TrainingError` when a setting is out of range, there are no pairs or nothing to train, or the
    ///   model has no token for a sentence.
    public init(
        model: SentenceTransformer, loss: L, pairs: PairDataset<L.Label>,
        configuration: TrainingConfiguration
    ) throws(TrainingError) {
        try configuration.validate()
        if pairs.isEmpty { throw .noPairs(path: pairs.name) }
        do throws(PairFileError) { try pairs.requireTokens(of: model.tokenizer) } catch {
            throw .unusablePair(error)
        }
        self.model = model
        self.loss = loss
        self.pairs = pairs
        self.configuration = configuration
        sampler =
            configuration.groupByLength
            ? LengthGroupedBatchSampler(
                batchSize: configuration.batchSize, seed: configuration.seed)
            : ShuffledBatchSampler(batchSize: configuration.batchSize, seed: configuration.seed)
        let batches = (pairs.count + configuration.batchSize - 1) / configuration.batchSize
        stepsPerEpoch =
            (batches + configuration.accumulationSteps - 1) / configuration.accumulationSteps
        let totalSteps = min(configuration.maxSteps ?? .max, stepsPerEpoch * configuration.epochs)
        schedule = LearningRateSchedule(
            configuration.schedule, peak: configuration.learningRate,
            warmupRatio: configuration.warmupRatio, totalSteps: totalSteps)
        var adamW = AdamW.Configuration()
        adamW.weightDecay = configuration.weightDecay
        optimizer = AdamW(Array(model.parameters) + Array(loss.parameters), adamW)
        // BERT's pooler is no part of the embeddings, and so has no gradient.
        guard
            optimizer.parameters.contains(where: { !$0.isFrozen && !$0.name.hasPrefix("pooler.") })
        else { throw .nothingToTrain }
        tokens = Array(repeating: nil, count: pairs.count)
    }

    /// Runs to the end from where `state` stands.
    ///
    /// - Parameters:
    ///   - evaluator: Measures the model before the first step, every `evaluateEvery` steps and after each epoch.
    ///   - save: Writes a checkpoint and returns its path, or nil when there is none; `isBest` right after the
    ///     best evaluation so far.
    ///   - onEvent: Sees what happens, and may ask to stop.
    /// - Throws: `TrainingError.nonFinite` before a bad step changes anything,
    ///   `TrainingError.nonFiniteWeights` or `TrainingError.nonFiniteEmbedding` before such a model is measured or
    ///   saved, at the latest after the last step, and what `save` throws.
    public func run(
        evaluator: (any Evaluator)? = nil,
        save: ((_ isBest: Bool) throws -> String?)? = nil,
        onEvent: (TrainingEvent) -> TrainingControl = { _ in .proceed }
    ) throws -> TrainingOutcome {
        var isStopping =
            onEvent(.started(totalSteps: schedule.totalSteps, stepsPerEpoch: stepsPerEpoch))
            == .stop
        func report(_ event: TrainingEvent) { if onEvent(event) == .stop { isStopping = true } }
        func saveNow(isBest: Bool) throws {
            if let path = try save?(isBest) { report(.saved(path: path)) }
        }
        func isDue(_ interval: Int) -> Bool { interval > 0 && state.step % interval == 0 }

        if let evaluator, state.step == 0 { _ = evaluate(evaluator, report) }
        while hasStepsLeft && isPatient && !isStopping {
            let lengths =
                configuration.groupByLength
                ? tokenized(Array(0..<pairs.count)).map { $0.first.count + $0.second.count } : nil
            let batches = sampler.batches(
                of: SamplerInput(
                    count: pairs.count, lengths: lengths.map { lengths in { lengths[$0] } }),
                epoch: state.epoch)
            while hasStepsLeft && isPatient && !isStopping {
                let end = min(state.batch + configuration.accumulationSteps, batches.count)
                let step = try self.step(Array(batches[state.batch..<end]))
                state.batch = end
                report(.stepped(step))
                let isEpochEnd = end == batches.count || state.step == schedule.totalSteps
                if isEpochEnd && end == batches.count {
                    state.epoch += 1
                    state.batch = 0
                }
                let isMeasured = isEpochEnd || isDue(configuration.evaluateEvery)
                let isSaved = isEpochEnd || isDue(configuration.saveEvery)
                if isMeasured || isSaved || isStopping {
                    try requireSoundModel(on: batches[end - 1])
                }
                if let evaluator, isMeasured, evaluate(evaluator, report) {
                    try saveNow(isBest: true)
                }
                if isSaved || isStopping || !isPatient { try saveNow(isBest: false) }
                if isEpochEnd { break }
            }
        }
        if !hasStepsLeft { return .finished }
        return isPatient ? .stopped : .outOfPatience
    }

    private var hasStepsLeft: Bool {
        state.epoch < configuration.epochs && state.step < schedule.totalSteps
    }

    private var isPatient: Bool {
        configuration.patience.map { state.evaluationsSinceBest < $0 } ?? true
    }

    /// Checks the weights that the last step made, which no loss has seen yet, and what the model makes of the
    /// step's pairs: with very large weights that overflows.
    private func requireSoundModel(on batch: [Int]) throws(TrainingError) {
        do throws(NonFiniteError) {
            try model.parameters.requireFinite()
            try loss.parameters.requireFinite()
        } catch {
            throw .nonFiniteWeights(step: state.step, error)
        }
        let values = model.encode(batch.flatMap { [pairs[$0].first, pairs[$0].second] }).values
        if let bad = values.firstIndex(where: { !$0.isFinite }) {
            let index = batch[bad / (2 * model.embeddingDimension)]
            let (array, weight) = largestWeight
            throw .nonFiniteEmbedding(
                step: state.step, path: pairs.fileName(at: index), line: pairs[index].line,
                array: array, weight: weight)
        }
    }

    /// The weight of the model that is farthest from 0, and the array that it is in.
    private var largestWeight: (array: String, weight: Float) {
        var largest: (array: String, weight: Float) = ("", 0)
        for parameter in model.parameters {
            for part in parameter.parts {
                parameter.withValues(of: part) { values in
                    for i in values.indices where abs(values[i]) > abs(largest.weight) {
                        largest = (part.name, values[i])
                    }
                }
            }
        }
        return largest
    }

    /// One optimizer step on some batches of pair indices.
    func step(_ batches: [[Int]]) throws(TrainingError) -> StepReport {
        let parameters = optimizer.parameters
        let (stepIndex, share) = (state.step, 1 / Float(batches.count))
        let pairCount = batches.reduce(0) { $0 + $1.count }
        var (loss, tokenCount) = (Float(0), 0)
        parameters.clearGradients()
        for (number, batch) in batches.enumerated() {
            let ids = tokenized(batch)
            let input = TokenBatch(ids.map(\.first) + ids.map(\.second))
            let tape = Tape(
                seed: simile_mix(simile_mix(configuration.seed, UInt64(stepIndex)), UInt64(number)),
                gradientCheckpointing: configuration.gradientCheckpointing)
            let embeddings = model(input, on: tape)
            let u = embeddings.slice(0..<batch.count)
            let v = embeddings.slice(batch.count..<2 * batch.count)
            let value = self.loss(u, v, labels: batch.map { pairs[$0].label })
            guard value.item().isFinite else {
                throw nonFinite("loss", batch, embeddings)
            }
            tape.backward(from: value, scale: share)
            loss += value.item() * (Float(batch.count) / Float(pairCount))
            tokenCount += input.ids.count
        }
        let norm = parameters.gradientNorm()
        guard norm.isFinite else { throw nonFinite("gradient", batches.flatMap(\.self), nil) }
        let learningRate = schedule(stepIndex)
        let limit = configuration.maxGradientNorm
        optimizer.step(
            learningRate: learningRate,
            gradientScale: limit > 0 ? min(1, Float(Double(limit) / (norm + 1e-6))) : 1)
        state.step += 1
        return StepReport(
            loss: loss, learningRate: learningRate, gradientNorm: norm, pairs: pairCount,
            tokens: tokenCount)
    }

    /// Evaluates and keeps the score; true when it is the best since the first step.
    private func evaluate(_ evaluator: any Evaluator, _ report: (TrainingEvent) -> Void) -> Bool {
        do {
            let evaluation = try evaluator.evaluate(model)
            let score = evaluation.primary.isFinite ? evaluation.primary : nil
            if state.step == 0 {
                state.before = evaluation.defined
                state.scoreBefore = score
                report(.evaluated(evaluation, isBest: false))
                return false
            }
            let isBest = score.map { $0 > state.bestScore ?? -.infinity } ?? false
            if isBest {
                state.bestScore = score
                state.bestStep = state.step
                state.evaluationsSinceBest = 0
            } else {
                state.evaluationsSinceBest += 1
            }
            report(.evaluated(evaluation, isBest: isBest))
            return isBest
        } catch {
            if state.step > 0 { state.evaluationsSinceBest += 1 }
            report(.evaluationFailed(reason: "\(error)"))
            return false
        }
    }

    /// The ids of some pairs' sentences, computed at first use, on all threads.
    private func tokenized(_ batch: [Int]) -> [(first: [Int32], second: [Int32])] {
        let missing = batch.filter { tokens[$0] == nil }
        let ids = model.tokenize(missing.flatMap { [pairs[$0].first, pairs[$0].second] })
        for (i, pair) in missing.enumerated() { tokens[pair] = (ids[2 * i], ids[2 * i + 1]) }
        return batch.compactMap { tokens[$0] }
    }

    /// Names the pairs whose embeddings are not finite, if they stand out: when most are, the model is broken.
    private func nonFinite(_ what: String, _ batch: [Int], _ embeddings: Tensor?) -> TrainingError {
        var (path, lines) = (pairs.name, [Int]())
        if let embeddings {
            let width = embeddings.shape[1]
            let values = embeddings.values
            func isFinite(_ row: Int) -> Bool {
                values[row * width..<(row + 1) * width].allSatisfy(\.isFinite)
            }
            let bad = batch.indices.filter { !isFinite($0) || !isFinite(batch.count + $0) }
            if let first = bad.first, 2 * bad.count < batch.count {
                path = pairs.fileName(at: batch[first])
                lines = bad.map { batch[$0] }.filter { pairs.fileName(at: $0) == path }
                    .map { pairs[$0].line }
            }
        }
        return .nonFinite(what: what, step: state.step + 1, path: path, lines: lines)
    }
}
