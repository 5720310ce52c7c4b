import Foundation
import Tokenization

extension FuzzReader {
    /// Tokenizers' files, and texts.
    static let texts: [FuzzReader] = [
        tokenizer("tokenizer", "tokenizer.json"), tokenizer("vocab", "vocab.txt"),
        tokenizer(
            "tokenizer-config", "tokenizer_config.json", "special_tokens_map.json",
            "added_tokens.json"),
        text,
    ]

    private static let sample = "UNwant\u{E9}d <new> low,\u{4E2D}runn\u{301}ing [MASK] \u{1F600}"
    private static let tokens = [
        "[UNK]", "[CLS]", "[SEP]", "[PAD]", "[MASK]", "want", "##want", "##ed", "wa", "un", "runn",
        "##ing", ",", "low", "lowest",
    ]

    /// Encodes a text and checks what every tokenizer has to give.
    private static func encode(_ text: String, with tokenizer: BertTokenizer) {
        let ids = tokenizer.encode(text, maxLength: 16)
        precondition((2...16).contains(ids.count))
        precondition(ids.allSatisfy { (0..<tokenizer.vocabularySize).contains(Int($0)) })
    }

    /// Files of a tokenizer's folder; with several, the first byte says which of them the rest is.
    private static func tokenizer(_ name: String, _ names: String...) -> FuzzReader {
        let folder = ScratchFolder()
        let files = names.map { ScratchFile($0, in: folder) }
        if !["tokenizer", "vocab"].contains(name) {
            ScratchFile("vocab.txt", in: folder).write((tokens.joined(separator: "\n") + "\n").utf8)
        }
        return FuzzReader(
            name, longest: 2048, cost: 5,
            expects: { ($0 as? TokenizationError)?.description.contains(folder.url.path) == true }
        ) { bytes in
            if files.count == 1 {
                files[0].write(bytes)
            } else {
                guard let first = bytes.first else { return }
                for file in files { file.write("{}".utf8) }
                files[Int(first) % files.count].write(bytes.dropFirst())
            }
            encode(sample, with: try BertTokenizer(folder: folder.url))
        }
    }

    private static let tokenizers: [BertTokenizer] = {
        var plain = BertTokenizerConfiguration()
        (plain.lowercase, plain.cleanText, plain.tokenizeChineseCharacters) = (false, false, false)
        return [BertTokenizerConfiguration(), plain].map { configuration in
            do {
                return try BertTokenizer(
                    vocabulary: Vocabulary(tokens: tokens), configuration: configuration,
                    addedTokens: [AddedToken("<new>", special: false)])
            } catch { fatalError("\(error)") }
        }
    }()

    private static let text = FuzzReader("text", longest: 256, expects: { _ in false }) { bytes in
        let text = String(decoding: bytes, as: UTF8.self)
        for tokenizer in tokenizers { encode(text, with: tokenizer) }
    }
}
