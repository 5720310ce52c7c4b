import Foundation
import JSON
import Support

/// A group of settings, each with a default.
///
/// ```swift
/// struct Margins: Settings {
///     /// The least distance between a pair and a negative.
///     var margin: Float = 5
///
///     static let settings = [Setting("margin", \Self.margin, .atLeast(0), "The margin of the loss.")]
/// }
/// ```
public protocol Settings: Sendable {
    /// Every setting, in the order in which documents show them.
    static var settings: [Setting<Self>] { get }
    /// Creates the defaults.
    init()
}

/// No settings at all.
public struct NoSettings: Settings {
    /// None.
    public static let settings: [Setting<NoSettings>] = []
    /// Creates them.
    public init() {}
}

extension Settings {
    /// The keys, in order.
    public static var keys: [String] { settings.map(\.key) }

    /// Reads settings from the text of a JSON object; keys that are absent have their defaults.
    ///
    /// - Parameter path: What keys begin with in messages, such as `loss.`.
    /// - Throws: `SettingError` for a key that does not exist, and a value that is none of those expected.
    public init(json: String, path: String = "") throws(SettingError) {
        let value: JSONValue
        do throws(JSONError) { value = try JSONValue(parsing: json.utf8) } catch {
            throw .notAnObject(path: "the settings", found: "\(error)")
        }
        try self.init(value, path: path)
    }

    /// The settings as a JSON object, in order.
    public var json: String { value.line }

    /// Checks the values, which a program may have set to anything.
    ///
    /// - Throws: `SettingError.invalid` for the first that is none of those expected.
    public func validate() throws(SettingError) {
        for setting in Self.settings {
            var copy = self
            let value = setting.write(self)
            if !setting.read(&copy, value) {
                throw .invalid(key: setting.key, found: value.summary, expected: setting.expected)
            }
        }
    }

    /// Reads an object whose keys stand in a file under `path`, such as `loss.`; `others` are keys that the object
    /// may have besides and that somebody else reads.
    package init(
        _ value: JSONValue, path: String, others: [String] = []
    ) throws(SettingError) {
        self.init()
        guard let members = value.members else {
            let name = path.isEmpty ? "the settings" : String(path.dropLast())
            throw .notAnObject(path: name, found: value.summary)
        }
        var seen: Set<String> = []
        for member in members {
            guard seen.insert(member.key).inserted else { throw .repeated(key: path + member.key) }
            if others.contains(member.key) { continue }
            guard let setting = Self.settings.first(where: { $0.key == member.key }) else {
                throw .unknown(
                    key: path + member.key,
                    suggestion: closestName(to: member.key, among: Self.keys + others),
                    known: Self.keys + others)
            }
            guard setting.read(&self, member.value) else {
                throw .invalid(
                    key: path + member.key, found: member.value.summary,
                    expected: setting.expected)
            }
        }
    }

    /// The settings as an object, in order; those without a value are left out.
    package var value: JSONValue {
        .object(
            Self.settings.compactMap { setting in
                let value = setting.write(self)
                return value == .null ? nil : JSONValue.Member(setting.key, value)
            })
    }
}

/// What is wrong with settings.
public enum SettingError: Error, Equatable, LocalizedError, CustomStringConvertible {
    /// A value is none of those expected.
    case invalid(key: String, found: String, expected: String)
    /// There is no such key.
    case unknown(key: String, suggestion: String?, known: [String])
    /// A key is there twice.
    case repeated(key: String)
    /// Something else stands where keys with values belong.
    case notAnObject(path: String, found: String)

    /// What happened and what to do.
    public var description: String {
        switch self {
        case .invalid(let key, let found, let expected):
            "\(key) is \(found); expected \(expected)"
        case .unknown(let key, let suggestion, let known):
            "there is no setting '\(key)'; "
                + (suggestion.map { "did you mean '\($0)'?" }
                    ?? (known.isEmpty
                        ? "there are no settings here"
                        : "expected one of \(known.joined(separator: ", "))"))
        case .repeated(let key): "'\(key)' is given twice; leave one of them"
        case .notAnObject(let path, let found):
            "\(path): expected keys with values, found \(found)"
        }
    }

    /// `description`
    public var errorDescription: String? { description }
}
