import Crypto

/// A digest of bytes, computed by swift-crypto, which uses the processor's instructions for it.
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
        var stream = DigestStream(self)
        start.withUnsafeBytes { stream.add($0) }
        var piece = [UInt8](repeating: 0, count: 1 << 20)
        while true {
            let count = piece.withUnsafeMutableBytes(read)
            guard count >= 0 else { return nil }
            if count == 0 { return stream.finished() }
            piece.withUnsafeBytes { stream.add(UnsafeRawBufferPointer(rebasing: $0[..<count])) }
        }
    }
}

/// A digest of bytes that come piece by piece.
package struct DigestStream {
    /// One of the two.
    private var sha256: SHA256?
    private var sha1: Insecure.SHA1?

    /// A digest of nothing yet.
    package init(_ digest: Digest) {
        switch digest {
        case .sha256: sha256 = SHA256()
        case .sha1: sha1 = Insecure.SHA1()
        }
    }

    /// Adds bytes.
    package mutating func add(_ bytes: UnsafeRawBufferPointer) {
        sha256?.update(bufferPointer: bytes)
        sha1?.update(bufferPointer: bytes)
    }

    /// Adds a text's UTF-8 after its length, so that ("ab", "c") differs from ("a", "bc").
    package mutating func add(_ text: String) {
        var text = text
        text.withUTF8 { bytes in
            withUnsafeBytes(of: UInt64(bytes.count).littleEndian) { add($0) }
            add(UnsafeRawBufferPointer(bytes))
        }
    }

    /// The digest of all that was added.
    package func finished() -> [UInt8] {
        sha256.map { Array($0.finalize()) } ?? sha1.map { Array($0.finalize()) } ?? []
    }
}
