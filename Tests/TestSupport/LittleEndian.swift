extension FixedWidthInteger {
    /// The number's bytes, the lowest first, as file formats have them.
    package var littleEndianBytes: [UInt8] { withUnsafeBytes(of: littleEndian) { Array($0) } }
}
