import JSON

/// A setting of `Root`: its key, range and meaning, written once.
///
/// From it come reading and writing, validation, the flags of programs and what documents say.
public struct Setting<Root>: Sendable {
    /// The key in recipes and checkpoints, in lower case with underscores.
    public let key: String
    /// What it decides, in a phrase.
    public let help: String
    /// The values that it may have, in words: `0...1`.
    public let expected: String
    /// Whether it is true or false.
    public let isSwitch: Bool
    /// Whether it is a list.
    public let isList: Bool
    /// The names that it is one of, or that its elements are; empty where it is something else.
    public let choices: [String]
    /// Whether it is the path of a file or folder.
    public let isPath: Bool
    /// The value; null when there is none.
    package let write: @Sendable (Root) -> JSONValue
    /// Sets the value; false when it is none of those expected.
    package let read: @Sendable (inout Root, JSONValue) -> Bool
}

extension Setting {
    private typealias Convert<Value> = @Sendable (JSONValue) -> Value?

    private init<Value>(
        _ key: String, _ path: WritableKeyPath<Root, Value> & Sendable, _ help: String,
        expected: String, isSwitch: Bool = false, isList: Bool = false, choices: [String] = [],
        isPath: Bool = false, write: @escaping @Sendable (Value) -> JSONValue,
        read: @escaping @Sendable (JSONValue) -> Value?
    ) {
        self.key = key
        self.help = help
        self.expected = expected
        self.isSwitch = isSwitch
        self.isList = isList
        self.choices = choices
        self.isPath = isPath
        self.write = { write($0[keyPath: path]) }
        self.read = { root, json in
            guard let value = read(json) else { return false }
            root[keyPath: path] = value
            return true
        }
    }

    /// A whole number.
    public init(
        _ key: String, _ path: WritableKeyPath<Root, Int> & Sendable, _ range: ClosedRange<Int>,
        _ help: String
    ) {
        self.init(key, path, help, expected: words(range), write: JSONValue.integer) { json in
            json.int.flatMap { range.contains($0) ? $0 : nil }
        }
    }

    /// A whole number that may be absent.
    public init(
        _ key: String, _ path: WritableKeyPath<Root, Int?> & Sendable, _ range: ClosedRange<Int>,
        _ help: String
    ) {
        self.init(
            key, path, help, expected: words(range),
            write: { $0.map(JSONValue.integer) ?? .null }
        ) { json in
            json == .null ? .some(nil) : json.int.flatMap { range.contains($0) ? .some($0) : nil }
        }
    }

    /// A seed.
    public init(_ key: String, _ path: WritableKeyPath<Root, UInt64> & Sendable, _ help: String) {
        self.init(
            key, path, help, expected: "a whole number from 0",
            write: { Int(exactly: $0).map(JSONValue.integer) ?? .string("\($0)") }
        ) { json in
            json.int.flatMap(UInt64.init(exactly:)) ?? json.string.flatMap { UInt64($0) }
        }
    }

    /// A number; those of the range whose `excluded` is true are not allowed, as 0 in "above 0".
    public init(
        _ key: String, _ path: WritableKeyPath<Root, Float> & Sendable, _ range: SettingRange,
        _ help: String
    ) {
        self.init(key, path, help, expected: range.description, write: JSONValue.float) { json in
            json.double.flatMap { range.contains($0) ? Float($0) : nil }
        }
    }

    /// A number that may be absent.
    public init(
        _ key: String, _ path: WritableKeyPath<Root, Float?> & Sendable, _ range: SettingRange,
        _ help: String
    ) {
        self.init(
            key, path, help, expected: "\(range), or nothing",
            write: { $0.map(JSONValue.float) ?? .null }
        ) { json in
            json == .null
                ? .some(nil) : json.double.flatMap { range.contains($0) ? .some(Float($0)) : nil }
        }
    }

    /// A number in double precision.
    public init(
        _ key: String, _ path: WritableKeyPath<Root, Double> & Sendable, _ range: SettingRange,
        _ help: String
    ) {
        self.init(key, path, help, expected: range.description, write: JSONValue.number) { json in
            json.double.flatMap { range.contains($0) ? $0 : nil }
        }
    }

