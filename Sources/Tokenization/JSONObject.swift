import Foundation

/// An object of a JSON file whose members are asked for by kind; errors name file and key.
struct JSONObject {
    let file: String
    /// Where the object stands in the file, as a prefix of its keys.
    let path: String
    let value: JSONValue

    /// Reads a file that must hold an object.
    init(file: URL) throws(TokenizationError) {
        let value = try JSONReader.read(file)
        try self.init(value, file: file.path, key: "the whole file", path: "")
    }

    /// Reads the file if it exists.
    static func ifPresent(_ file: URL) throws(TokenizationError) -> JSONObject? {
        FileManager.default.fileExists(atPath: file.path) ? try JSONObject(file: file) : nil
    }

    init(
        _ value: JSONValue, file: String, key: String, path: String
    ) throws(TokenizationError) {
        guard case .object = value else {
            throw .invalidValue(
                file: file, key: key, found: value.summary, expected: "an object")
        }
        self.file = file
        self.path = path
        self.value = value
    }

    var members: [JSONValue.Member] {
        guard case .object(let members) = value else { return [] }
        return members
    }

    /// Whether the key is there, be its value null.
    func states(_ key: String) -> Bool { value[key] != nil }

    /// The member, or nil if it is absent or null.
    func member(_ key: String) -> JSONValue? {
        let member = value[key]
        return member == .null ? nil : member
    }

    func bool(_ key: String) throws(TokenizationError) -> Bool? {
        guard let member = member(key) else { return nil }
        guard case .bool(let bool) = member else { throw invalid(key, expected: "true or false") }
        return bool
    }

    func string(_ key: String) throws(TokenizationError) -> String? {
        guard let member = member(key) else { return nil }
        guard case .string(let string) = member else { throw invalid(key, expected: "a string") }
        return string
    }

    func number(_ key: String) throws(TokenizationError) -> Double? {
        guard let member = member(key) else { return nil }
        guard case .number(let number) = member else { throw invalid(key, expected: "a number") }
        return number
    }

    func list(_ key: String) throws(TokenizationError) -> [JSONValue] {
        guard let member = member(key) else { return [] }
        guard case .array(let list) = member else { throw invalid(key, expected: "a list") }
        return list
    }

    func object(_ key: String) throws(TokenizationError) -> JSONObject? {
        guard let member = member(key) else { return nil }
        return try JSONObject(member, file: file, key: path + key, path: path + key + ".")
    }

    /// A token given as a string or as an object with a `content`.
    func token(_ key: String) throws(TokenizationError) -> String? {
        guard let member = member(key) else { return nil }
        if case .string(let content) = member { return content }
        guard case .string(let content) = member["content"] else {
            throw invalid(key, expected: "a token, as a string or as an object with 'content'")
        }
        return content
    }

    func invalid(_ key: String, expected: String) -> TokenizationError {
        .invalidValue(
            file: file, key: path + key, found: value[key]?.summary ?? "absent", expected: expected)
    }
}
