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

    /// The finite number with a comma before its decimals; nil if there is a point.
    static func parse(withComma bytes: ArraySlice<UInt8>) -> Double? {
        guard !bytes.contains(UInt8(ascii: ".")) else { return nil }
        return parse(ArraySlice(bytes.map { $0 == UInt8(ascii: ",") ? UInt8(ascii: ".") : $0 }))
    }

    /// The whole number that a text such as `1` or `1.0` is; nil for anything else.
    static func whole(_ text: String) -> Int? {
        parse(Array(text.utf8)[...]).flatMap(Int.init(exactly:))
    }
}
