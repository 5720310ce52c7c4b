/// The 64-bit FNV-1a hash, fed byte by byte: the same on every platform and in every process.
///
/// Fowler, Noll and Vo 1991. Not for cryptography. It is public because the compiler puts only public
/// functions of another module in place, and the tokenizer feeds it every byte of every text.
public struct FNV1a: Sendable {
    /// The hash of the bytes so far.
    public var value: UInt64 = 0xcbf2_9ce4_8422_2325

    /// The hash of no bytes.
    @inlinable
    public init() {}

    /// The hash of a text's bytes in UTF-8.
    @inlinable
    public static func hash(_ text: String) -> UInt64 {
        var hash = FNV1a()
        for byte in text.utf8 { hash.add(byte) }
        return hash.value
    }

    /// Adds a byte.
    @inlinable
    public mutating func add(_ byte: UInt8) {
        value = (value ^ UInt64(byte)) &* 0x100_0000_01b3
    }
}