    /// A number in double precision that may be absent.
    public init(
        _ key: String, _ path: WritableKeyPath<Root, Double?> & Sendable, _ range: SettingRange,
        _ help: String
    ) {
        self.init(
            key, path, help, expected: "\(range), or nothing",
            write: { $0.map(JSONValue.number) ?? .null }
        ) { json in
            json == .null
                ? .some(nil) : json.double.flatMap { range.contains($0) ? .some($0) : nil }
        }
    }

    /// A value of a kind of its own.
    package init<Value: SettingValue>(
        _ key: String, _ path: WritableKeyPath<Root, Value> & Sendable, _ help: String
    ) {
        self.init(
            key, path, help, expected: Value.expected, isList: Value.isList, write: \.settingJSON,
            read: Value.init(settingJSON:))
    }

    /// True or false.
    public init(_ key: String, _ path: WritableKeyPath<Root, Bool> & Sendable, _ help: String) {
        self.init(
            key, path, help, expected: "true or false", isSwitch: true, write: JSONValue.bool
        ) { $0.bool }
    }

    /// A text that may be absent.
    public init(
        _ key: String, _ path: WritableKeyPath<Root, String?> & Sendable, expected: String,
        _ help: String
    ) {
        self.init(text: key, path, help, expected: expected)
    }

    /// The path of a file or folder that may be absent.
    public init(path key: String, _ path: WritableKeyPath<Root, String?> & Sendable, _ help: String)
    {
        self.init(text: key, path, help, expected: "a path", isPath: true)
    }

    /// A name that may be absent. Any is read: who uses it refuses one that is none of `choices`.
    public init(
        _ key: String, _ path: WritableKeyPath<Root, String?> & Sendable, oneOf choices: [String],
        _ help: String
    ) {
        self.init(text: key, path, help, expected: words(choices), choices: choices)
    }

    private init(
        text key: String, _ path: WritableKeyPath<Root, String?> & Sendable, _ help: String,
        expected: String, choices: [String] = [], isPath: Bool = false
    ) {
        self.init(
            key, path, help, expected: expected, choices: choices, isPath: isPath,
            write: { $0.map(JSONValue.string) ?? .null }
        ) { json in
            json == .null ? .some(nil) : json.string.map { .some($0) }
        }
    }

    /// One of some names.
    public init<Value: RawRepresentable & CaseIterable & Sendable>(
        _ key: String, _ path: WritableKeyPath<Root, Value> & Sendable, _ help: String
    ) where Value.RawValue == String {
        self.init(
            key, path, help, expected: words(Value.allCases.map(\.rawValue)),
            choices: Value.allCases.map(\.rawValue),
            write: { .string($0.rawValue) }
        ) { $0.string.flatMap(Value.init(rawValue:)) }
    }

    /// One of some names, or none of them.
    public init<Value: RawRepresentable & CaseIterable & Sendable>(
        _ key: String, _ path: WritableKeyPath<Root, Value?> & Sendable, _ help: String
    ) where Value.RawValue == String {
        self.init(
            key, path, help, expected: words(Value.allCases.map(\.rawValue)),
            choices: Value.allCases.map(\.rawValue),
            write: { $0.map { .string($0.rawValue) } ?? .null }
        ) { json in
            json == .null
                ? .some(nil) : json.string.flatMap(Value.init(rawValue:)).map { .some($0) }
        }
    }

    /// Some of some names, at least one.
    public init<Value: RawRepresentable & CaseIterable & Sendable>(
        _ key: String, _ path: WritableKeyPath<Root, [Value]> & Sendable, _ help: String
    ) where Value.RawValue == String {
        self.init(
            key, path, help,
            expected: "a list of \(words(Value.allCases.map(\.rawValue)))", isList: true,
            choices: Value.allCases.map(\.rawValue),
            write: { .array($0.map { .string($0.rawValue) }) }
        ) { json in
            guard let names = json.strings, !names.isEmpty else { return nil }
            let values = names.compactMap(Value.init(rawValue:))
            return values.count == names.count ? values : nil
        }
    }

    /// Texts, perhaps none.
    public init(
        _ key: String, _ path: WritableKeyPath<Root, [String]> & Sendable, _ help: String
    ) {
        self.init(
            key, path, help, expected: "a list of texts", isList: true,
            write: { .array($0.map(JSONValue.string)) }
        ) { $0.strings }
    }

