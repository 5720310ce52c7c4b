/// Reads a flat JSON object from bytes; nested values are stepped over.
struct JSONScanner {
    /// What is wrong, and where (a byte from 1).
    struct Fault: Error {
        let reason: String
        let column: Int
    }

    private let bytes: ArraySlice<UInt8>
    private var position: Int

    init(_ bytes: ArraySlice<UInt8>) {
        self.bytes = bytes
        position = bytes.startIndex
    }

    static func isSpace(_ byte: UInt8) -> Bool {
        byte == 0x20 || byte == 0x09 || byte == 0x0a || byte == 0x0d
    }

    /// Reads an object that fills all the bytes; `member` must read each key's value.
    mutating func readObject(
        member: (inout JSONScanner, [UInt8]) throws(Fault) -> Void
    ) throws(Fault) {
        skipSpace()
        try expect("{", "an object")
        skipSpace()
        if peek() == UInt8(ascii: "}") {
            position += 1
        } else {
            while true {
                skipSpace()
                var key: [UInt8] = []
                try readString(into: &key)
                skipSpace()
                try expect(":", "a colon after a key")
                skipSpace()
                try member(&self, key)
                skipSpace()
                if peek() == UInt8(ascii: ",") {
                    position += 1
                    continue
                }
                try expect("}", "a comma or the closing brace")
                break
            }
        }
        skipSpace()
        guard position == bytes.endIndex else { throw fault("text after the object") }
    }

    /// Whether a string comes next.
    var isAtString: Bool { peek() == UInt8(ascii: "\"") }

    /// Reads a string that fills all the bytes.
    mutating func readLoneString() throws(Fault) -> [UInt8] {
        var text: [UInt8] = []
        skipSpace()
        try readString(into: &text)
        skipSpace()
        guard position == bytes.endIndex else { throw fault("text after the string") }
        return text
    }

    /// Appends a string's content or a number's digits; returns whether the value was null or
    /// nested, which is neither a sentence nor a label.
    mutating func readValue(into target: inout [UInt8]) throws(Fault) -> Bool {
        switch peek() {
        case UInt8(ascii: "\""):
            try readString(into: &target)
            return false
        case UInt8(ascii: "{"), UInt8(ascii: "["):
            try skipNested()
            return true
        default:
            let start = position
            while let byte = peek(), !Self.isSpace(byte), !",]}:\"[{".utf8.contains(byte) {
                position += 1
            }
            let word = bytes[start..<position]
            if word.elementsEqual("null".utf8) { return true }
            let isWord = word.elementsEqual("true".utf8) || word.elementsEqual("false".utf8)
            guard isWord || isNumber(word) else {
                position = start
                throw fault("expected a value")
            }
            target.append(contentsOf: word)
            return false
        }
    }

    private mutating func skipNested() throws(Fault) {
        var depth = 0
        repeat {
            guard let byte = peek() else { throw fault("the line ends inside a nested value") }
            switch byte {
            case UInt8(ascii: "\""):
                var ignored: [UInt8] = []
                try readString(into: &ignored)
                continue
            case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
            case UInt8(ascii: "}"), UInt8(ascii: "]"): depth -= 1
            default: break
            }
            position += 1
        } while depth > 0
    }

    private mutating func readString(into target: inout [UInt8]) throws(Fault) {
        try expect("\"", "a string")
        while true {
            let rest = bytes[position...]
            guard let stop = rest.firstIndex(where: { $0 == 0x22 || $0 == 0x5c || $0 < 0x20 })
            else {
                position = bytes.endIndex
                throw fault("the line ends inside a string")
            }
            target.append(contentsOf: bytes[position..<stop])
            position = stop
            switch bytes[stop] {
            case UInt8(ascii: "\""):
                position += 1
                return
            case UInt8(ascii: "\\"): try readEscape(into: &target)
            default: throw fault("a control character inside a string")
            }
        }
    }

    private mutating func readEscape(into target: inout [UInt8]) throws(Fault) {
        position += 1
        guard let byte = peek() else { throw fault("the line ends inside a string") }
        position += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): target.append(byte)
        case UInt8(ascii: "b"): target.append(0x08)
        case UInt8(ascii: "f"): target.append(0x0c)
        case UInt8(ascii: "n"): target.append(0x0a)
        case UInt8(ascii: "r"): target.append(0x0d)
        case UInt8(ascii: "t"): target.append(0x09)
        case UInt8(ascii: "u"):
            var scalar = try readHex()
            if (0xd800..<0xdc00).contains(scalar), bytes[position...].starts(with: #"\u"#.utf8) {
                position += 2
                let low = try readHex()
                guard (0xdc00..<0xe000).contains(low) else { throw fault("half a surrogate pair") }
                scalar = 0x10000 + (scalar - 0xd800) << 10 + (low - 0xdc00)
            }
            guard let character = Unicode.Scalar(scalar) else {
                throw fault("half a surrogate pair")
            }
            target.append(contentsOf: UTF8.encode(character) ?? UTF8.encodedReplacementCharacter)
        default:
            position -= 1
            throw fault("an unknown escape")
        }
    }

    private mutating func readHex() throws(Fault) -> UInt32 {
        var value: UInt32 = 0
        for _ in 0..<4 {
            guard let byte = peek(), let digit = Character(Unicode.Scalar(byte)).hexDigitValue
            else {
                throw fault("expected four hexadecimal digits")
            }
            value = value << 4 | UInt32(digit)
            position += 1
        }
        return value
    }

    private func isNumber(_ word: ArraySlice<UInt8>) -> Bool {
        word.first.map { $0 == UInt8(ascii: "-") || (0x30...0x39).contains($0) } == true
            && DecimalNumber.parse(word) != nil
    }

    private func peek() -> UInt8? { position < bytes.endIndex ? bytes[position] : nil }

    private mutating func skipSpace() {
        while let byte = peek(), Self.isSpace(byte) { position += 1 }
    }

    private mutating func expect(_ character: Unicode.Scalar, _ what: String) throws(Fault) {
        guard let byte = peek(), byte == UInt8(ascii: character) else {
            throw fault("expected \(what)")
        }
        position += 1
    }

    private func fault(_ reason: String) -> Fault {
        Fault(reason: reason, column: position - bytes.startIndex + 1)
    }
}
