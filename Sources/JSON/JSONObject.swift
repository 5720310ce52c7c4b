import Foundation
import Support

/// The error of a module that reads JSON files.
package protocol JSONFileError: Error {
    static func unreadableFile(file: String, reason: String) -> Self
    /// `line` counts from 1.
    static func malformedJSON(file: String, line: Int, reason: String) -> Self
    static func invalidValue(file: String, key: String, found: String, expected: String) -> Self
}

extension JSONValue {
    /// Reads a file, which must hold one value; a key that an object has twice is refused.
    package init<Failure: JSONFileError>(
        file: URL, failure: Failure.Type = Failure.self
    ) throws(Failure) {
        let bytes: [UInt8]
        do throws(RegularFile.Failure) { bytes = try RegularFile.bytes(file.path) } catch {
            throw .unreadableFile(file: file.path, reason: error.reason)
        }
        do throws(JSONError) {
            try self.init(parsing: bytes, refusingRepeatedKeys: true)
        } catch {
            throw .malformedJSON(file: file.path, line: error.line, reason: "\(error)")
        }
    }
}

/// An object of a JSON file whose members are asked for by kind; errors name file and key.
package struct JSONObject<Failure: JSONFileError> {
    package let file: String
    /// Where the object stands in the file, as a prefix of its keys.
    package let path: String
    package let value: JSONValue
    /// What the file calls a key, where that is another name.
    package var keyNames: [String: String] = [:]

    /// Reads a file that must hold an object.
    package init(file: URL) throws(Failure) {
        let value = try JSONValue(file: file, failure: Failure.self)
        try self.init(value, file: file.path, key: "the whole file", path: "")
    }

    /// Reads the file if it exists.
    package static func ifPresent(_ file: URL) throws(Failure) -> JSONObject? {
        FileManager.default.mayExist(atPath: file.path) ? try JSONObject(file: file) : nil
    }

    package init(
        _ value: JSONValue, file: String, key: String, path: String
    ) throws(Failure) {
        guard value.members != nil else {
            throw .invalidValue(
                file: file, key: key, found: value.summary, expected: "an object")
        }
        self.file = file
        self.path = path
        self.value = value
    }

    package var members: [JSONValue.Member] { value.members ?? [] }

    /// What the file calls a key.
    package func name(of key: String) -> String { keyNames[key] ?? key }

    /// Whether the key is there, be its value null.
    package func states(_ key: String) -> Bool { value[name(of: key)] != nil }

    /// The member, or nil if it is absent or null.
    package func member(_ key: String) -> JSONValue? {
        let member = value[name(of: key)]
        return member == .null ? nil : member
    }

    package func bool(_ key: String) throws(Failure) -> Bool? {
        try read(key, "true or false") { $0.bool }
    }

    package func string(_ key: String) throws(Failure) -> String? {
        try read(key, "a string") { $0.string }
    }

    package func int(_ key: String) throws(Failure) -> Int? {
        try read(key, "a whole number") { $0.int }
    }

    package func double(_ key: String) throws(Failure) -> Double? {
        try read(key, "a number") { $0.double }
    }

    package func list(_ key: String) throws(Failure) -> [JSONValue] {
        try read(key, "a list") { $0.elements } ?? []
    }

    package func strings(_ key: String) throws(Failure) -> [String]? {
        try read(key, "a list of strings") { $0.strings }
    }

    package func object(_ key: String) throws(Failure) -> JSONObject? {
        guard let member = member(key) else { return nil }
        let key = path + name(of: key)
        return try JSONObject(member, file: file, key: key, path: key + ".")
    }

    /// The value of a key that is of a kind `convert` knows; nil when it is absent or null.
    package func read<Value>(
        _ key: String, _ expected: String, _ convert: (JSONValue) -> Value?
    ) throws(Failure) -> Value? {
        guard let member = member(key) else { return nil }
        guard let value = convert(member) else { throw invalid(key, expected: expected) }
        return value
    }

    package func invalid(_ key: String, expected: String) -> Failure {
        let name = name(of: key)
        return .invalidValue(
            file: file, key: path + name, found: value[name]?.summary ?? "absent",
            expected: expected)
    }
}
