import Foundation
import Support

/// The secret that a request must carry: `Authorization: Bearer SECRET`.
public struct AccessKey: Sendable {
    private let secret: [UInt8]

    /// - Parameter source: Where the text comes from, for messages, which never show the text.
    /// - Throws: `AccessKeyError` for a text that no header can carry.
    public init(_ text: String, source: String) throws(AccessKeyError) {
        if text.isEmpty { throw .empty(source: source) }
        guard text.utf8.allSatisfy({ (0x21...0x7e).contains($0) }) else {
            throw .notPrintable(source: source)
        }
        secret = Array(text.utf8)
    }

    /// Reads a file that holds the secret on one line.
    ///
    /// - Throws: `AccessKeyError`.
    public init(file path: String) throws(AccessKeyError) {
        let text: String
        do throws(RegularFile.Failure) { text = try TextFile.read(path) } catch {
            throw .unreadable(path: path, reason: error.reason)
        }
        try self.init(
            text.trimmingCharacters(in: .whitespacesAndNewlines), source: path)
    }

    /// Whether a header has the secret. How long that takes says nothing about how much of it is right.
    func admits(_ header: String?) -> Bool {
        guard let header, header.prefix(7).lowercased() == "bearer " else { return false }
        let given = header.dropFirst(7).utf8
        var difference = given.count ^ secret.count
        for (index, byte) in given.enumerated() {
            difference |= Int(byte ^ secret[index % secret.count])
        }
        return difference == 0
    }
}

/// What is wrong with a secret; its text is not shown.
public enum AccessKeyError: Error, Equatable, LocalizedError, CustomStringConvertible {
    /// There is none.
    case empty(source: String)
    /// There are spaces, control characters or letters beyond ASCII in it.
    case notPrintable(source: String)
    /// The file cannot be read.
    case unreadable(path: String, reason: String)

    /// What is wrong and what to do.
    public var description: String {
        switch self {
        case .empty(let source): "\(source): the key is empty; give one, or none at all"
        case .notPrintable(let source):
            "\(source): a key is one word of printable ASCII characters, without spaces; this one is not"
        case .unreadable(let path, let reason): "\(path): the key cannot be read: \(reason)"
        }
    }

    /// `description`
    public var errorDescription: String? { description }
}
