import Foundation

/// A small JSON file whose values are asked for by key and type.
struct JSONFile {
    let path: String
    /// What the file calls a key, where that is another name.
    var keyNames: [String: String] = [:]
    private let object: [String: Any]

    /// Reads a JSON object; nil when there is no such file.
    init?(ifPresent url: URL) throws(ModelFolderError) {
        guard FileManager.default.fileExists(atPath: url.path) else { return nil }
        let value = try Self.read(url)
        guard let object = value as? [String: Any] else {
            throw .malformed(path: url.path, reason: "expected a JSON object")
        }
        path = url.path
        self.object = object
    }

    /// Reads any JSON value.
    static func read(_ url: URL) throws(ModelFolderError) -> Any {
        do {
            return try JSONSerialization.jsonObject(
                with: Data(contentsOf: url), options: .fragmentsAllowed)
        } catch {
            throw .malformed(path: url.path, reason: "not JSON (\(error.localizedDescription))")
        }
    }

    /// The value of a key; nil when it is absent or null.
    func value<Value>(_ key: String, as type: Value.Type = Value.self) throws(ModelFolderError)
        -> Value?
    {
        guard let value = object[name(of: key)], !(value is NSNull) else { return nil }
        guard let typed = value as? Value else {
            throw .malformed(
                path: path,
                reason: "\(name(of: key)) is \(value), expected a value of type \(type)")
        }
        return typed
    }

    /// What the file calls a key.
    func name(of key: String) -> String { keyNames[key] ?? key }

    /// The whole file as a `Decodable` value.
    func decode<Value: Decodable>(_ type: Value.Type) throws(ModelFolderError) -> Value {
        let named = object.merging(
            keyNames.map { ($0, object[$1] ?? NSNull()) }, uniquingKeysWith: { $1 })
        do {
            return try JSONDecoder().decode(
                type, from: JSONSerialization.data(withJSONObject: named))
        } catch DecodingError.typeMismatch(let expected, let context) {
            let key = context.codingPath.map { name(of: $0.stringValue) }.joined(separator: ".")
            throw .malformed(path: path, reason: "\(key) is not of type \(expected)")
        } catch {
            throw .malformed(path: path, reason: "\(error)")
        }
    }
}
