import Losses
import NeuralNetwork
import Settings

/// How to train: every number that decides the result, with Sentence-BERT's defaults.
public struct TrainingConfiguration: Settings, Equatable {
    /// Passes over the training rows; `maxSteps` overrides it.
    public var epochs = 1
    /// Rows computed at a time.
    public var batchSize = 16
    /// Batches whose gradients are averaged for one optimizer step; a shorter last one counts as much.
    public var accumulationSteps = 1
    /// The peak learning rate.
    public var learningRate: Float = 2e-5
    /// What the learning rate does after the warm-up.
    public var schedule: LearningRateSchedule.Kind = .linear
    /// What some schedules may be told besides.
    public var scheduleSettings = ScheduleSettings()
    /// Share of all steps during which the learning rate rises from 0, 0...1; it leaves at least one step. When absent
    /// `warmupSteps`, or 0.1.
    public var warmupRatio: Double?
    /// Steps during which the learning rate rises from 0, instead of a share; they leave at least one step.
    public var warmupSteps: Int?
    /// Peak learning rates of parameters by patterns of their names, in place of `learningRate`; the schedule is the same.
    public var learningRates: LearningRates = [:]
    /// The learning rate of an encoder layer as a share of the one above it, and of the embeddings of the lowest layer's,
    /// above 0 and up to 1.
    public var layerDecay: Float = 1
    /// Weight decay, for all but biases and LayerNorm.
    public var weightDecay: Float = 0.01
    /// The gradient of all parameters together is scaled down to this Euclidean norm; 0: never.
    public var maxGradientNorm: Float = 1
    /// Every number of the gradient is brought to between this and its negative, before the norm is limited; 0: never.
    public var maxGradientValue: Float = 0
    /// The weights are averaged over steps, the average keeping this share of itself at each, 0..<1: the average is
    /// evaluated and saved as the model, while training goes on with the weights themselves; nil: no average.
    public var emaDecay: Float?
    /// Ends the run, and the schedule, after so many optimizer steps, whether that is before the last epoch or after it.
    public var maxSteps: Int?
    /// Evaluates every so many steps, or each such share of the run, and at the end of every epoch in any case; 0: only
    /// then.
    public var evaluateEvery: StepInterval = 0
    /// Saves a checkpoint every so many steps, or each such share of the run, and at the end of every epoch; 0: only then.
    public var saveEvery: StepInterval = 500
    /// How many of the latest checkpoints to keep, besides the best.
    public var keepLast = 1
    /// Stops after so many evaluations in a row that did not improve on the best; nil: never.
    public var patience: Int?
    /// By how much an evaluation has to beat the one that last ended the waiting, to count for `patience`; the best model
    /// is the best by whatever little.
    public var minDelta = 0.0
    /// Whether the model before training is the best until an evaluation beats it, and is the result if none does.
    public var startMayWin = false
    /// Puts texts of similar length into a batch: faster, but batches are less random.
    public var groupByLength = false
    /// Rounds both sides of products with the encoder's weights to bfloat16, where the processor multiplies such numbers, and
    /// keeps activations as such for the backward pass; weights, gradients and sums stay float32.
    public var bf16 = false
    /// Sends gradients to other processes as bfloat16: half as many bytes, at the price of roundings. Of no effect in one
    /// process.
    public var bf16Compress = false
    /// Keeps one tensor of each layer instead of all and computes the others again in the backward pass: for
    /// long texts and large batches, at a third more time.
    public var gradientCheckpointing = false
    /// The most texts that the encoder computes at a time; larger batches are computed in parts, each twice, with the
    /// same result but for rounding. nil: all at once.
    public var miniBatchSize: Int?
    /// Decides the order of rows, dropout and a loss's first weights.
    public var seed: UInt64 = 42

    /// Creates the default configuration.
    public init() {}

    // The upper limits keep every product of two within an Int.
    private static let counts = 1...1_000_000

