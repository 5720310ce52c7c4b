import Testing

@testable import JSON

@Suite struct WriterTests {
    private let value: JSONValue = [
        "text": "a\"\\\n\u{1}\u{7F}é\u{1F600}/\u{2028}", "list": [1, .number(2.5), .null],
        "empty": .object([]), "none": [], "yes": true, "a \"key\"\n": .number(1),
    ]

    @Test func writesWhatItReads() throws {
        #expect(try JSONValue(parsing: value.text.utf8) == value)
        #expect(try JSONValue(parsing: value.line.utf8) == value)
    }

    @Test func layout() {
        let small: JSONValue = ["a": [1, "b"], "c": .object([])]
        #expect(small.text == "{\n  \"a\": [\n    1,\n    \"b\"\n  ],\n  \"c\": {}\n}\n")
        #expect(small.line == #"{"a":[1,"b"],"c":{}}"#)
    }

    @Test func escapes() {
        let text = JSONValue.string("\"\\/\n\r\t\u{0}\u{1F}\u{7F}é")
        #expect(text.line == #""\"\\/\n\r\t\u0000\u001f\u007fé""#)
        #expect(JSONValue.object([.init("\"", 1)]).line == #"{"\"":1}"#)
    }

    @Test func numbers() {
        let values: JSONValue = [
            1, .number(1.0), .float(0.1), .number(0.1), .number(1e-12), .number(1e20),
            .float(1e-12), .integer(.max), .number(Double.nan), .number(-Double.infinity),
        ]
        #expect(
            values.line
                == "[1,1.0,0.1,0.1,1e-12,1e+20,1e-12,9223372036854775807,null,null]")
    }
}
