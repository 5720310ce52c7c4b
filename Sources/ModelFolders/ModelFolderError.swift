import ModelLayout
import Serialization

/// Why a folder is not a model that can be used here.
public enum ModelFolderError: Error, Equatable, CustomStringConvertible {
    /// A file that is needed is not there.
    case missing(path: String, expected: String)
    /// A file is not JSON, or a key has a value of another type.
    case malformed(path: String, reason: String)
    /// A setting asks for something that is not implemented.
    case unsupported(path: String, key: String, found: String, supported: String)
    /// A file is what Git leaves in place of a large one.
    case gitLFSPointer(path: String)
    /// Settings contradict one another.
    case contradiction(path: String, key: String, found: String, expected: String)

    /// What happened and what to do.
    public var description: String {
        switch self {
        case .missing(let path, let expected):
            "\(path): not found; expected \(expected)"
        case .malformed(let path, let reason):
            "\(path): \(reason); fetch the file again or repair it"
        case .unsupported(let path, let key, let found, let supported):
            "\(path): \(key) is \(found), which is not supported; supported: \(supported)"
        case .gitLFSPointer(let path): GitLFS.problem(path)
        case .contradiction(let path, let key, let found, let expected):
            "\(path): \(key) is \(found), expected \(expected); the files of this folder do not belong together"
        }
    }
}
