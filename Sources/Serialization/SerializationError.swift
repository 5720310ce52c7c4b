import Foundation
import JSON
import ModelLayout

/// Why a file of weights cannot be read, or a file or folder not be written.
public enum SerializationError: Error, Equatable, CustomStringConvertible {
    /// A file cannot be opened or read.
    case unreadable(path: String, reason: String)
    /// The file is not in the format its name says.
    case malformed(path: String, problem: String)
    /// The file is what Git leaves in place of a large one.
    case gitLFSPointer(path: String)
    /// The file ends before the data it lists.
    case truncated(path: String, expected: Int, found: Int)
    /// An array is stored in a way that cannot be read.
    case unsupportedType(path: String, array: String, type: String)
    /// The file has no array with this name.
    case noArray(path: String, array: String)
    /// A pickle asks for a class or function, which could be any program.
    case forbiddenCode(path: String, name: String)
    /// A file or folder cannot be written.
    case unwritable(path: String, reason: String)
    /// A folder that would be replaced holds files that would be lost.
    case otherFilesInFolder(path: String, files: [String])

    /// Why a file cannot be read or written, in the system's words; else the whole sentence.
    package var reason: String {
        switch self {
        case .unreadable(_, let reason), .unwritable(_, let reason): reason
        default: description
        }
    }

    /// What happened and what to do.
    public var description: String {
        switch self {
        case .unreadable(let path, let reason):
            "\(path): cannot be read (\(reason)); check the path and the permissions"
        case .malformed(let path, let problem):
            "\(path): \(problem); the file is damaged or of another kind, fetch or export it again"
        case .gitLFSPointer(let path): GitLFS.problem(path)
        case .truncated(let path, let expected, let found):
            "\(path): expected \(expected) bytes, the file ends after \(found); the download or copy was probably cut short, fetch it again"
        case .unsupportedType(let path, let array, let type):
            "\(path): \(array) is stored as \(type); supported are F32, F16, BF16 and F64: convert the model to one of them"
        case .noArray(let path, let array):
            "\(path): has no array \(array)"
        case .forbiddenCode(let path, let name):
            "\(path): its pickle asks for `\(name)`; only tensors and containers are loaded and nothing is run. Get the model as model.safetensors, or save its state_dict() alone"
        case .unwritable(let path, let reason):
            "\(path): cannot be written (\(reason)); what was there is unchanged. Give another place, or free space and check the permissions"
        case .otherFilesInFolder(let path, let files):
            "\(path): is to be replaced, but holds \(files.prefix(5).joined(separator: ", "))\(files.count > 5 ? " and \(files.count - 5) more" : ""), which would be lost; it is left alone. Give a new folder, or move the files first"
        }
    }
}

extension SerializationError: JSONFileError {
    package static func unreadableFile(file: String, reason: String) -> SerializationError {
        .unreadable(path: file, reason: reason)
    }

    package static func malformedJSON(
        file: String, line: Int, reason: String
    ) -> SerializationError {
        .malformed(path: file, problem: "not JSON (line \(line): \(reason))")
    }

    package static func invalidValue(
        file: String, key: String, found: String, expected: String
    ) -> SerializationError {
        .malformed(path: file, problem: "\(key) is \(found), expected \(expected)")
    }
}
