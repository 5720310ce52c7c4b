import SentenceEmbedding
import Support

/// What the command finds wrong, in its own words.
enum CommandError: Error, CustomStringConvertible {
    /// Something about the input, in a whole sentence.
    case input(String)
    /// The output cannot be written to.
    case outputUnwritable(path: String, reason: String)

    /// The error of a run, with the flags that it is about.
    init(_ error: RunError) {
        switch error {
        case .recipe(.missing(let key)) where ["model", "train"].contains(key):
            self = .input("no \(key) is given: add --\(key), or '\(key):' to the recipe")
        case .data(let error, let role):
            self = .input(error.description(naming: FileNaming.naming(ofRole: role)))
        case .outputInUse(let path):
            self = .input(
                "\(path): exists and is not empty; give another --output, continue the run in it with --resume \(path), or remove that with --overwrite"
            )
        case .outputUnwritable(let path, let reason):
            self = .outputUnwritable(path: path, reason: reason)
        case .nothingToResume(let path, let recipe):
            self = .input(
                "\(path): neither a checkpoint nor a \(recipe) to resume from; give the --output folder of an earlier run"
            )
        case .pattern:
            self = .input("\(error). 'simile inspect MODEL --parameters' lists the names")
        default: self = .input(error.description)
        }
    }

    var description: String {
        switch self {
        case .input(let sentence): sentence
        case .outputUnwritable(let path, let reason):
            "\(path): cannot be written to (\(reason)); give another --output, or free space and check the permissions"
        }
    }
}
