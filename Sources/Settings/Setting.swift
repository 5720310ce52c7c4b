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
    /// The value; null when there is none.
    package let write: @Sendable (Root) -> JSONValue
    /// Sets the value; false when it is none of those expected.
    package let read: @Sendable (inout Root, JSONValue) -> Bool
}

extension Setting {
    private typealias Convert<Value> = @Sendable (JSONValue) -> Value?

    private init<Value>(
        _ key: String, _ path: WritableKeyPath<Root, Value> & Sendable, _ help: String,
        expected: String, isSwitch: Bool = false, isList: Bool = false,
        write: @escaping @Sendable (Value) -> JSONValue,
        read: @escaping @Sendable (JSONValue) -> Value?
    ) {
        self.key = key
        self.help = help
        self.expected = expected
        self.isSwitch = isSwitch
        self.isList = isList
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
        self.init(key, path, help, expected: expected, write: { $0.map(JSONValue.string) ?? .null })
        { json in
            json == .null ? .some(nil) : json.string.map { .some($0) }
        }
    }

    /// One of some names.
    public init<Value: RawRepresentable & CaseIterable & Sendable>(
        _ key: String, _ path: WritableKeyPath<Root, Value> & Sendable, _ help: String
    ) where Value.RawValue == String {
        self.init(
            key, path, help, expected: words(Value.allCases.map(\.rawValue)),
            write: { .string($0.rawValue) }
        ) { $0.string.flatMap(Value.init(rawValue:)) }
    }

    /// One of some names, or none of them.
    public init<Value: RawRepresentable & CaseIterable & Sendable>(
        _ key: String, _ path: WritableKeyPath<Root, Value?> & Sendable, _ help: String
    ) where Value.RawValue == String {
        self.init(
            key, path, help, expected: words(Value.allCases.map(\.rawValue)),
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
    private init(
        _ key: String, _ help: String, _ expected: String, isSwitch: Bool, isList: Bool,
        write: @escaping @Sendable (Root) -> JSONValue,
        read: @escaping @Sendable (inout Root, JSONValue) -> Bool
    ) {
        (self.key, self.help, self.expected) = (key, help, expected)
        (self.isSwitch, self.isList, self.write, self.read) = (isSwitch, isList, write, read)
    }

    /// The same setting of settings that hold these.
    public func inside<Outer>(
        _ path: WritableKeyPath<Outer, Root> & Sendable
    ) -> Setting<Outer> {
        Setting<Outer>(
            key, help, expected, isSwitch: isSwitch, isList: isList,
            write: { [write] in write($0[keyPath: path]) },
            read: { [read] in read(&$0[keyPath: path], $1) })
    }
}

/// The finite numbers that a setting may have.
public enum SettingRange: Sendable, CustomStringConvertible {
    /// Both ends are allowed.
    case from(Double, to: Double)
    /// The upper end is not allowed.
    case fromUpTo(Double, below: Double)
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
