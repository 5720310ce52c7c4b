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
        guard let context = EVP_MD_CTX_new() else { return nil }
        defer { EVP_MD_CTX_free(context) }
        let function =
            switch self {
            case .sha256: EVP_sha256()
            case .sha1: EVP_sha1()
            }
        guard EVP_DigestInit_ex(context, function, nil) == 1,
            EVP_DigestUpdate(context, start, start.count) == 1
        else { return nil }
        var piece = [UInt8](repeating: 0, count: 1 << 20)
        while true {
            let count = piece.withUnsafeMutableBytes(read)
            guard count >= 0 else { return nil }
            if count == 0 { break }
            guard EVP_DigestUpdate(context, piece, count) == 1 else { return nil }
        }
        var digest = [UInt8](repeating: 0, count: Int(EVP_MAX_MD_SIZE))
        var length: UInt32 = 0
        guard EVP_DigestFinal_ex(context, &digest, &length) == 1 else { return nil }
        return Array(digest.prefix(Int(length)))
    }
}
