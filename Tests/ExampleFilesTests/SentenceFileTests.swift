import Foundation
import Testing

@testable import ExampleFiles

@Suite struct SentenceFileTests {
    private func read(_ bytes: Data, _ format: SentenceFile.Format) throws -> [String] {
        let folder = TemporaryFolder()
        try bytes.write(to: folder("in"))
        let file = try SentenceFile(path: folder("in").path, format: format)
        var sentences: [String] = []
        while let sentence = try file.next() { sentences.append(sentence) }
        return sentences
    }

    private func problem(_ bytes: Data, _ format: SentenceFile.Format) -> String {
        let error = #expect(throws: ExampleFileError.self) { try read(bytes, format) }
        return error.map { String($0.description.split(separator: "/").last ?? "") } ?? ""
    }

    @Test func textLines() throws {
        #expect(try read(Data("a b\r\n\n  c\nlast".utf8), .text) == ["a b", "", "  c", "last"])
        #expect(try read(Data(), .text) == [])
        #expect(try read(Data("\u{FEFF}\"a\"\n".utf8), .text) == ["\"a\""])
    }

    @Test func jsonLines() throws {
        let lines = """
            "a \\"b\\" \\u00e9\\n"
            {"id": 7, "text": "c", "more": {"text": "no"}}
             {"text": ""}
            """
        #expect(try read(Data(lines.utf8), .jsonl) == ["a \"b\" é\n", "c", ""])
    }

    @Test func badLinesAreNamed() throws {
        #expect(
            problem(Data("fine\n".utf8) + Data([0x61, 0xe9, 0x0a]), .text)
                == "in:2: not valid UTF-8; is the file in another encoding, such as Latin-1?")
        let expected = #"expected a JSON string or {"text": "..."}"#
        #expect(
            problem(Data("\"fine\"\nnot json\n".utf8), .jsonl)
                == "in:2: \(expected); invalid JSON: expected a string at column 1")
        #expect(
            problem(Data("\"a\" b\n".utf8), .jsonl)
                == "in:1: \(expected); invalid JSON: text after the value at column 5")
        for line in [#"{"txt": "a"}"#, #"{"text": 5}"#, #"{"text": null}"#] {
            #expect(
                problem(Data(line.utf8), .jsonl)
                    == "in:1: \(expected); found an object without a string 'text'")
        }
    }

    /// Files that were joined: the second one's mark is no part of a text.
    @Test func aMarkInsideIsRefused() throws {
        #expect(
            problem(Data("\u{FEFF}a\n\u{FEFF}b\n".utf8), .text)
                == "in:2: it begins with a byte order mark, as where files are joined; take the mark out, and a second header if there is one"
        )
        #expect(try read(Data("a\u{FEFF}b\n".utf8), .text) == ["a\u{FEFF}b"])
    }

    @Test func aTextThatIsThereTwiceIsRefused() throws {
        for line in [#"{"text": "a", "text": "b"}"#, #"{"text": 1, "text": "b"}"#] {
            #expect(
                problem(Data(line.utf8), .jsonl)
                    == "in:1: the key 'text' is there twice; leave one of them")
        }
    }

    @Test func nulIsRefused() throws {
        #expect(
            problem(Data("fine\na\0b\n".utf8), .text)
                == "in: not a text file: line 2 holds a NUL byte; is it a binary file?")
        #expect(
            problem(Data(#"{"text": "a\u0000b"}"#.utf8), .jsonl)
                == "in:1: the sentence holds a NUL character; take it out")
    }

    @Test func formatsByName() {
        #expect(SentenceFile.Format(path: "a.jsonl") == .jsonl)
        #expect(SentenceFile.Format(path: "a.jsonl.gz") == .jsonl)
        #expect(SentenceFile.Format(path: "a.txt") == .text)
        #expect(SentenceFile.Format(path: "a.txt.gz") == .text)
    }
}
