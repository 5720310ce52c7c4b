import CCrypto

/// A digest of bytes, computed by OpenSSL's libcrypto, which uses the processor's instructions for it.
package enum Digest {
    /// SHA-256 (FIPS 180-4), 32 bytes.
    case sha256
    /// SHA-1, 20 bytes: what git names contents by, no protection against forgery.
    case sha1

    /// The digest of `start` and all that `read` gives; nil when a piece cannot be read.
    ///
    /// - Parameter read: Fills the buffer and returns the count, 0 at the end, less for an error.
    package func computed(
        after start: [UInt8] = [], read: (UnsafeMutableRawBufferPointer) -> Int
    ) -> [UInt8]? {
        let stream = DigestStream(self)
        start.withUnsafeBytes { stream.add($0) }
        var piece = [UInt8](repeating: 0, count: 1 << 20)
        while true {
            let count = piece.withUnsafeMutableBytes(read)
            guard count >= 0 else { return nil }
            if count == 0 { break }
            piece.withUnsafeBytes { stream.add(UnsafeRawBufferPointer(rebasing: $0[..<count])) }
        }
        return stream.finished()
    }
}

/// A digest of bytes that come piece by piece.
package final class DigestStream {
    private let context: OpaquePointer
    private var isSound: Bool

    /// A digest of nothing yet.
    package init(_ digest: Digest) {
        guard let context = EVP_MD_CTX_new() else { preconditionFailure("no memory for a digest") }
        self.context = context
        let function =
            switch digest {
            case .sha256: EVP_sha256()
            case .sha1: EVP_sha1()
            }
        isSound = EVP_DigestInit_ex(context, function, nil) == 1
    }

    deinit { EVP_MD_CTX_free(context) }

    /// Adds bytes.
    package func add(_ bytes: UnsafeRawBufferPointer) {
        isSound = isSound && EVP_DigestUpdate(context, bytes.baseAddress, bytes.count) == 1
    }

    /// Adds a text's UTF-8 after its length, so that ("ab", "c") differs from ("a", "bc").
    package func add(_ text: String) {
        var text = text
        text.withUTF8 { bytes in
            withUnsafeBytes(of: UInt64(bytes.count).littleEndian) { add($0) }
            add(UnsafeRawBufferPointer(bytes))
        }
    }

    /// The digest of all that was added, after which nothing may be; nil when the library refuses to compute it.
    package func finished() -> [UInt8]? {
        var digest = [UInt8](repeating: 0, count: Int(EVP_MAX_MD_SIZE))
        var length: UInt32 = 0
        guard isSound, EVP_DigestFinal_ex(context, &digest, &length) == 1 else { return nil }
        return Array(digest.prefix(Int(length)))
    }
}
