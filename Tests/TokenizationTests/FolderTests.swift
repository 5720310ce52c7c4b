import Foundation
import JSON
import Testing

@testable import Tokenization

@Suite struct FolderTests {
    private let lines = classicTokens.joined(separator: "\n") + "\n"

    /// A `tokenizer.json`; each part may be replaced.
    private func tokenizerJSON(
        normalizer: JSONValue = [
            "type": "BertNormalizer", "clean_text": true, "handle_chinese_chars": true,
            "strip_accents": .null, "lowercase": true,
        ],
        preTokenizer: JSONValue = ["type": "BertPreTokenizer"],
        postProcessor: JSONValue = .null, added: [JSONValue] = [], model: [JSONValue.Member] = [],
        vocabulary: [String] = classicTokens, ids: [String: Int] = [:]
    ) -> String {
        let tokens = vocabulary.enumerated().map {
            JSONValue.Member($0.element, .integer(ids[$0.element] ?? $0.offset))
        }
        let fields = [
            JSONValue.Member("vocab", .object(tokens)), .init("type", "WordPiece"),
            .init("unk_token", "[UNK]"),
        ]
        let root: JSONValue = [
            "normalizer": normalizer, "pre_tokenizer": preTokenizer,
            "post_processor": postProcessor, "added_tokens": .array(added),
            "model": .object(
                fields.filter { field in !model.contains { $0.key == field.key } } + model),
        ]
        return root.text
    }

    private func read(_ files: [String: String]) throws -> BertTokenizer {
        var tokenizer: BertTokenizer?
        try withFolder(files) { tokenizer = try BertTokenizer(folder: $0) }
        return try #require(tokenizer)
    }

    @Test func vocabularyAlone() throws {
        let tokenizer = try read(["vocab.txt": lines])
        #expect(tokenizer.configuration == BertTokenizerConfiguration())
        #expect(tokenizer.pieces("UNwant\u{E9}d low") == ["un", "##want", "##ed", "low"])
        #expect(
            tokenizer.addedTokens.map(\.content) == ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"])
    }

    @Test func settings() throws {
        let tokenizer = try read([
            "vocab.txt": lines,
            "tokenizer_config.json": """
            {"do_lower_case": false, "strip_accents": true, "tokenize_chinese_chars": false,
             "model_max_length": 1000000000000000019884624838656, "mask_token": {"content": "low"}}
            """,
            "special_tokens_map.json":
                "{\"sep_token\": {\"content\": \"want\"}, \"pad_token\": \"wa\"}",
        ])
        #expect(tokenizer.configuration.lowercase == false)
        #expect(tokenizer.configuration.stripAccents == true)
        #expect(tokenizer.configuration.tokenizeChineseCharacters == false)
        #expect(tokenizer.configuration.modelMaxLength == nil)
        #expect(tokenizer.configuration.maskToken == "low")
        #expect(tokenizer.configuration.sepToken == "want")
        #expect(tokenizer.configuration.padToken == "wa")
        #expect(tokenizer.encode("", maxLength: 2) == [1, 5])
    }

    @Test func tokenizerFileAlone() throws {
        let tokenizer = try read([
            "tokenizer.json": tokenizerJSON(
                normalizer: ["type": "BertNormalizer", "lowercase": false, "strip_accents": true],
                postProcessor: [
                    "type": "BertProcessing", "sep": .array(["low", 13]), "cls": .array(["un", 9]),
                ],
                model: [.init("max_input_chars_per_word", 4)])
        ])
        #expect(tokenizer.configuration.lowercase == false)
        #expect(tokenizer.configuration.stripAccents == true)
        #expect(tokenizer.configuration.cleanText)
        #expect(tokenizer.configuration.maxInputCharactersPerWord == 4)
        #expect(tokenizer.encode("wanted w\u{E1}", maxLength: 9) == [9, 0, 8, 13])
    }