    /// Every setting, with its range and what it decides.
    public static let settings: [Setting<TrainingConfiguration>] =
        [
            Setting(
                "epochs", \.epochs, counts,
                "Passes over the training rows, unless max_steps is given."),
            Setting("batch_size", \.batchSize, counts, "Rows computed at a time."),
            Setting(
                "accumulation_steps", \.accumulationSteps, counts, "Batches averaged for one step."),
            Setting("learning_rate", \.learningRate, .above(0), "The peak learning rate."),
            Setting("schedule", \.schedule, "What the learning rate does after the warm-up."),
            Setting(
                "warmup_ratio", \.warmupRatio, .from(0, to: 1),
                "Share of the steps with a rising learning rate; by default 0.1."),
            Setting(
                "warmup_steps", \.warmupSteps, 0...Int.max,
                "Steps with a rising learning rate, instead of a share."),
            Setting(
                "learning_rates", \.learningRates,
                "Peak learning rates by name, such as embeddings.*=1e-5."),
            Setting(
                "layer_decay", \.layerDecay, .aboveUpTo(0, to: 1),
                "The learning rate of a layer as a share of that of the layer above."),
            Setting(
                "weight_decay", \.weightDecay, .fromUpTo(0, below: 1),
                "Weight decay of all but biases and LayerNorm."),
            Setting(
                "max_gradient_norm", \.maxGradientNorm, .atLeast(0),
                "The gradient is scaled down to this norm; 0: never."),
            Setting(
                "max_gradient_value", \.maxGradientValue, .atLeast(0),
                "Each number of the gradient is limited to this, before the norm; 0: never."),
            Setting(
                "ema_decay", \.emaDecay, .fromUpTo(0, below: 1),
                "Evaluate and save the weights' moving average, which keeps this share of itself."),
            Setting(
                "max_steps", \.maxSteps, 1...Int.max,
                "Take so many steps, over as many epochs as that needs."),
            Setting(
                "evaluate_every", \.evaluateEvery,
                "Steps, or the share of the run, between evaluations; 0: after each epoch only."),
            Setting(
                "save_every", \.saveEvery,
                "Steps, or the share of the run, between checkpoints; 0: after each epoch only."),
            Setting(
                "keep_last", \.keepLast, 1...Int.max,
                "Latest checkpoints to keep, besides the best."),
            Setting(
                "patience", \.patience, 1...Int.max,
                "Stop after so many evaluations without improvement."),
            Setting(
                "min_delta", \.minDelta, .atLeast(0),
                "The least improvement that counts for patience."),
            Setting(
                "start_may_win", \.startMayWin,
                "Keep the model before training if no evaluation beats it."),
            Setting(
                "group_by_length", \.groupByLength, "Put texts of similar length into a batch."),
            Setting(
                "bf16", \.bf16,
                "Multiply and keep numbers rounded to bfloat16, where the processor can: about twice as fast, in less memory."
            ),
            Setting(
                "bf16_compress", \.bf16Compress,
                "Send gradients between processes as bfloat16: half as many bytes."),
            Setting(
                "gradient_checkpointing", \.gradientCheckpointing,
                "Compute activations twice instead of keeping them: less memory, a third more time."
            ),
            Setting(
                "mini_batch_size", \.miniBatchSize, counts,
                "Texts embedded at a time: larger batches in parts, each twice, with the same result (GradCache)."
            ),
            Setting(
                "seed", \.seed, "Decides the order of rows, dropout and a loss's first weights."),
        ] + ScheduleSettings.settings.map { $0.inside(\.scheduleSettings) }
}

extension TrainingConfiguration {
    /// Checks every value, and those of the schedule against the learning rate.
    ///
    /// - Throws: `SettingError.invalid` for the first that is none of those expected.
    public func validate() throws(SettingError) {
        func validateEach(_ settings: some Settings) throws(SettingError) {
            try settings.validate()
        }
        try validateEach(self)
        try scheduleSettings.validate(kind: schedule, peak: learningRate)
        if warmupSteps != nil, warmupRatio != nil {
            throw .invalid(
                key: "warmup_steps", found: "given beside warmup_ratio",
                expected: "one of the two: they both say how long the warm-up is")
        }
    }

    /// The steps of the warm-up that are asked for, in a run of so many.
    func warmup(ofSteps totalSteps: Int) -> Int {
        warmupSteps
            ?? LearningRateSchedule.warmupSteps(ratio: warmupShare, totalSteps: totalSteps)
    }

    /// The share of the steps that the warm-up takes where no number of steps is given.
    var warmupShare: Double { warmupRatio ?? 0.1 }

    /// The name of the sampler that suits a loss, unless texts are grouped by length.
    func sampler(for loss: any TaskLoss.Type) -> String {
        if groupByLength { return LengthGroupedBatchSampler.name }
        return switch loss.batches {
        case .any: ShuffledBatchSampler.name
        case .withoutDuplicates: NoDuplicatesBatchSampler.name
        case .withPairsOfClasses: GroupByLabelBatchSampler.name
        }
    }
}
