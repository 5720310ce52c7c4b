import Foundation
import Settings

/// What is wrong with a recipe.
public enum RecipeError: Error, Equatable, LocalizedError, CustomStringConvertible {
    /// A setting is wrong.
    case setting(SettingError)
    /// A value is none of those expected.
    case invalid(key: String, found: String, expected: String)
    /// A key that is needed is not there.
    case missing(key: String)
    /// Two keys say the same in two ways.
    case both(String, String)
    /// A key has no use without another, which is not there.
    case useless(key: String, reason: String)
    /// A relative path leads to two files.
    case ambiguousPath(String, String, String)

    /// What is wrong and what to do.
    public var description: String {
        switch self {
        case .setting(let error): error.description
        case .invalid(let key, let found, let expected):
            "\(key) is \(found); expected \(expected)"
        case .missing(let key): "no \(key) is given"
        case .both(let one, let other): "\(one) and \(other) are both given; give one of them"
        case .useless(let key, let reason): "\(key) is given, but \(reason)"
        case .ambiguousPath(let path, let one, let other):
            "'\(path)' may be \(one) or \(other); write the one that is meant in full"
        }
    }

    /// `description`
    public var errorDescription: String? { description }
}

extension RecipeError {
    /// The key that the error is about, as a path from the top of the recipe: `tasks.nli.loss`.
    public var key: String? {
        switch self {
        case .setting(.invalid(let key, _, _)), .setting(.unknown(let key, _, _)),
            .setting(.repeated(let key)), .invalid(let key, _, _), .missing(let key),
            .useless(let key, _):
            key
        case .setting(.notAnObject(let path, _)): path
        case .both(_, let other): other
        case .ambiguousPath: nil
        }
    }
}
