import NeuralNetwork

/// How to train: every number that decides the result, with Sentence-BERT's defaults.
public struct TrainingConfiguration: Codable, Sendable, Equatable {
    /// Passes over the training pairs.
    public var epochs = 1
    /// Pairs computed at a time.
    public var batchSize = 16
    /// Batches whose gradients are averaged for one optimizer step; a shorter last one counts as much.
    public var accumulationSteps = 1
    /// The peak learning rate.
    public var learningRate: Float = 2e-5
    /// What the learning rate does after the warm-up.
    public var schedule: LearningRateSchedule.Kind = .linear
    /// Share of all steps during which the learning rate rises from 0, 0...1; it leaves at least one step.
    public var warmupRatio = 0.1
    /// AdamW's weight decay, for all but biases and LayerNorm.
    public var weightDecay: Float = 0.01
    /// The gradient of all parameters together is scaled down to this Euclidean norm; 0: never.
    public var maxGradientNorm: Float = 1
    /// Ends the run, and the schedule, after so many optimizer steps, if that is sooner.
    public var maxSteps: Int?
    /// Evaluates every so many steps, and at the end of every epoch in any case; 0: only then.
    public var evaluateEvery = 0
    /// Saves a checkpoint every so many steps, and at the end of every epoch; 0: only then.
    public var saveEvery = 500
    /// How many of the latest checkpoints to keep, besides the best.
    public var keepLast = 1
    /// Stops after so many evaluations in a row that did not improve on the best; nil: never.
    public var patience: Int?
    /// Puts sentences of similar length into a batch: faster, but batches are less random.
    public var groupByLength = false
    /// Keeps one tensor of each layer instead of all and computes the others again in the backward pass: for
    /// long sentences and large batches, at a third more time.
    public var gradientCheckpointing = false
    /// Decides the order of pairs, dropout and the classifier's first weights.
    public var seed: UInt64 = 42

    /// Creates the default configuration.
    public init() {}

    /// Checks every number's range.
    ///
    /// - Throws: `TrainingError.invalid` naming the first that is out of range.
    public func validate() throws(TrainingError) {
        func require(_ holds: Bool, _ key: String, _ found: Any, _ expected: String)
            throws(TrainingError)
        {
            if !holds { throw .invalid(key: key, found: "\(found)", expected: expected) }
        }
        // The upper limits keep every product of two within an Int.
        let counts = 1...1_000_000
        for (key, value) in [
            ("epochs", epochs), ("batch_size", batchSize),
            ("accumulation_steps", accumulationSteps),
        ] {
            try require(
                counts.contains(value), key, value, "\(counts.lowerBound)...\(counts.upperBound)")
        }
        try require(
            learningRate > 0 && learningRate.isFinite, "learning_rate", learningRate,
            "a number above 0")
        try require((0...1).contains(warmupRatio), "warmup_ratio", warmupRatio, "0...1")
        try require((0..<1).contains(weightDecay), "weight_decay", weightDecay, "0..<1")
        try require(
            maxGradientNorm >= 0 && maxGradientNorm.isFinite, "max_gradient_norm", maxGradientNorm,
            "a number above 0, or 0 for no limit")
        try require(maxSteps ?? 1 >= 1, "max_steps", maxSteps ?? 1, "1 or more")
        try require(evaluateEvery >= 0, "evaluate_every", evaluateEvery, "0 or more")
        try require(saveEvery >= 0, "save_every", saveEvery, "0 or more")
        try require(keepLast >= 1, "keep_last", keepLast, "1 or more")
        try require(patience ?? 1 >= 1, "patience", patience ?? 1, "1 or more")
    }

    enum CodingKeys: String, CodingKey, CaseIterable {
        case epochs
        case batchSize = "batch_size"
        case accumulationSteps = "accumulation_steps"
        case learningRate = "learning_rate"
        case schedule
        case warmupRatio = "warmup_ratio"
        case weightDecay = "weight_decay"
        case maxGradientNorm = "max_gradient_norm"
        case maxSteps = "max_steps"
        case evaluateEvery = "evaluate_every"
        case saveEvery = "save_every"
        case keepLast = "keep_last"
        case patience
        case groupByLength = "group_by_length"
        case gradientCheckpointing = "gradient_checkpointing"
        case seed
    }

    /// The names of all settings, as in recipes.
    public static var keys: [String] { CodingKeys.allCases.map(\.rawValue) }

    /// Reads a configuration; keys that are absent have their defaults.
    public init(from decoder: any Decoder) throws {
        let keys = try decoder.container(keyedBy: CodingKeys.self)
        func read<Value: Decodable>(_ key: CodingKeys, _ value: inout Value) throws {
            value = try keys.decodeIfPresent(Value.self, forKey: key) ?? value
        }
        try read(.epochs, &epochs)
        try read(.batchSize, &batchSize)
        try read(.accumulationSteps, &accumulationSteps)
        try read(.learningRate, &learningRate)
        try read(.schedule, &schedule)
        try read(.warmupRatio, &warmupRatio)
        try read(.weightDecay, &weightDecay)
        try read(.maxGradientNorm, &maxGradientNorm)
        maxSteps = try keys.decodeIfPresent(Int.self, forKey: .maxSteps)
        try read(.evaluateEvery, &evaluateEvery)
        try read(.saveEvery, &saveEvery)
        try read(.keepLast, &keepLast)
        patience = try keys.decodeIfPresent(Int.self, forKey: .patience)
        try read(.groupByLength, &groupByLength)
        try read(.gradientCheckpointing, &gradientCheckpointing)
        try read(.seed, &seed)
    }
}
