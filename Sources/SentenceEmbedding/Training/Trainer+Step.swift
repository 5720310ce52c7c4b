import ExampleFiles
import Kernels
import NeuralNetwork
import Tensors

extension Trainer {
    /// One optimizer step on some batches.
    ///
    /// Each batch is embedded, its loss computed on a tape of its own, and the embeddings' gradients taken back through
    /// the encoder; then gradients are summed over processes, measured and applied.
    func step(_ batches: [Batch]) throws -> StepReport {
        let parameters = optimizer.parameters
        let share = 1 / Float(batches.count)
        let rowCount = batches.reduce(0) { $0 + $1.rows.count }
        var (loss, tokenCount) = (Float(0), 0)
        parameters.clearGradients()
        let sum = processes.map {
            GradientSum(parameters, $0, compresses: configuration.bf16Compress)
        }
        for (number, batch) in batches.enumerated() {
            let seed = simile_mix(
                simile_mix(configuration.seed, UInt64(state.step)), UInt64(number))
            let (value, tokens) = try backward(
                batch, share: share, seed: seed, sum: number == batches.count - 1 ? sum : nil)
            loss += value * (Float(batch.rows.count) / Float(rowCount))
            tokenCount += tokens
        }
        // Before anything can throw: sums under way are in memory of the gradients.
        sum?.finish()
        // What was read of a file that changes meanwhile was not what the run is to learn.
        for task in Set(batches.map(\.task)) {
            try tasks[task].objective.data.requireUnchangedFiles()
        }
        latestBatches = batches
        let norm = parameters.gradientNorm()
        guard norm.isFinite else { throw nonFinite("gradient", batches) }
        var clippedNorm = norm
        if configuration.maxGradientValue > 0 {
            parameters.clipGradientValues(to: configuration.maxGradientValue)
            clippedNorm = parameters.gradientNorm()
        }
        let learningRate = schedule(state.step)
        let limit = configuration.maxGradientNorm
        optimizer.step(
            learningRate: learningRate,
            gradientScale: limit > 0 ? min(1, Float(Double(limit) / (clippedNorm + 1e-6))) : 1)
        state.step += 1
        average?.update(isFirst: state.step == 1)
        return StepReport(
            loss: loss, learningRate: learningRate, gradientNorm: norm, rows: rowCount,
            tokens: tokenCount)
    }

    /// Adds the gradients of a batch's loss, times `share`, and returns the loss and the number of tokens.
    ///
    /// - Parameter sum: What sums the gradients of layers while others are computed; nil when more are to come.
    private func backward(
        _ batch: Batch, share: Float, seed: UInt64, sum: GradientSum?
    ) throws(TrainingError) -> (loss: Float, tokens: Int) {
        let step = prepare(batch, seed: seed)
        let encoding = BatchEncoding(
            step.sequences, BatchShares(of: step.sequences, among: processes),
            computation(step.output, seed: seed),
            observer: sum.map { sum in
                BackwardObserver(
                    layerIsDone: sum.start(fromLayer:),
                    operationIsDone: { [processes] in processes?.progress() })
            })
        // Another seed than the encoder's, so that a decoder's dropout is not the encoder's again.
        let (value, gradients) = loss(
            of: step, encoding.outputs, seed: simile_mix(seed, .max), scale: share)
        guard value.isFinite else {
            throw nonFinite("loss", [batch], step, encoding.outputs[encoding.outputs.count - 1])
        }
        encoding.backward(gradients)
        return (value, step.sequences.reduce(0) { $0 + $1.count })
    }

    /// What is kept of the encoder's activations.
    var activations: Tape.ActivationPrecision {
        model.precision == .bfloat16 ? .bfloat16 : .float32
    }

    /// What the encoder computes for a step.
    func computation(
        _ output: PreparedStep.Output, seed: UInt64
    ) -> BatchEncoding.Computation {
        var computation = BatchEncoding.Computation(
            size: configuration.miniBatchSize, seed: seed,
            gradientCheckpointing: configuration.gradientCheckpointing,
            activations: activations, rows: .sequences, width: model.wholeDimension,
            outputCount: 1
        ) { [model] input, tape in
            switch output {
            case .embeddings: [model(input, on: tape)]
            case .embeddingsAfterLayers(let layers):
                model.embeddings(input, afterLayers: layers, on: tape)
            case .hiddenStates: [model.bert(input, on: tape)]
            }
        }
        switch output {
        case .embeddings: break
        case .embeddingsAfterLayers(let layers): computation.outputCount = layers.count
        case .hiddenStates:
            computation.rows = .tokens
            computation.width = model.bert.configuration.hiddenSize
        }
        return computation
    }

    /// A step on a batch before anything is computed.
    func prepare(_ batch: Batch, seed: UInt64) -> PreparedStep {
        tasks[batch.task].objective.prepare(
            batch.rows,
            StepContext(
                ids: tokens[batch.task].ids(of:), layerCount: model.bert.configuration.layerCount,
                seed: seed))
    }
}

// MARK: - What is not finite

extension Trainer {
    /// Checks the weights that the latest step made, which no loss has seen yet, and what the model makes of the step's
    /// texts, which with very large weights overflows; to be called before the model is measured or saved.
    ///
    /// - Throws: `TrainingError.nonFiniteWeights` or `TrainingError.nonFiniteEmbedding`.
    public func requireSoundModel() throws(TrainingError) {
        guard soundStep != state.step else { return }
        do throws(NonFiniteError) {
            try model.allParameters.requireFinite()
            for task in tasks { try task.objective.module.parameters.requireFinite() }
        } catch {
            throw .nonFiniteWeights(step: state.step, error)
        }
        if let batch = latestBatches.last {
            let data = tasks[batch.task].objective.data
            let texts = prepare(batch, seed: configuration.seed).texts
            let values = model.encode(texts.map { data.text($0.row, $0.column) ?? "" }).values
            if let bad = values.firstIndex(where: { !$0.isFinite }) {
                let row = texts[bad / model.embeddingDimension].row
                let (array, weight) = largestWeight
                throw .nonFiniteEmbedding(
                    step: state.step, path: data.fileName(of: row), line: data.line(of: row),
                    array: array, weight: weight)
            }
        }
        soundStep = state.step
    }

    /// The weight of the model that is farthest from 0, and the array that it is in.
    private var largestWeight: (array: String, weight: Float) {
        var largest: (array: String, weight: Float) = ("", 0)
        for parameter in model.allParameters {
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

    /// Names the rows whose embeddings are not finite, if they stand out: when most are, the model is broken.
    private func nonFinite(
        _ what: String, _ batches: [Batch], _ step: PreparedStep? = nil, _ output: Tensor? = nil
    ) -> TrainingError {
        let data = tasks[batches[0].task].objective.data
        var (path, lines) = (data.name, [Int]())
        if let step, let output, step.output != .hiddenStates {
            let (texts, width, values) = (step.texts, output.shape[1], output.values)
            let broken = texts.indices.filter {
                !values[$0 * width..<($0 + 1) * width].allSatisfy(\.isFinite)
            }
            let bad = Set(broken.map { texts[$0].row })
            let rows = batches[0].rows.filter(bad.contains)
            if let first = rows.first, 2 * rows.count < batches[0].rows.count {
                path = data.fileName(of: first)
                lines = rows.filter { data.fileName(of: $0) == path }.map { data.line(of: $0) }
            }
        }
        return .nonFinite(what: what, step: state.step + 1, path: path, lines: lines)
    }
}
