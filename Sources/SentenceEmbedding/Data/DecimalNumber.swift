/// A number written with digits, as in data files.
enum DecimalNumber {
    /// The finite number; nil for anything else, such as `nan`, `inf` or hexadecimal digits.
    static func parse(_ bytes: ArraySlice<UInt8>) -> Double? {
        guard !bytes.isEmpty, bytes.count <= 64,
            bytes.allSatisfy({ (0x30...0x39).contains($0) || "+-.eE".utf8.contains($0) }),
            let value = Double(String(decoding: bytes, as: UTF8.self)), value.isFinite
        else { return nil }
        return value
    }
}
