import Foundation
import JSON
import Serialization

/// A small JSON file of a model's folder, whose values are asked for by key and kind.
typealias JSONFile = JSONObject<ModelFolderError>

extension ModelFolderError: JSONFileError {
    package static func unreadableFile(file: String, reason: String) -> ModelFolderError {
        .malformed(path: file, reason: "cannot be read (\(reason))")
    }

    package static func malformedJSON(file: String, line: Int, reason: String) -> ModelFolderError {
        .malformed(path: file, reason: "not JSON (line \(line): \(reason))")
    }

    package static func invalidValue(
        file: String, key: String, found: String, expected: String
    ) -> ModelFolderError {
        .malformed(path: file, reason: "\(key) is \(found), expected \(expected)")
    }
}

extension JSONFile {
    /// The whole file as a `Decodable` value.
    func decode<Value: Decodable>(_ type: Value.Type) throws(ModelFolderError) -> Value {
        var named = Dictionary(members.map { ($0.key, $0.value) }, uniquingKeysWith: { $1 })
        for (key, name) in keyNames { named[key] = value[name] ?? .null }
        let object = JSONValue.object(named.map { JSONValue.Member($0, $1) })
        do {
            return try JSONDecoder().decode(type, from: Data(object.line.utf8))
        } catch DecodingError.typeMismatch(let expected, let context) {
            let key = context.codingPath.map { name(of: $0.stringValue) }.joined(separator: ".")
            throw .malformed(path: file, reason: "\(key) is not of type \(expected)")
        } catch {
            throw .malformed(path: file, reason: "\(error)")
        }
    }
}
