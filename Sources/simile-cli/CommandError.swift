import SentenceEmbedding
import Support

/// What only the command can find wrong.
enum CommandError: Error, CustomStringConvertible {
    /// Something about the input, in a whole sentence.
    case input(String)
    /// The output folder is in use.
    case outputInUse(path: String)
    /// The output folder cannot be written to.
    case outputUnwritable(path: String, reason: String)
    /// Training diverged; the checkpoints listed are finite.
    case diverged(TrainingError, kept: [String])
    /// The model is complete, but its run has no checkpoint of the last step.
    case notResumable(step: Int, model: String, reason: String)
    /// A recipe has a key that does not exist.
    case unknownKey(String, path: String, known: [String])
    /// There is nothing to resume.
    case nothingToResume(path: String)

    var description: String {
        switch self {
        case .input(let sentence): sentence
        case .outputInUse(let path):
            "\(path): exists and is not empty; give another --output, remove it, or continue the run in it with --resume \(path)"
        case .outputUnwritable(let path, let reason):
            "\(path): cannot be written to (\(reason)); give another --output, or free space and check the permissions"
        case .diverged(let error, let kept):
            "\(error). "
                + (kept.isEmpty
                    ? "There was no checkpoint yet"
                    : "Kept, with finite weights: \(kept.joined(separator: " and "))")
        case .notResumable(let step, let model, let reason):
            "there is no checkpoint of step \(step) (\(reason)), so the run cannot be resumed from there; the model of that step, or the best one, is complete in \(model)"
        case .unknownKey(let key, let path, let known):
            "\(path): there is no setting '\(key)'; "
                + (closestName(to: key, among: known).map { "did you mean '\($0)'?" }
                    ?? "expected one of \(known.joined(separator: ", "))")
        case .nothingToResume(let path):
            "\(path): neither a checkpoint nor a recipe.yaml to resume from; give the --output folder of an earlier run"
        }
    }
}