    /// Whole numbers, perhaps none.
    public init(
        _ key: String, _ path: WritableKeyPath<Root, [Int]> & Sendable, _ range: ClosedRange<Int>,
        _ help: String
    ) {
        self.init(
            key, path, help, expected: "a list of whole numbers, each \(words(range))",
            isList: true,
            write: { .array($0.map(JSONValue.integer)) }
        ) { json in
            guard let numbers = json.elements?.map(\.int) else { return nil }
            let good = numbers.compactMap { $0 }.filter(range.contains)
            return good.count == numbers.count ? good : nil
        }
    }

    /// Numbers, perhaps none.
    public init(
        _ key: String, _ path: WritableKeyPath<Root, [Float]> & Sendable, _ range: SettingRange,
        _ help: String
    ) {
        self.init(
            key, path, help, expected: "a list of numbers, each \(range)", isList: true,
            write: { .array($0.map(JSONValue.float)) }
        ) { json in
            guard let numbers = json.elements?.map(\.double) else { return nil }
            let good = numbers.compactMap { $0 }.filter(range.contains)
            return good.count == numbers.count ? good.map(Float.init) : nil
        }
    }
}

extension Setting {
    private init<Other>(
        _ key: String, of other: Setting<Other>,
        write: @escaping @Sendable (Root) -> JSONValue,
        read: @escaping @Sendable (inout Root, JSONValue) -> Bool
    ) {
        (self.key, help, expected) = (key, other.help, other.expected)
        (isSwitch, isList, choices) = (other.isSwitch, other.isList, other.choices)
        (isPath, self.write, self.read) = (other.isPath, write, read)
    }

    /// The same setting of settings that hold these; its key there begins with `prefix`.
    public func inside<Outer>(
        _ path: WritableKeyPath<Outer, Root> & Sendable, prefix: String = ""
    ) -> Setting<Outer> {
        Setting<Outer>(
            prefix + key, of: self, write: { [write] in write($0[keyPath: path]) },
            read: { [read] in read(&$0[keyPath: path], $1) })
    }
}

/// A value that is more than a number, a text or a list of them.
package protocol SettingValue: Sendable {
    /// The values there are, in words.
    static var expected: String { get }
    /// Whether a flag of it may be repeated.
    static var isList: Bool { get }
    /// The value; null when there is none.
    var settingJSON: JSONValue { get }
    /// Reads what `settingJSON` writes, and lists of texts from flags; nil for anything else.
    init?(settingJSON: JSONValue)
}

/// The finite numbers that a setting may have.
public enum SettingRange: Sendable, CustomStringConvertible {
    /// Both ends are allowed.
    case from(Double, to: Double)
    /// The upper end is not allowed.
    case fromUpTo(Double, below: Double)
    /// The lower end is not allowed.
    case aboveUpTo(Double, to: Double)
    /// Any number of at least this.
    case atLeast(Double)
    /// Any number of more than this.
    case above(Double)
    /// Any number.
    case any

    func contains(_ value: Double) -> Bool {
        guard value.isFinite, Float(value).isFinite else { return false }
        return switch self {
        case .from(let lower, let upper): (lower...upper).contains(value)
        // Not even when rounded to single precision.
        case .fromUpTo(let lower, let upper):
            (lower..<upper).contains(value) && Float(value) < Float(upper)
        case .aboveUpTo(let lower, let upper):
            value > lower && Float(value) > Float(lower) && value <= upper
        case .atLeast(let lower): value >= lower
        case .above(let lower): value > lower && Float(value) > Float(lower)
        case .any: true
        }
    }

    /// The range in words.
    public var description: String {
        switch self {
        case .from(let lower, let upper): "\(short(lower))...\(short(upper))"
        case .fromUpTo(let lower, let upper): "\(short(lower))..<\(short(upper))"
        case .aboveUpTo(let lower, let upper):
            "a number above \(short(lower)), up to \(short(upper))"
        case .atLeast(let lower): "a number of \(short(lower)) or more"
        case .above(let lower): "a number above \(short(lower))"
        case .any: "a number"
        }
    }

    private func short(_ value: Double) -> String {
        Int(exactly: value).map(String.init) ?? "\(value)"
    }
}

private func words(_ range: ClosedRange<Int>) -> String {
    range.upperBound == .max
        ? "\(range.lowerBound) or more" : "\(range.lowerBound)...\(range.upperBound)"
}

private func words(_ names: [String]) -> String {
    guard names.count > 1, let last = names.last else { return names.first ?? "" }
    return names.dropLast().joined(separator: ", ") + " or " + last
}
