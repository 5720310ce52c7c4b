import Testing

@testable import Tokenization

@Suite struct BertTokenizerTests {
    @Test func classicSentence() throws {
        let tokenizer = try tokenizer()
        #expect(tokenizer.vocabularySize == 15)
        #expect(
            tokenizer.encode("UNwant\u{E9}d,running", maxLength: 128)
                == [1, 9, 6, 7, 12, 10, 11, 2])
        #expect(
            tokenizer.pieces("UNwant\u{E9}d,running")
                == ["un", "##want", "##ed", ",", "runn", "##ing"])
    }

    @Test func unknownWords() throws {
        let tokenizer = try tokenizer()
        #expect(tokenizer.pieces("unwanted running") == ["un", "##want", "##ed", "runn", "##ing"])
        #expect(tokenizer.pieces("unwantedX running") == ["[UNK]", "runn", "##ing"])
        #expect(tokenizer.pieces("lowest lowestx x") == ["lowest", "[UNK]", "[UNK]"])
        #expect(tokenizer.pieces("\u{AD}") == [])
    }

    @Test(arguments: ["", " ", "\n\t\u{3000}", "\u{0}\u{200B}"])
    func emptyTextIsOnlyItsEnds(text: String) throws {
        #expect(try tokenizer().encode(text, maxLength: 128) == [1, 2])
    }

    @Test func theLongestTokenWins() throws {
        let tokens = [
            "[UNK]", "[CLS]", "[SEP]", "a", "ab", "abc", "##b", "##bc", "##c", "##cd", "##d",
        ]
        let tokenizer = try tokenizer(tokens)
        #expect(
            tokenizer.pieces("ab abc abcd abbc aab") == [
                "ab", "abc", "abc", "##d", "ab", "##bc", "[UNK]",
            ])
    }

    @Test func tokensEndBetweenScalars() throws {
        let tokens = [
            "[UNK]", "[CLS]", "[SEP]", "\u{430}", "##\u{431}", "\u{1F600}", "##\u{1F601}",
        ]
        let tokenizer = try tokenizer(tokens)
        #expect(tokenizer.pieces("\u{430}\u{431} \u{1F600}\u{1F601}") == Array(tokens[3...]))
        #expect(tokenizer.pieces("\u{430}\u{432}") == ["[UNK]"])
    }

    @Test(arguments: [(99, 99), (100, 100), (101, 1), (5000, 1)])
    func wordsOfMoreThanHundredScalarsAreUnknown(length: Int, pieces: Int) throws {
        let tokens = ["[UNK]", "[CLS]", "[SEP]", "\u{1F600}", "##\u{1F600}"]
        let word = String(repeating: "\u{1F600}", count: length)
        let result = try tokenizer(tokens).pieces(word + "\u{301}", maxLength: 10_000)
        #expect(result.count == pieces)
        #expect(result.contains("[UNK]") == (length > 100))
    }

    @Test func theLimitCountsScalarsAfterNormalisation() throws {
        var configuration = configuration()
        configuration.maxInputCharactersPerWord = 3
        let tokens = ["[UNK]", "[CLS]", "[SEP]", "eee", "\u{1100}", "##\u{1161}"]
        let tokenizer = try tokenizer(tokens, configuration)
        #expect(tokenizer.pieces("\u{E9}\u{E9}e\u{301} eeee") == ["eee", "[UNK]"])
        #expect(
            tokenizer.pieces("\u{AC00} \u{AC00}\u{AC00}") == ["\u{1100}", "##\u{1161}", "[UNK]"])
    }

    @Test func anotherPrefix() throws {
        var configuration = configuration()
        configuration.continuingSubwordPrefix = "@@"
        let tokenizer = try tokenizer(
            ["[UNK]", "[CLS]", "[SEP]", "a", "##b", "@@b"], configuration)
        #expect(tokenizer.pieces("ab") == ["a", "@@b"])
    }

    @Test func truncationKeepsTheBeginning() throws {
        let tokenizer = try tokenizer()
        let whole = tokenizer.encode("unwanted, running low", maxLength: 100)
        #expect(whole == [1, 9, 6, 7, 12, 10, 11, 13, 2])
        for length in 2...12 {
            let cut = tokenizer.encode("unwanted, running low", maxLength: length)
            #expect(cut == Array(whole.dropLast().prefix(length - 1)) + [2])
        }
        // A word that turns out unknown counts as one token wherever the limit falls.
        #expect(tokenizer.encode("unwantedx", maxLength: 4) == [1, 0, 2])
    }

    @Test func specialTokensInTheText() throws {
        let tokenizer = try tokenizer()
        #expect(
            tokenizer.pieces("low[SEP]low [CLS]\u{301} [MASK][PAD],[UNK]")
                == ["low", "[SEP]", "low", "[CLS]", "[MASK]", "[PAD]", ",", "[UNK]"])
        // Neither letter case nor accents may differ.
        #expect(tokenizer.pieces("[mask] [MASK") == Array(repeating: "[UNK]", count: 5))
        #expect(tokenizer.encode("[SEP] low", maxLength: 3) == [1, 2, 2])
    }

    @Test func specialTokensFarIntoTheText() throws {
        let tokenizer = try tokenizer()
        for padding in 4080...4100 {
            let text = String(repeating: " ", count: padding) + "low[MASK]low"
            #expect(tokenizer.pieces(text) == ["low", "[MASK]", "low"])
            let letters = String(repeating: "\u{E9}", count: padding) + "[MASK],low"
            #expect(tokenizer.pieces(letters) == ["[UNK]", "[MASK]", ",", "low"])
        }
    }

    @Test func addedTokens() throws {
        let added = [
            AddedToken("low", singleWord: true, normalized: false),
            AddedToken("LO-W", normalized: true), AddedToken("lo", special: true),
            AddedToken("xy", singleWord: true, normalized: false),
        ]
        let tokenizer = try tokenizer(
            classicTokens + ["lo", "LO-W", "##w", "xy"], added: added, wordPieceCount: 15)
        // A match that touches a letter is passed over whole; the plain words remain.
        #expect(tokenizer.pieces("low lowest low,") == ["low", "lowest", "low", ","])
        #expect(
            tokenizer.pieces("L\u{D3}-W lo-w LO-W") == ["LO-W", "lo", "[UNK]", "[UNK]", "LO-W"])
        let around = tokenizer.pieces("xy_ \u{4E2D}xy xy\u{301} xy-xy")
        #expect(around == Array(repeating: "[UNK]", count: 5) + ["xy", "[UNK]", "xy"])
        // "##w" stands after the tokens that words may be spelt with.
        #expect(tokenizer.pieces("waw") == ["[UNK]"])
    }

    @Test func theLongestAddedTokenWins() throws {
        let added = ["<a>", "<a><b>", "<b>"].map { AddedToken($0, special: true) }
        let tokenizer = try tokenizer(classicTokens + added.map(\.content), added: added)
        #expect(tokenizer.pieces("<a><b><b><a>") == ["<a><b>", "<b>", "<a>"])
    }

    @Test func tokensOfForeignIDs() throws {
        #expect(try tokenizer().tokens(of: [5, 99, -1]) == ["want", "[UNK]", "[UNK]"])
    }

    @Test func missingSpecialTokens() throws {
        let error = #expect(throws: TokenizationError.self) {
            try tokenizer(["[UNK]", "hello", "[PAD]"])
        }
        #expect(
            error?.description == """
                vocabulary: the vocabulary lacks [CLS], [SEP]; add them or name the model's own \
                special tokens in tokenizer_config.json
                """)
        let tooMany = #expect(throws: TokenizationError.self) { try tokenizer(wordPieceCount: 16) }
        #expect(
            tooMany?.description
                == "vocabulary: 'wordPieceCount' is 16, expected at most the vocabulary's 15 tokens"
        )
    }

    /// Quadratic time in any of these would take minutes.
    @Test(arguments: [
        ("a", 1), ("\u{301}", 0), ("a\u{301}", 1), ("\u{1D16D}\u{1D165}", 1), (" ", 0), ("[", 126),
        ("[CLS", 126), ("[MASK]", 126), ("un", 1), ("\u{4E2D}", 126), ("\u{AC01}", 1),
        (String(repeating: "q", count: 100) + " ", 126), ("\u{0}", 0), ("-\u{1D165}", 126),
    ])
    func longMonotonousTexts(unit: String, pieces: Int) throws {
        let text = String(repeating: unit, count: 1_000_000 / unit.utf8.count)
        #expect(try tokenizer().encode(text, maxLength: 128).count == pieces + 2)
    }
}

@Suite struct EmptySentenceTests {
    /// There is no token in these but the special ones at the ends.
    @Test(arguments: [
        "", " ", "\t\r\n", "\u{A0}", "\u{200B}", "\u{FEFF}", "\u{A0}\u{200B} \u{FEFF}", "\0\0",
        "\u{301}", "\u{3000}\u{2028}",
    ])
    func nothingToRead(_ text: String) throws {
        #expect(try tokenizer().isEmpty(text))
    }

    @Test(arguments: ["a", ".", "\u{1F600}", "\u{200B}x", "[MASK]", "\u{4E2D}"])
    func somethingToRead(_ text: String) throws {
        #expect(try !tokenizer().isEmpty(text))
    }

    /// What is kept is a word, though an unknown one.
    @Test func whatIsNotCleanedAwayIsRead() throws {
        let plain = try tokenizer(classicTokens, .unchangedText)
        #expect(!plain.isEmpty("\u{200B}"))
        #expect(plain.isEmpty(" "))
    }
}
