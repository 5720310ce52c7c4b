import Testing

@testable import JSON

@Suite struct ReaderTests {
    private func parse(_ text: String) throws(JSONError) -> JSONValue {
        try JSONValue(parsing: text.utf8)
    }

    @Test func values() throws {
        let text =
            #" {"a": [1, -2.5e3, true, false, null], "b": {}, "c": [], "d": -0, "e": 0.1} "#
        let value = try parse(text)
        #expect(value["a"] == [1, .number(-2500), true, false, .null])
        #expect(value["b"] == .object([]))
        #expect(value["c"] == [])
        #expect(value["d"] == 0)
        #expect(value["e"] == .number(0.1))
        #expect(value["f"] == nil)
        #expect(try parse("\u{FEFF}{}") == .object([]), "a byte order mark")
    }

    @Test func integersAreExact() throws {
        #expect(try parse("9007199254740993") == .integer(9_007_199_254_740_993))
        #expect(try parse("-9223372036854775808") == .integer(.min))
        #expect(try parse("12345678901234567890") == .number(1.234567890123456789e19))
        #expect(try parse("512.0").int == 512)
        #expect(try parse("5.12e2").int == 512)
        #expect(try parse("0.5").int == nil)
        #expect(try parse("1e300").int == nil)
        #expect(try parse("\"1\"").int == nil)
        #expect(try parse("true").int == nil)
    }

    @Test func ofEqualKeysTheLastCountsAndNoneIsLost() throws {
        let value = try parse(#"{"a": 1, "b": 2, "a": 3}"#)
        #expect(value["a"] == 3)
        #expect(value.members?.map(\.key) == ["a", "b", "a"])
    }

    @Test func stringsWithEscapes() throws {
        let value = try parse(#""\"\\\/\b\f\n\r\t\u00e9\u4E2D\uD83D\uDE00 é\u0000""#)
        let text = try #require(value.string)
        #expect(
            Array(text.utf8)
                == Array("\"\\/\u{8}\u{C}\n\r\t\u{E9}\u{4E2D}\u{1F600} é\u{0}".utf8))
    }

    @Test(arguments: [
        ("", "expected a value", 1),
        ("[1, 2", "expected a comma or the closing bracket", 6),
        ("{\"a\": 1", "expected a comma or the closing brace", 8),
        ("{\"a\" 1}", "expected a colon after a key", 6),
        ("{a: 1}", "expected a key in quotes", 2),
        ("{\"a\": 1,}", "expected a key in quotes", 9),
        ("[1,]", "expected a value", 4),
        ("[1 2]", "expected a comma or the closing bracket", 4),
        ("tru", "expected 'true'", 1),
        ("nulL", "expected 'null'", 1),
        ("truex", "text after the value", 5),
        ("\"abc", "the text ends inside a string", 5),
        ("\"abc\\", "the text ends inside a string", 6),
        ("\"\\x\"", "an unknown escape", 3),
        ("\"\\u12", "expected four hexadecimal digits", 6),
        ("\"\\u12\u{661}4\"", "expected four hexadecimal digits", 6),
        ("\"\\ud800\"", "half a surrogate pair", 8),
        ("\"\\udc00\"", "half a surrogate pair", 8),
        ("\"\\ud800\\u0041\"", "half a surrogate pair", 14),
        ("\"a\tb\"", "a control character inside a string", 3),
        ("1e999", "expected a number, found '1e999'", 1),
        ("--1", "expected a number, found '--1'", 1),
        ("[01]", "expected a number, found '01'", 2),
        ("-", "expected a number, found '-'", 1),
        ("1.", "expected a number, found '1.'", 1),
        ("1.e5", "expected a number, found '1.e5'", 1),
        ("1e", "expected a number, found '1e'", 1),
        ("1.2.3", "expected a number, found '1.2.3'", 1),
        (".5", "expected a value", 1),
        ("+1", "expected a value", 1),
        ("NaN", "expected a value", 1),
        ("-Infinity", "expected a number, found '-Infinity'", 1),
        ("{} {}", "text after the value", 4),
        ("// no\n1", "expected a value", 1),
    ])
    func brokenText(text: String, reason: String, column: Int) throws {
        let error = try #require(throws: JSONError.self) { try parse("\n" + text) }
        #expect(error == JSONError(reason: reason, line: 2, column: column))
        #expect(error.description == "\(reason) at column \(column)")
        // What is stepped over is checked as what is read.
        #expect(throws: error) {
            var reader = JSONReader(Array(("\n" + text).utf8))
            try reader.skipValue()
            try reader.finish()
        }
    }

    @Test(arguments: ["[", "{\"a\":", "[{\"a\":"])
    func depthIsLimited(opening: String) throws {
        let error = #expect(throws: JSONError.self) {
            try parse(String(repeating: opening, count: 100_000))
        }
        #expect(error?.reason == "nested more than 64 deep")
        let deep = String(repeating: "[", count: 64) + String(repeating: "]", count: 64)
        #expect(try parse("[" + deep.dropFirst().dropLast() + "]").elements?.count == 1)
        // Depth is what is open, not how many there are.
        #expect(
            try parse("[" + String(repeating: "[],", count: 100) + "[]]").elements?.count == 101)
    }

    @Test func textThatIsNotUTF8() {
        for (text, column): (String, Int) in [("\"\u{FF}\"", 2), ("{\"é\u{FF}\": 1}", 5)] {
            // U+00FF stands for the byte 0xFF, which UTF-8 never has.
            let bytes = text.unicodeScalars.flatMap {
                $0 == "\u{FF}" ? [0xff] : Array("\($0)".utf8)
            }
            let error = #expect(throws: JSONError.self) {
                try JSONValue(parsing: Array("[1,\n".utf8) + bytes)
            }
            #expect(
                error
                    == JSONError(reason: "text that is not valid UTF-8", line: 2, column: column))
        }
    }

    @Test func longNumbers() throws {
        let digits = String(repeating: "1", count: 400)
        let error = #expect(throws: JSONError.self) { try parse(digits) }
        #expect(error?.reason == "expected a number, found '\(digits.prefix(40))'")
        #expect(try parse("0." + digits).double == 1.0 / 9)
        #expect(try parse("1e-999") == .number(0))
    }

    @Test func valueByValue() throws {
        let bytes = Array(#"x{"a": "\u0041b", "n": 1.50, "c": [{"d": [1]}], "e": false} "#.utf8)
        var reader = JSONReader(bytes, in: 1..<bytes.count)
        var found: [String] = []
        try reader.readObject { (reader, key) throws(JSONError) in
            found.append(String(decoding: key, as: UTF8.self))
            switch try reader.nextKind() {
            case .string: found.append(String(decoding: try reader.readString(), as: UTF8.self))
            case .number: found.append(String(decoding: try reader.readNumber(), as: UTF8.self))
            case .bool: found.append("\(try reader.readBool())")
            case .null, .array, .object: try reader.skipValue()
            }
        }
        try reader.finish()
        #expect(found == ["a", "Ab", "n", "1.50", "c", "e", "false"])
    }
}
