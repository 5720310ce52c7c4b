import Foundation
import ModelLayout
import Serialization
import Support

/// Reads and writes whole files, with errors that name them.
enum FileBytes {
    /// The bytes of a file that must be valid UTF-8.
    static func read(_ file: URL) throws(TokenizationError) -> [UInt8] {
        let bytes: [UInt8]
        do throws(RegularFile.Failure) { bytes = try RegularFile.bytes(file.path) } catch {
            throw .unreadableFile(file: file.path, reason: error.reason)
        }
        if GitLFS.isPointer(bytes) { throw .gitLFSPointer(file: file.path) }
        guard let invalid = firstInvalidByte(of: bytes) else { return bytes }
        let line = 1 + bytes[..<invalid].count { $0 == UInt8(ascii: "\n") }
        throw .invalidUTF8(file: file.path, line: line)
    }

    static func write(_ text: String, to file: URL) throws(TokenizationError) {
        do { try AtomicFile.write(Data(text.utf8), to: file) } catch {
            throw .unwritableFile(
                file: file.path, reason: (error as? SerializationError)?.reason ?? "\(error)")
        }
    }

    private static func firstInvalidByte(of bytes: [UInt8]) -> Int? {
        var iterator = bytes.makeIterator()
        var decoder = UTF8()
        var position = 0
        if String(validating: bytes, as: UTF8.self) != nil { return nil }
        while true {
            switch decoder.decode(&iterator) {
            case .scalarValue(let scalar): position += UTF8.width(scalar)
            case .emptyInput: return nil
            case .error: return position
            }
        }
    }
}
