/// A 64-bit FNV-1a digest of strings and numbers, the same on every platform.
struct ContentDigest {
    private(set) var value: UInt64 = 0xcbf2_9ce4_8422_2325

    /// Adds the text's UTF-8 and its length, so that ("ab", "c") differs from ("a", "bc").
    mutating func add(_ text: String) {
        var hash = value
        var text = text
        text.withUTF8 { bytes in
            for byte in bytes { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
        }
        value = hash
        add(UInt64(text.utf8.count))
    }

    /// Adds the eight bytes of a number, lowest first.
    mutating func add(_ number: UInt64) {
        for shift in stride(from: UInt64(0), to: 64, by: 8) {
            value = (value ^ ((number >> shift) & 0xff)) &* 0x100_0000_01b3
        }
    }
}
