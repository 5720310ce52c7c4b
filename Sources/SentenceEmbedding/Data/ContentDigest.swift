import Support

/// A 64-bit digest of strings and numbers (FNV-1a), the same on every platform.
struct ContentDigest {
    private var hash = FNV1a()

    var value: UInt64 { hash.value }

    /// Adds the text's UTF-8 and its length, so that ("ab", "c") differs from ("a", "bc").
    mutating func add(_ text: String) {
        var (text, hash) = (text, hash)
        text.withUTF8 { bytes in
            for byte in bytes { hash.add(byte) }
        }
        self.hash = hash
        add(UInt64(text.utf8.count))
    }

    /// Adds the eight bytes of a number, lowest first.
    mutating func add(_ number: UInt64) {
        for shift in stride(from: UInt64(0), to: 64, by: 8) {
            hash.add(UInt8(truncatingIfNeeded: number >> shift))
        }
    }
}
