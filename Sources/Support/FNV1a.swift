/// The 64-bit FNV-1a hash, fed byte by byte: the same on every platform and in every process.
///
/// Fowler, Noll and Vo 1991. Not for cryptography.
package struct FNV1a {
    package var value: UInt64 = 0xcbf2_9ce4_8422_2325

    @inlinable
    package init() {}

    @inlinable @inline(__always)
    package mutating func add(_ byte: UInt8) {
        value = (value ^ UInt64(byte)) &* 0x100_0000_01b3
    }
}
