/// What is asked of every text before a tokenizer sees it.
enum TextContent {
    /// What is wrong with bytes that are to be a text.
    enum Problem {
        case notUTF8
        case holdsNUL
        case blank
    }

    /// The first thing that is wrong; nil when nothing is.
    static func problem(_ bytes: ArraySlice<UInt8>) -> Problem? {
        // Loops over all bytes that do nothing else are done many bytes at a time.
        var (all, least): (UInt8, UInt8) = (0, .max)
        let isVisible = bytes.withUnsafeBufferPointer { buffer in
            for byte in buffer { all |= byte }
            for byte in buffer { least = min(least, byte) }
            return buffer.contains { $0 > 0x20 && $0 < 0x7f }
        }
        let hasNUL = least == 0
        if all < 0x80 { return hasNUL ? .holdsNUL : isVisible ? nil : .blank }
        guard let text = String(validating: bytes, as: UTF8.self) else { return .notUTF8 }
        // An escape of JSON can be one where the file itself holds none.
        if hasNUL { return .holdsNUL }
        return !isVisible && isBlank(text) ? .blank : nil
    }

    /// Whether there is nothing but white space and scalars that are not seen: control and format characters, those
    /// for private use, and the mark of a character that was lost.
    static func isBlank(_ text: String) -> Bool {
        text.unicodeScalars.allSatisfy { scalar in
            // Most texts are decided by their first letter.
            if scalar.isASCII { return scalar.value <= 0x20 || scalar.value == 0x7F }
            if scalar.value == 0xFFFD || scalar.properties.isWhitespace { return true }
            switch scalar.properties.generalCategory {
            case .control, .format, .privateUse: return true
            default: return false
            }
        }
    }
}
