import Foundation
import Fuzzing
import TestSupport
import Testing

@testable import Tokenization

/// Damaged files give a tokenizer that works or an error; any text gives ids.
@Suite struct TokenizerFuzzTests {
    private static let files = [
        "vocab.txt": classicTokens.joined(separator: "\n") + "\n",
        "tokenizer.json": """
        {"version":"1.0","truncation":{"max_length":128,"strategy":"LongestFirst","stride":0},
        "padding":null,"added_tokens":[{"id":3,"content":"[PAD]","special":true,"lstrip":false},
        {"id":15,"content":"<new>","special":false,"normalized":true,"rstrip":true}],
        "normalizer":{"type":"BertNormalizer","clean_text":true,"handle_chinese_chars":true,
        "strip_accents":null,"lowercase":true},"pre_tokenizer":{"type":"BertPreTokenizer"},
        "post_processor":{"type":"TemplateProcessing","single":[{"SpecialToken":{"id":"[CLS]",
        "type_id":0}},{"Sequence":{"id":"A","type_id":0}},{"SpecialToken":{"id":"[SEP]",
        "type_id":0}}],"special_tokens":{"[CLS]":{"id":"[CLS]","ids":[1],"tokens":["[CLS]"]},
        "[SEP]":{"id":"[SEP]","ids":[2],"tokens":["[SEP]"]}}},"decoder":{"type":"WordPiece"},
        "model":{"type":"WordPiece","unk_token":"[UNK]","continuing_subword_prefix":"##",
        "max_input_chars_per_word":100,"vocab":{
        """
            + classicTokens.enumerated().map { "\"\($1)\":\($0)" }.joined(separator: ",") + "}}}",
        "tokenizer_config.json":
            #"{"do_lower_case":true,"strip_accents":null,"tokenize_chinese_chars":true,"model_max_length":512,"tokenizer_class":"BertTokenizer","unk_token":"[UNK]","cls_token":{"content":"[CLS]"},"sep_token":"[SEP]"}"#,
        "special_tokens_map.json":
            #"{"unk_token":"[UNK]","mask_token":{"content":"[MASK]","lstrip":true}}"#,
        "added_tokens.json": #"{"<more>":16,"<new>":15}"#,
    ]
    private static let text = "UNwant\u{E9}d <new> low,\u{4E2D}runn\u{301}ing [MASK] \u{1F600}"

    /// Encodes a text and checks what every tokenizer has to give.
    private static func encode(_ text: String, with tokenizer: BertTokenizer) {
        let ids = tokenizer.encode(text, maxLength: 16)
        #expect((2...16).contains(ids.count))
        #expect(ids.allSatisfy { (0..<tokenizer.vocabularySize).contains(Int($0)) })
    }

    @Test(arguments: [true, false])
    func damagedFiles(withTokenizerFile: Bool) async {
        await #expect(processExitsWith: .success) { [withTokenizerFile] in
            let temporary = TemporaryFolder()
            defer { withExtendedLifetime(temporary) {} }
            let folder = temporary.url
            let names = TokenizerFuzzTests.files.keys.sorted().filter {
                $0 != (withTokenizerFile ? "vocab.txt" : "tokenizer.json")
            }
            let seeds = names.map { Array((TokenizerFuzzTests.files[$0] ?? "").utf8) }
            for (name, seed) in zip(names, seeds) {
                try Data(seed).write(to: folder.appending(path: name))
            }
            Fuzz.run(
                seeds,
                expects: { ($0 as? TokenizationError)?.description.contains(folder.path) == true }
            ) { bytes, index in
                let url = folder.appending(path: names[index])
                try Data(bytes).write(to: url)
                defer { try? Data(seeds[index]).write(to: url) }
                let tokenizer = try BertTokenizer(folder: folder)
                TokenizerFuzzTests.encode(TokenizerFuzzTests.text, with: tokenizer)
            }
        }
    }

    @Test func anyText() async {
        await #expect(processExitsWith: .success) {
            let tokenizers = [try tokenizer(), try tokenizer(classicTokens, .unchangedText)]
            Fuzz.run(
                [Array(TokenizerFuzzTests.text.utf8)], readShare: 1...1, expects: { _ in false }
            ) {
                bytes, _ in
                let text = String(decoding: bytes, as: UTF8.self)
                for tokenizer in tokenizers { TokenizerFuzzTests.encode(text, with: tokenizer) }
            }
        }
    }
}
