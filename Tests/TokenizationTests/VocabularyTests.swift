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

    @Test(arguments: [[], ["", ""]])
    func noTokens(tokens: [String]) {
        let error = #expect(throws: TokenizationError.self) { try Vocabulary(tokens: tokens) }
        #expect(
            error?.description == "vocabulary: the vocabulary is empty; expected one token a line")
    }

    /// What `load_vocab` of transformers makes of these files.
    @Test(arguments: [
        ("a\n\nb\n", ["a", "", "b"], ["a": 0, "b": 2, "": 1]),
        ("\n\na", ["", "", "a"], ["a": 2, "": 1]),
        ("a\nb\n\n\n", ["a", "b", "", ""], ["a": 0, "b": 1, "": 3]),
        ("a\nb\na\n", ["a", "b", "a"], ["a": 2, "b": 1]),
        ("a\nb\na\na\nb\nc", ["a", "b", "a", "a", "b", "c"], ["a": 3, "b": 4, "c": 5]),
        ("a\r\rb\r\nc\r", ["a", "", "b", "c"], ["a": 0, "": 1, "b": 2, "c": 3]),
    ])
    func idsStayInTheirPlaces(text: String, tokens: [String], ids: [String: Int32]) throws {
        try withFolder(["vocab.txt": text]) { folder in
            let vocabulary = try Vocabulary(file: folder.appendingPathComponent("vocab.txt"))
            #expect(vocabulary.tokens == tokens)
            for (token, id) in ids { #expect(vocabulary.id(of: token) == id, "\(token)") }
            #expect(try Vocabulary(tokens: tokens) == vocabulary)
        }
    }

    @Test func whatIsOddIsNoted() throws {
        #expect(try Vocabulary(tokens: ["a", "b"]).notes == [])
        let vocabulary = try Vocabulary(tokens: ["a", "", "b", "a", "c", "a", "b", "c", "d", ""])
        #expect(
            vocabulary.notes == [
                "ids without a token, as from blank lines, keep their places: 1, 9",
                "tokens with two ids, of which the last counts: 'a' (0, 5), 'b' (2, 6), 'a' (3, 5) and 1 more",
            ])
        #expect((0..<10).filter { vocabulary.isReachable($0) } == [5, 6, 7, 8])
        #expect(vocabulary.reachableEnd == 9)
    }

    /// Pieces inside words keep their ids too.
    @Test func aRepeatedPieceHasItsLastID() throws {
        let tokens = classicTokens + ["##ed", "", "want", "##s"]
        for count in [tokens.count, nil] {
            let tokenizer = try tokenizer(tokens, wordPieceCount: count)
            #expect(tokenizer.encode("wanteds", maxLength: 9) == [1, 17, 15, 18, 2])
        }
        let added = try tokenizer(tokens + ["<x>"], added: [AddedToken("<x>")], wordPieceCount: 19)
        #expect(added.encode("wanted<x>", maxLength: 9) == [1, 17, 15, 19, 2])
    }

    @Test(arguments: ["a\nb\nc", "a\nb\nc\n", "a\r\nb\r\nc\r\n", "\u{FEFF}a\nb\nc\n"])
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
        (
            Array("version https://git-lfs.github.com/spec/v1\noid sha256:1\nsize 2\n".utf8),
            "FILE: a pointer of Git LFS, not the file itself; run 'git lfs pull' in its repository, or download the file"
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
