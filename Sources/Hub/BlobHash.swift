import Digest
import Support

/// What the name of a blob says of its content.
enum BlobHash: Equatable {
    /// 64 digits: SHA-256 of the content, for files in large-file storage.
    case sha256(String)
    /// 40 digits: SHA-1 of git's header and the content, for files in git.
    case gitBlob(String)

    /// `nil` when the text is neither; it is then not fit to name a file either.
    init?(_ etag: String) {
        guard Self.isHexadecimal(etag) else { return nil }
        switch etag.utf8.count {
        case 64: self = .sha256(etag)
        case 40: self = .gitBlob(etag)
        default: return nil
        }
    }

    /// The hash that the content should have.
    var expected: String {
        switch self {
        case .sha256(let digits), .gitBlob(let digits): digits
        }
    }

    /// What the hash is called in messages.
    var kind: String {
        switch self {
        case .sha256: "SHA-256"
        case .gitBlob: "git SHA-1"
        }
    }

    static func isHexadecimal(_ text: String) -> Bool {
        text.utf8.allSatisfy {
            (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0)
                || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains($0)
        }
    }

    /// The hash of a content that is read piece by piece; `nil` when a piece cannot be read.
    ///
    /// - Parameter read: Fills the buffer and returns the count, 0 at the end, less for an error.
    func computed(size: Int64, read: (UnsafeMutableRawBufferPointer) -> Int) -> String? {
        let digest =
            switch self {
            case .sha256: Digest.sha256.computed(read: read)
            case .gitBlob: Digest.sha1.computed(after: Array("blob \(size)\0".utf8), read: read)
            }
        return digest.map { String(hexadecimal: $0) }
    }
}
