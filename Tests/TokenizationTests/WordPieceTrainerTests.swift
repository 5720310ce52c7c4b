import Testing

@testable import Tokenization

@Suite struct WordPieceTrainerTests {
    private let texts = ["low low low low low", "lower lower", "newest newest newest", "widest"]

    @Test func mergesTheMostFrequentNeighbours() throws {
        let trainer = WordPieceTrainer(vocabularySize: 32, specialTokens: ["[UNK]"])
        let vocabulary = try trainer.train(on: texts)
        let characters = ["d", "e", "i", "l", "n", "o", "r", "s", "t", "w"]
        let inside = ["##d", "##e", "##i", "##o", "##r", "##s", "##t", "##w"]
        // ##o ##w and l ##o both occur 7 times, and "##o" comes before "l"; and so on.
        let merged = [
            "##ow", "low", "##es", "##est", "##ew", "##ewest", "newest", "##er", "lower",
        ]
        #expect(vocabulary.tokens == ["[UNK]"] + characters + inside + merged)
    }

    @Test func theOrderOfTheTextsDoesNotMatter() throws {
        let words = (0..<400).map { "w\($0 * 7919 % 1000) x\($0 % 37)\($0 % 11)" }
        let trainer = WordPieceTrainer(vocabularySize: 150)
        let vocabulary = try trainer.train(on: words)
        #expect(vocabulary.count == 150)
        #expect(try trainer.train(on: words.reversed()) == vocabulary)
        #expect(try trainer.train(on: [words.joined(separator: "\n")]) == vocabulary)
    }

    @Test func stopsAtTheSizeAndAtTheFrequency() throws {
        var trainer = WordPieceTrainer(vocabularySize: 21, specialTokens: ["[UNK]"])
        #expect(try trainer.train(on: texts).tokens.suffix(2) == ["##ow", "low"])
        trainer.vocabularySize = 1000
        trainer.minFrequency = 4
        #expect(try trainer.train(on: texts).tokens.suffix(4) == ["##ow", "low", "##es", "##est"])
        trainer.minFrequency = 1
        #expect(try trainer.train(on: texts).tokens.last == "widest")
    }

    @Test func theTokenizerSpellsEveryTrainedWord() throws {
        let configuration = BertTokenizerConfiguration()
        let vocabulary = try WordPieceTrainer(vocabularySize: 40).train(on: texts)
        let tokenizer = try BertTokenizer(vocabulary: vocabulary, configuration: configuration)
        #expect(vocabulary.tokens.prefix(5) == ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"])
        #expect(tokenizer.pieces("LOW newest dew") == ["low", "newest", "d", "##ew"])
        #expect(!tokenizer.pieces("lowest wider, well").contains("low,"))
    }

    @Test func composedAndDecomposedLettersStayApart() throws {
        let trainer = WordPieceTrainer(
            vocabularySize: 100, specialTokens: ["[UNK]"], configuration: .cased)
        let tokens = try trainer.train(on: ["x\u{E9} xe\u{301}", "x\u{E9} xe\u{301}"]).tokens
        #expect(tokens.contains { isIdentical($0, "x\u{E9}") })
        #expect(tokens.contains { isIdentical($0, "xe\u{301}") })
    }

    @Test func alphabet() throws {
        var trainer = WordPieceTrainer(
            vocabularySize: 100, minFrequency: 100, specialTokens: ["[UNK]"],
            initialAlphabet: ["q", "z"], alphabetLimit: 4)
        #expect(
            try trainer.train(on: texts).tokens
                == ["[UNK]", "e", "q", "w", "z", "##q", "##z"])
        trainer.alphabetLimit = 1000
        trainer.vocabularySize = 10
        let error = #expect(throws: TokenizationError.self) { try trainer.train(on: texts) }
        #expect(
            error?.description == """
                vocabulary training: 1 special tokens and the characters need 23 tokens, but \
                vocabularySize is 10; raise it or lower alphabetLimit, which is 1000
                """)
    }

    @Test func repeatedLetters() throws {
        let trainer = WordPieceTrainer(vocabularySize: 6, specialTokens: ["[UNK]"])
        let tokens = try trainer.train(on: ["aaaaa aaaa aaaaa"]).tokens
        #expect(tokens == ["[UNK]", "a", "##a", "##aa", "aaa", "aaaaa"])
    }
}
