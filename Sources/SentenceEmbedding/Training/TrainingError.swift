import Foundation
import NeuralNetwork
import Settings

/// Why training cannot start or go on.
public enum TrainingError: Error, Equatable, LocalizedError, CustomStringConvertible {
    /// A setting is out of range.
    case setting(SettingError)
    /// There is no such optimizer, or not with these settings.
    case optimizer(OptimizerError)
    /// The batches of a task cannot be made.
    case sampler(SamplerError)
    /// There is nothing to train on.
    case noRows(path: String)
    /// The model's tokenizer makes no token of a text: its embedding would say nothing.
    case emptyText(EmptyTextError)
    /// A task has prompts, but not one for each column.
    case promptCount(task: String, found: Int, columns: [String])
    /// A task has prompts, but the model leaves a prompt's tokens out of the pooling and knows only one at a time.
    case promptNotPooled(task: String)
    /// The model leaves its prompt's tokens out of the pooling, by their number, and the task's loss deletes some of them.
    case promptDeleted(task: String)
    /// The loss or a gradient is infinite or not a number; the parameters were not changed by it.
    ///
    /// `step` counts from 1; `lines` are those of the pairs to blame, none when most of the batch is.
    case nonFinite(what: String, step: Int, path: String, lines: [Int])
    /// The weights after a step are infinite or not a number: nothing is measured or saved with them.
    case nonFiniteWeights(step: Int, NonFiniteError)
    /// The weights after a step are finite, but the embedding that they give a training sentence is not; `weight`,
    /// in `array`, is the farthest from 0.
    case nonFiniteEmbedding(step: Int, path: String, line: Int, array: String, weight: Float)
    /// Every parameter that the embeddings depend on is frozen, and the loss has none.
    case nothingToTrain
    /// A process has come to other weights than the first one.
    case processesDiffer(process: Int, step: Int)
    /// A checkpoint belongs to a run on other data.
    case otherData(path: String, found: String, expected: String)

    /// What happened and what to do.
    public var description: String {
        switch self {
        case .setting(let error):
            return error.description
        case .sampler(let error):
            return error.description
        case .optimizer(let error):
            return error.description
        case .noRows(let path):
            return "\(path): no rows to train on"
        case .emptyText(let error):
            return error.description
        case .promptCount(let task, let found, let columns):
            return
                "the task \(task) has \(found) prompts for \(columns.count) columns (\(columns.joined(separator: ", "))); give one for each, an empty one for none"
        case .promptNotPooled(let task):
            return
                "the task \(task) has prompts of its own, but this model does not pool a prompt's tokens, and so knows one prompt at a time; give the prompt for the whole run"
        case .promptDeleted(let task):
            return
                "the task \(task) deletes words, those of the prompt among them, but this model leaves as many tokens as the prompt has out of the pooling; train it without a prompt (prompt_text: '')"
        case .nonFinite(let what, let step, let path, let lines):
            let shown = lines.prefix(20).map(String.init).joined(separator: ", ")
            let more = lines.count > 20 ? " and \(lines.count - 20) more" : ""
            let problem =
                "the \(what) is not finite in step \(step), whose changes are not made"
            return lines.isEmpty
                ? "\(problem): training on \(path) diverged. Lower the learning rate, or start from other weights"
                : "\(problem), because of \(path), lines \(shown)\(more). Look at these lines, or lower the learning rate"
        case .nonFiniteWeights(let step, let error):
            return "the weights after step \(step) are not saved: \(error)"
        case .nonFiniteEmbedding(let step, let path, let line, let array, let weight):
            return
                "the model after step \(step) is not saved: its weights are so large (\(array) has \(weight)) that an embedding of \(path), line \(line), is not finite; training diverged: lower the learning rate"
        case .nothingToTrain:
            return
                "every parameter is frozen, so nothing would be trained: leave a module unfrozen"
        case .processesDiffer(let process, let step):
            return
                "after step \(step) process \(process) has other weights than process 0: their processors or MPI's sums round differently, so nothing is saved; set SIMILE_INSTRUCTION_SET to the least of their instruction sets, and resume"
        case .otherData(let path, let found, let expected):
            return
                "\(path) is not the data this run was started with (digest \(found), expected \(expected)): resume with the original file, or start a new run"
        }
    }

    /// `description`
    public var errorDescription: String? { description }
}
