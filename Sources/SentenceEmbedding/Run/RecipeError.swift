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

    /// What is wrong and what to do.
    public var description: String {
        switch self {
        case .setting(let error): error.description
        case .invalid(let key, let found, let expected):
            "\(key) is \(found); expected \(expected)"
        case .missing(let key): "no \(key) is given"
        case .both(let one, let other): "\(one) and \(other) are both given; give one of them"
        case .useless(let key, let reason): "\(key) is given, but \(reason)"
        }
    }

    /// `description`
    public var errorDescription: String? { description }
}
