/// One of the things that a run trains for: an objective on some data, the batches taken of it, and its prompts.
public struct TrainingTask {
    /// The name of the task of a run that has one.
    public static let onlyName = "train"

    /// The name in recipes and checkpoints; different for each task of a run.
    public let name: String
    /// What is minimised on which data.
    public let objective: any Objective
    /// Which rows form which batch.
    public let sampler: any BatchSampler
    /// What is put in front of each column's texts; nil for the model's own prompt.
    public let prompts: [String]?

    /// Creates a task.
    public init(
        _ objective: any Objective, name: String = TrainingTask.onlyName,
        sampler: any BatchSampler, prompts: [String]? = nil
    ) {
        self.name = name
        self.objective = objective
        self.sampler = sampler
        self.prompts = prompts
    }
}
