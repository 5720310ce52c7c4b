import Testing

@testable import Tokenization

@Suite struct JSONTests {
    private func parse(_ text: String) throws -> JSONValue {
        try JSONReader.parse(Array(text.utf8), file: "x.json")
    }

    @Test func values() throws {
        let text =
            #" {"a": [1, -2.5e3, true, false, null], "b": {}, "c": [], "a2": 12345678901234567890} "#
        let value = try parse(text)
        #expect(value["a"] == .array([1, .number(-2500), true, false, .null]))
        #expect(value["b"] == .object([]))
        #expect(value["c"] == .array([]))
        #expect(value["a2"] == .number(1.234567890123456789e19))
        #expect(value["d"] == nil)
    }

    @Test func stringsWithEscapes() throws {
        let value = try parse(#""\"\\\/\b\f\n\r\t\u00e9\u4E2D\uD83D\uDE00 é""#)
        guard case .string(let text) = value else {
            Issue.record("no string")
            return
        }
        #expect(isIdentical(text, "\"\\/\u{8}\u{C}\n\r\t\u{E9}\u{4E2D}\u{1F600} é"))
    }

    @Test func writesWhatItReads() throws {
        let value: JSONValue = [
            "text": "a\"\\\n\u{1}\u{7F}é\u{1F600}", "list": .array([1, .number(2.5), .null]),
            "empty": .object([]), "none": .array([]), "yes": true,
        ]
        #expect(try parse(value.text) == value)
        let small: JSONValue = ["a": .array([1, "b"])]
        #expect(small.text == "{\n  \"a\": [\n    1,\n    \"b\"\n  ]\n}\n")
    }

    @Test(arguments: [
        ("", "the file ends where a value is expected"),
        ("[1, 2", "',' or ']' is expected"),
        ("{\"a\": 1", "',' or '}' is expected"),
        ("{\"a\" 1}", "':' is expected after the key 'a'"),
        ("{a: 1}", "a key in quotes is expected"),
        ("[1,]", "a value is expected"),
        ("tru", "'true' is expected"),
        ("\"abc", "the file ends in a string"),
        ("\"abc\\", "an unknown escape stands in a string"),
        ("\"\\u12", "four hexadecimal digits are expected after \\u"),
        ("\"\\ud800\"", "half a surrogate pair"),
        ("\"\\ud800\\u0041\"", "half a surrogate pair"),
        ("\"a\tb\"", "a control character stands in a string"),
        ("1e999", "'1e999' is not a number"),
        ("--1", "'--1' is not a number"),
        ("{} {}", "there is more after the end of the value"),
        (String(repeating: "[", count: 100_000), "nested more than 64 deep"),
    ])
    func brokenText(text: String, reason: String) {
        let error = #expect(throws: TokenizationError.self) { try parse("\n" + text) }
        #expect(
            error?.description
                == "x.json:2: not valid JSON: \(reason); the file may be cut off or damaged")
    }
}
