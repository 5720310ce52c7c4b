import Foundation
import Testing

@testable import Tokenization

@Suite struct VocabularyTests {
    @Test func numbersTokensInOrder() throws {
        let vocabulary = try Vocabulary(tokens: ["a", "##b", "\u{E9}", "e\u{301}"])
        #expect(vocabulary.count == 4)
        #expect(vocabulary.id(of: "##b") == 1)
        #expect(vocabulary.id(of: "c") == nil)
        #expect(vocabulary.token(of: 0) == "a")
        #expect(vocabulary.token(of: 4) == nil)
        #expect(vocabulary.token(of: -1) == nil)
        #expect(vocabulary[1] == "##b")
        // Composed and decomposed letters are different tokens.
        #expect(vocabulary.id(of: "\u{E9}") == 2)
        #expect(vocabulary.id(of: "e\u{301}") == 3)
        #expect(vocabulary.tokens.map(\.unicodeScalars.count) == [1, 3, 1, 2])
    }

    @Test func manyTokens() throws {
        let tokens = (0..<5000).map { "t\($0)" }
        let vocabulary = try Vocabulary(tokens: tokens)
        #expect(tokens.indices.allSatisfy { vocabulary.id(of: tokens[$0]) == Int32($0) })
        #expect(try Vocabulary(tokens: AnySequence(tokens)) == vocabulary)
        #expect(try Vocabulary(tokens: tokens.reversed()) != vocabulary)
    }

    @Test(arguments: [
        ([], "vocabulary: the vocabulary is empty; expected one token a line"),
        (["a", ""], "vocabulary: token 1 is empty; remove the blank line"),
        (
            ["a", "b", "a"],
            "vocabulary: token 'a' has two ids, 0 and 2; every token must occur once"
        ),
    ])
    func badTokens(tokens: [String], message: String) {
        let error = #expect(throws: TokenizationError.self) { try Vocabulary(tokens: tokens) }
        #expect(error?.description == message)
    }

    @Test(arguments: ["a\nb\nc", "a\nb\nc\n", "a\r\nb\r\nc\r\n", "\u{FEFF}a\nb\nc\n\n\r\n"])
    func readsLines(text: String) throws {
        try withFolder(["vocab.txt": text]) { folder in
            let vocabulary = try Vocabulary(file: folder.appendingPathComponent("vocab.txt"))
            #expect(vocabulary.tokens == ["a", "b", "c"])
        }
    }

    @Test func linesEndOnlyAtLineFeeds() throws {
        try withFolder(["vocab.txt": "a\u{85}\nb\u{2028}c\n \u{3000}\n"]) { folder in
            let vocabulary = try Vocabulary(file: folder.appendingPathComponent("vocab.txt"))
            #expect(vocabulary.tokens == ["a\u{85}", "b\u{2028}c", " \u{3000}"])
        }
    }

    @Test(arguments: [
        (Array("\n\n".utf8), "FILE: the vocabulary is empty; expected one token a line"),
        (Array("a\n\nb\n".utf8), "FILE: token 1 is empty; remove the blank line"),
        (
            Array("a\nb\na\n".utf8),
            "FILE: token 'a' has two ids, 0 and 2; every token must occur once"
        ),
        (
            [0x61, 0x0A, 0x62, 0xFF, 0x0A],
            "FILE:2: not valid UTF-8; convert the file to UTF-8"
        ),
        ([0xED, 0xA0, 0x80], "FILE:1: not valid UTF-8; convert the file to UTF-8"),
    ])
    func badFiles(bytes: [UInt8], message: String) throws {
        try withFolder { folder in
            let file = folder.appendingPathComponent("vocab.txt")
            try Data(bytes).write(to: file)
            let error = #expect(throws: TokenizationError.self) { try Vocabulary(file: file) }
            let text = error?.description.replacingOccurrences(of: file.path, with: "FILE")
            #expect(text == message)
        }
    }

    @Test func missingFile() {
        let error = #expect(throws: TokenizationError.self) {
            try Vocabulary(file: URL(fileURLWithPath: "/nowhere/vocab.txt"))
        }
        #expect(error?.description.hasPrefix("/nowhere/vocab.txt: cannot be read: ") == true)
    }
}
