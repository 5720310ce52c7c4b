import Foundation

/// Data that an evaluator cannot measure on.
public enum EvaluationError: Error, Equatable, LocalizedError, CustomStringConvertible {
    /// The data are not what the evaluator needs.
    case wrongData(path: String, needs: String)
    /// Nothing can correlate with scores that are all the same.
    case sameScores(path: String, count: Int)
    /// There is no classifier to measure.
    case noClassifier(task: String?)
    /// The model has no head that predicts tokens.
    case noLanguageModelHead
    /// Prompts of its own, with a model that leaves a prompt's tokens out of the pooling and knows only one at a time.
    case promptNotPooled
    /// What is to be measured on is not given: `key` is the setting that has its path; the evaluation may have no name.
    case missing(evaluation: String, key: String)
    /// There is no evaluator of this kind.
    case unknownKind(name: String, suggestion: String?, known: [String])

    /// What is wrong and what to do.
    public var description: String {
        switch self {
        case .wrongData(let path, let needs): "\(path): the evaluation needs \(needs)"
        case .sameScores(let path, let count):
            "\(path): no correlation can be measured on \(count == 1 ? "one pair" : "\(count) pairs of the same score"); give pairs of different scores"
        case .noClassifier(let task):
            "\(task.map { "the loss of the task \($0)" } ?? "the model's loss") has no classifier: accuracy can be measured after training with the softmax loss"
        case .noLanguageModelHead:
            "the model has no head that predicts tokens, so there is no perplexity: it comes with the loss mlm, or with the files of a BertForMaskedLM"
        case .promptNotPooled:
            "the retrieval test has prompts of its own, but this model does not pool a prompt's tokens, and so knows one prompt at a time; give the prompt for the whole run"
        case .missing(let evaluation, let key):
            "no \(evaluation.isEmpty ? key : "evaluate.\(evaluation).\(key)") is given, so there is nothing to measure on"
        case .unknownKind(let name, let suggestion, let known):
            "there is no evaluation '\(name)'; "
                + (suggestion.map { "did you mean '\($0)'?" }
                    ?? "expected one of \(known.joined(separator: ", "))")
        }
    }

    /// `description`
    public var errorDescription: String? { description }
}