    /// What the settings state counts, except for the generic class.
    @Test(arguments: [
        ("{}", true), ("{\"do_lower_case\": false}", false), ("{\"do_lower_case\": null}", true),
        ("{\"do_lower_case\": false, \"tokenizer_class\": \"BertTokenizerFast\"}", false),
        ("{\"do_lower_case\": false, \"tokenizer_class\": \"PreTrainedTokenizerFast\"}", true),
    ])
    func settingsGoBeforeTheTokenizerFile(settings: String, lowercase: Bool) throws {
        let tokenizer = try read([
            "tokenizer.json": tokenizerJSON(), "tokenizer_config.json": settings,
        ])
        #expect(tokenizer.configuration.lowercase == lowercase)
    }

    /// Sequences that do what one BertNormalizer would: lower-casing first or last is lower-casing, and a
    /// BertNormalizer that says nothing of accents strips them when it lower-cases itself.
    @Test func sequencesOfNormalizers() throws {
        func bert(_ lowercase: Bool, _ strip: JSONValue, clean: Bool = true) -> JSONValue {
            [
                "type": "BertNormalizer", "clean_text": .bool(clean),
                "handle_chinese_chars": .bool(clean), "strip_accents": strip,
                "lowercase": .bool(lowercase),
            ]
        }
        let lower: JSONValue = ["type": "Lowercase"]
        let strip: JSONValue = ["type": "Strip", "strip_left": true, "strip_right": true]
        for (list, expected) in [
            ([lower, bert(false, .null)], configuration(stripAccents: false)),
            ([bert(false, .null), lower], configuration(stripAccents: false)),
            ([lower, bert(true, .null)], configuration()),
            ([strip, lower, bert(false, true)], configuration(stripAccents: true)),
            ([bert(true, false)], configuration(stripAccents: false)),
            (
                [bert(false, true, clean: false), bert(true, false)],
                configuration(stripAccents: true)
            ),
            ([lower], configuration(stripAccents: false, chinese: false, clean: false)),
            ([], .unchangedText),
        ] {
            for nested in [false, true] {
                let inner: JSONValue = ["type": "Sequence", "normalizers": .array(list)]
                let outer: JSONValue = ["type": "Sequence", "normalizers": [inner]]
                let tokenizer = try read([
                    "tokenizer.json": tokenizerJSON(normalizer: nested ? outer : inner)
                ])
                #expect(tokenizer.configuration == expected)
            }
        }
        let alone = try read(["tokenizer.json": tokenizerJSON(normalizer: lower)])
        #expect(
            alone.configuration
                == configuration(stripAccents: false, chinese: false, clean: false))
    }

    /// A `tokenizer.json` made of a `vocab.txt` with a blank line and a repeated token has no such ids.
    @Test func idsThatAreLeftOut() throws {
        var text = classicTokens
        text.insert("", at: 7)
        text[12] = "want"
        text.append("want")
        let vocabulary = try Vocabulary(tokens: text)
        let ids = Dictionary(
            text.map { ($0, Int(vocabulary.id(of: $0) ?? -1)) }, uniquingKeysWith: { $1 })
        let json = tokenizerJSON(vocabulary: ids.keys.filter { !$0.isEmpty }.sorted(), ids: ids)
        let tokenizer = try read(["tokenizer.json": json])
        #expect(tokenizer.vocabulary.count == text.count)
        for (token, id) in ids where !token.isEmpty {
            #expect(tokenizer.vocabulary.id(of: token) == Int32(id))
        }
        // Both files together, and what is written of them.
        let both = try read([
            "tokenizer.json": json, "vocab.txt": text.joined(separator: "\n") + "\n",
        ])
        try withFolder { folder in
            try both.write(to: folder, maxLength: 16)
            let again = try BertTokenizer(folder: folder)
            #expect(
                again.encode("wanted low", maxLength: 9) == both.encode("wanted low", maxLength: 9))
            try FileManager.default.removeItem(at: folder.appendingPathComponent("tokenizer.json"))
            let plain = try BertTokenizer(folder: folder)
            #expect(
                plain.encode("wanted low", maxLength: 9) == both.encode("wanted low", maxLength: 9))
        }
    }

    @Test(arguments: ["tokenizer.json", "tokenizer_config.json", "vocab.txt"])
    func pointersOfGit(name: String) throws {
        let pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:ab\nsize 231508\n"
        #expect(
            try messageOfReading(["vocab.txt": lines].merging([name: pointer]) { $1 })
                == "FOLDER/\(name): a pointer of Git LFS, not the file itself; run 'git lfs pull' in its repository, or download the file"
        )
    }

    @Test func noNormalizer() throws {
        let tokenizer = try read(["tokenizer.json": tokenizerJSON(normalizer: .null)])
        #expect(tokenizer.configuration == .unchangedText)
    }

    @Test func addedTokensOfAllFiles() throws {
        let tokenizer = try read([
            "tokenizer.json": tokenizerJSON(added: [
                ["id": 15, "content": "<x>", "special": true, "normalized": false],
                ["id": 13, "content": "low", "single_word": true, "normalized": false],
            ]),
            "added_tokens.json": "{\"<z>\": 17, \"<y>\": 16}",
            "special_tokens_map.json":
                "{\"additional_special_tokens\": [\"<v>\", {\"content\": \"<x>\"}]}",
        ])
        #expect(tokenizer.vocabulary.tokens.suffix(4) == ["<x>", "<y>", "<z>", "<v>"])
        #expect(tokenizer.wordPieceCount == 15)
        #expect(
            tokenizer.pieces("<z>lowest<X><Y> low<v>") == [
                "<z>", "lowest", "[UNK]", "[UNK]", "[UNK]", "<y>", "low", "<v>",
            ])
        // Settings that list the added tokens take the place of the older files.
        let newer = try read([
            "vocab.txt": lines, "added_tokens.json": "{\"<z>\": 15}",
            "tokenizer_config.json": "{\"added_tokens_decoder\": {\"15\": {\"content\": \"<w>\"}}}",
        ])
        #expect(newer.vocabulary.tokens.suffix(2) == ["lowest", "<w>"])
    }

    @Test func roundTrip() throws {
        var configuration = configuration(lowercase: false, stripAccents: true, chinese: false)
        configuration.unkToken = "<unk>"
        configuration.clsToken = "<s>"
        configuration.sepToken = "</s>"
        configuration.padToken = "<pad>"
        configuration.maskToken = "<mask>"
        configuration.modelMaxLength = 77
        let tokens = [
            "<pad>", "<unk>", "<s>", "</s>", "<mask>", "a", "##b", "\"\\", "\u{E9}", "e\u{301}",
            "<new>",
        ]
        let original = try tokenizer(
            tokens, configuration, added: [AddedToken("<new>", singleWord: true)],
            wordPieceCount: 10)
        try withFolder { folder in
            let target = folder.appendingPathComponent("new/folder")
            try original.write(to: target, maxLength: 77)
            let names = try FileManager.default.contentsOfDirectory(atPath: target.path)
            #expect(
                names.sorted() == [
                    "special_tokens_map.json", "tokenizer.json", "tokenizer_config.json",
                    "vocab.txt",
                ])
            let copy = try BertTokenizer(folder: target)
            #expect(copy.configuration == configuration)
            #expect(copy.vocabulary == original.vocabulary)
            #expect(copy.addedTokens == original.addedTokens)
            #expect(copy.wordPieceCount == 10)
            let text = "ab <new> \u{E9} <s> <mask>"
            #expect(copy.encode(text, maxLength: 20) == original.encode(text, maxLength: 20))

            try FileManager.default.removeItem(at: target.appendingPathComponent("tokenizer.json"))
            #expect(try BertTokenizer(folder: target).configuration == configuration)
        }
    }

    @Test func settingsBeyondBertSurviveTheRoundTrip() throws {
        var configuration = configuration(clean: false)
        configuration.maxInputCharactersPerWord = 7
        configuration.continuingSubwordPrefix = "@@"
        configuration.modelMaxLength = 128
        let original = try tokenizer(classicTokens, configuration)
        try withFolder { folder in
            try original.write(to: folder, maxLength: 128)
            #expect(try BertTokenizer(folder: folder).configuration == configuration)
            let settings = try JSON.JSONObject<TokenizationError>(
                file: folder.appendingPathComponent("tokenizer_config.json"))
            #expect(try settings.string("tokenizer_class") == "PreTrainedTokenizerFast")
        }
    }

    @Test func writingFails() throws {
        try withFolder(["file": ""]) { folder in
            let error = #expect(throws: TokenizationError.self) {
                try tokenizer().write(to: folder.appendingPathComponent("file"), maxLength: 8)
            }
            #expect(
                error?.description.hasPrefix("\(folder.path)/file: cannot be written: ") == true)
            let broken = #expect(throws: TokenizationError.self) {
                try tokenizer(classicTokens + ["a\nb"]).write(to: folder, maxLength: 8)
            }
            #expect(
                broken?.description
                    == "token '\"a\\nb\"' holds a line break and cannot stand in vocab.txt")
        }
    }

    @Test func brokenFolders() throws {
        #expect(
            try messageOfReading([:]) == """
                FOLDER: has neither vocab.txt nor tokenizer.json; expected the folder of a BERT model \
                in Hugging Face's layout
                """)
        #expect(
            try messageOfReading(["vocab.txt": "[UNK]\n[SEP]\n"]) == """
                FOLDER: the vocabulary lacks [CLS]; add them or name the model's own special tokens in \
                tokenizer_config.json
                """)
        #expect(
            try messageOfReading(["tokenizer.json": "{"]) == """
                FOLDER/tokenizer.json:1: not valid JSON: expected a key in quotes at column 2; the \
                file may be cut off or damaged
                """)
        #expect(
            try messageOfReading(["tokenizer.json": "[]"])
                == "FOLDER/tokenizer.json: 'the whole file' is a list of 0, expected an object")
        #expect(
            try messageOfReading(["tokenizer.json": "{}"])
                == "FOLDER/tokenizer.json: 'model' is absent, expected an object")
        #expect(
            try messageOfReading([
                "vocab.txt": lines, "tokenizer_config.json": "{\"do_lower_case\": 1}",
            ])
                == "FOLDER/tokenizer_config.json: 'do_lower_case' is 1, expected true or false")
        #expect(
            try messageOfReading([
                "vocab.txt": lines, "special_tokens_map.json": "{\"cls_token\": []}",
            ])
                == """
                FOLDER/special_tokens_map.json: 'cls_token' is a list of 0, expected a token, as a \
                string or as an object with 'content'
                """)
    }

    @Test func foreignComponents() throws {
        #expect(
            try messageOfReading(["tokenizer.json": tokenizerJSON(model: [.init("type", "BPE")])])
                == "FOLDER/tokenizer.json: 'model.type' is 'BPE', which is not supported; supported: WordPiece"
        )
        #expect(
            try messageOfReading(["tokenizer.json": tokenizerJSON(normalizer: ["type": "NFKC"])])
                == """
                FOLDER/tokenizer.json: 'normalizer.type' is 'NFKC', which is not supported; supported: \
                BertNormalizer, Lowercase, Strip, a Sequence of them, or null
                """)
        #expect(
            try messageOfReading([
                "tokenizer.json": tokenizerJSON(
                    normalizer: [
                        "type": "Sequence",
                        "normalizers": [
                            ["type": "Lowercase"],
                            ["type": "Sequence", "normalizers": [["type": "StripAccents"]]],
                        ],
                    ])
            ])
                == """
                FOLDER/tokenizer.json: 'normalizer.normalizers[1].normalizers[0].type' is \
                'StripAccents', which is not supported; supported: BertNormalizer, Lowercase, Strip, \
                a Sequence of them, or null
                """)
        #expect(
            try messageOfReading([
                "tokenizer.json": tokenizerJSON(preTokenizer: ["type": "Whitespace"])
            ])
                == """
                FOLDER/tokenizer.json: 'pre_tokenizer.type' is 'Whitespace', which is not supported; \
                supported: BertPreTokenizer
                """)
        #expect(
            try messageOfReading([
                "tokenizer.json": tokenizerJSON(postProcessor: ["type": "ByteLevel"])
            ])
                == """
                FOLDER/tokenizer.json: 'post_processor.type' is 'ByteLevel', which is not supported; \
                supported: TemplateProcessing, BertProcessing or null
                """)
        #expect(
            try messageOfReading([
                "tokenizer.json": tokenizerJSON(
                    postProcessor: [
                        "type": "TemplateProcessing", "single": .array([["Sequence": "A"]]),
                    ])
            ]) == """
                FOLDER/tokenizer.json: 'post_processor.single' is a list of 1, expected a start token, \
                the text and an end token
                """)
        #expect(
            try messageOfReading([
                "vocab.txt": lines,
                "tokenizer_config.json": "{\"tokenizer_class\": \"BertJapaneseTokenizer\"}",
            ]) == """
                FOLDER/tokenizer_config.json: 'tokenizer_class' is 'BertJapaneseTokenizer', which is \
                not supported; supported: BertTokenizer and its like
                """)
    }

    @Test func contradictions() throws {
        let swapped = tokenizerJSON(ids: ["low": 14, "lowest": 13])
        #expect(
            try messageOfReading(["vocab.txt": lines, "tokenizer.json": swapped]) == """
                FOLDER: token 'low' has id 13 in vocab.txt but has id 14 in tokenizer.json; remove the \
                file that is out of date
                """)
        #expect(
            try messageOfReading(["vocab.txt": lines + "new\n", "tokenizer.json": tokenizerJSON()])
                == """
                FOLDER: token 'new' has id 15 in vocab.txt but is absent in tokenizer.json; remove the \
                file that is out of date
                """)
        #expect(
            try messageOfReading(["tokenizer.json": tokenizerJSON(ids: ["low": 99])]) == """
                FOLDER/tokenizer.json: token 'low' has id 99, expected one of 0..<30, for there are 15 \
                tokens
                """)
        #expect(
            try messageOfReading(["tokenizer.json": tokenizerJSON(ids: ["low": 14])])
                == "FOLDER/tokenizer.json: token 'lowest' has id 14, expected another, for 'low' has it"
        )
        #expect(
            try messageOfReading([
                "tokenizer.json": tokenizerJSON(added: [["id": 3, "content": "low"]])
            ])
                == "FOLDER: token 'low' has id 3, expected 13, which the vocabulary gives it")
        #expect(
            try messageOfReading([
                "tokenizer.json": tokenizerJSON(added: [["id": 17, "content": "<x>"]])
            ])
                == "FOLDER: token '<x>' has id 17, expected 15, the first id after the vocabulary")
        #expect(
            try messageOfReading([
                "tokenizer.json": tokenizerJSON(added: [["id": 15, "content": ""]])
            ])
                == "FOLDER/tokenizer.json: 'added_tokens[0].content' is '', expected a text that is not empty"
        )
    }

    /// A file that cannot be looked at is not left out: the tokenizer would be another.
    @Test func anOptionalFileThatCannotBeRead() throws {
        try withFolder(["vocab.txt": lines]) { folder in
            let file = folder.appending(path: "tokenizer_config.json")
            try FileManager.default.createSymbolicLink(at: file, withDestinationURL: file)
            let error = #expect(throws: TokenizationError.self) {
                try BertTokenizer(folder: folder)
            }
            #expect(error?.description.contains(file.path) == true)
        }
    }
}
