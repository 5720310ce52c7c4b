import Foundation

/// Why a model cannot have adapters, or adapters have no model.
public enum AdapterError: Error, Equatable, LocalizedError, CustomStringConvertible {
    /// No layer is to have an adapter.
    case noTargets
    /// No linear layer has a name that ends so.
    case unknownTarget(name: String, suggestion: String?)
    /// The biases of some layers are to be trained, but are one in memory with those of others.
    case biasesOfAPart(adapted: [String], all: [String])
    /// The model that adapters belong to cannot be opened.
    case noBase(path: String, base: String, reason: String)
    /// The model that adapters belong to has other weights than it had.
    case otherBase(path: String, base: String)
    /// The base of adapters is adapters itself.
    case nested(path: String)

    /// What happened and what to do.
    public var description: String {
        switch self {
        case .noTargets: "target_modules is empty; expected the names of linear layers"
        case .unknownTarget(let name, let suggestion):
            "target_modules: no linear layer of the encoder is called '\(name)'; "
                + (suggestion.map { "did you mean '\($0)'?" }
                    ?? "expected the end of a name, such as query, key, value or dense")
        case .biasesOfAPart(let adapted, let all):
            "bias is lora_only, but the biases of \(all.joined(separator: ", ")) can only be trained together, and only \(adapted.joined(separator: ", ")) have adapters; take all of them into target_modules, or set bias to all or none"
        case .noBase(let path, let base, let reason):
            "\(path): holds adapters alone, and the model that they belong to, \(base), cannot be opened (\(reason)); put it back, or use the run's model/ folder, which is complete"
        case .otherBase(let path, let base):
            "\(path): its adapters belong to a model of other weights than \(base) has now; put the original back, or use the run's model/ folder, which is complete"
        case .nested(let path):
            "\(path): is the base of adapters, and adapters on another model itself; export it as a folder first, and name that as the base"
        }
    }

    /// `description`
    public var errorDescription: String? { description }

    /// Opens the base of adapters that are at `path`.
    static func opening(
        _ base: String, of path: String, _ open: (String) throws -> SentenceTransformer
    ) throws -> SentenceTransformer {
        do { return try open(base) } catch let error as AdapterError { throw error } catch {
            throw AdapterError.noBase(path: path, base: base, reason: "\(error)")
        }
    }
}
