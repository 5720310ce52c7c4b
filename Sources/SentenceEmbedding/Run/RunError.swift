import ExampleFiles
import Foundation
import Losses
import NeuralNetwork

/// Why a run cannot begin, go on or be finished.
public enum RunError: Error, LocalizedError, CustomStringConvertible {
    /// The recipe lacks something, or contradicts itself.
    case recipe(RecipeError)
    /// A file of the recipe's key `role` cannot be read as what it should be.
    case data(ExampleFileError, role: String)
    /// The loss of a task, or an optimizer, cannot be used.
    case loss(LossError, task: String)
    /// The output folder holds something already.
    case outputInUse(path: String)
    /// Another process, or another run of this one, works in the folder.
    case inUse(path: String, holder: String)
    /// The output folder cannot be written to.
    case outputUnwritable(path: String, reason: String)
    /// There is nothing to resume.
    case nothingToResume(path: String, recipe: String)
    /// The folder's recipe was edited after the run began; `keys` are what differs.
    case recipeChanged(path: String, keys: [String])
    /// The held-out data of an evaluation are not those that the run began with.
    case heldOutChanged(role: String, paths: [String])
    /// A log does not have all rows up to the checkpoint.
    case logIncomplete(path: String, problem: String)
    /// A pattern of the recipe's key `key` names no parameters that can be frozen or trained.
    case pattern(ParameterPatternError, key: String)
    /// The model cannot have the recipe's adapters.
    case adapters(AdapterError)
    /// The run needs more memory than it was allowed.
    case memory(MemoryPlan, limit: Int)
    /// Training diverged; the checkpoints listed are finite.
    case diverged(TrainingError, kept: [String])
    /// A file of the data changed under the run; the checkpoints listed are of before.
    case changed(ExampleFileError, kept: [String])
    /// The model or the figures cannot be written.
    case unwritten(reason: String, RunResults)
    /// The model is complete, but its run has no checkpoint of the last step.
    case notResumable(step: Int, model: String, reason: String, RunResults)
    /// A process of the run would not compute the same as the first one.
    case processesDiffer(what: String, process: Int, first: String, found: String)
    /// A file that the run needs is not as it should be, in a whole sentence.
    case file(String)

    /// What happened and what to do.
    public var description: String {
        switch self {
        case .recipe(let error): error.description
        case .data(let error, _): error.description
        case .loss(let error, let task):
            task == TrainingTask.onlyName ? error.description : "task \(task): \(error)"
        case .outputInUse(let path):
            "\(path): exists and is not empty; give another folder, remove it, or resume the run in it"
        case .inUse(let path, let holder):
            "\(path): \(holder.isEmpty ? "another process" : holder) works on this run; wait until it ends, or end it first"
        case .recipeChanged(let path, let keys):
            "\(path): changed since the run began (\(keys.joined(separator: ", "))), and a run goes on with the settings it began with; undo the change, or remove the file, or begin a new run with the new settings"
        case .heldOutChanged(let role, let paths):
            "\(role): \(paths.joined(separator: ", ")) changed since the run began, so that figures before and after would not be of the same data; put it back as it was, or begin a new run"
        case .memory(let plan, let limit):
            "this run needs \(plan), and \(MemoryPlan.size(limit)) are allowed; a smaller batch_size or max_seq_length, a mini_batch_size or gradient_checkpointing need less, or allow more"
        case .logIncomplete(let path, let problem):
            "\(path): \(problem); put the file back as it was, or move it away to go on without its rows"
        case .outputUnwritable(let path, let reason):
            "\(path): cannot be written to (\(reason)); give another folder, or free space and check the permissions"
        case .nothingToResume(let path, let recipe):
            "\(path): neither a checkpoint nor a \(recipe) to resume from; give the output folder of an earlier run"
        case .pattern(let error, let key): "\(key): \(error)"
        case .adapters(let error): "adapters.\(error)"
        case .diverged(let error, let kept): "\(error). \(Self.list(kept, "with finite weights"))"
        case .changed(let error, let kept): "\(error). \(Self.list(kept, "of before"))"
        case .unwritten(let reason, _): reason
        case .notResumable(let step, let model, let reason, _):
            "there is no checkpoint of step \(step) (\(reason)), so the run cannot be resumed from there; the model of that step, or the best one, is complete in \(model)"
        case .processesDiffer(let what, let process, let first, let found):
            "process \(process) does not have the \(what) of process 0: '\(found)' and '\(first)'; all processes of a run need the same program, files and kind of processor"
        case .file(let sentence): sentence
        }
    }

    private static func list(_ kept: [String], _ what: String) -> String {
        kept.isEmpty
            ? "There was no checkpoint yet" : "Kept, \(what): \(kept.joined(separator: " and "))"
    }

    /// `description`
    public var errorDescription: String? { description }
}
