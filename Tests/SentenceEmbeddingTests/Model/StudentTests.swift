import Foundation
import ModelFolders
import NeuralNetwork
import Tensors
import TestSupport
import Testing

@testable import SentenceEmbedding
@testable import Tokenization

/// Models made from a larger one: of some of its tokens, of some of its layers, of another shape.
@Suite struct StudentTests {
    private let folder = TemporaryFolder()
    private let sentences = TinyModel.sentences(30, seed: 4)

    private func expectSame(
        _ a: SentenceTransformer, _ b: SentenceTransformer, _ texts: [String],
        sourceLocation: SourceLocation = #_sourceLocation
    ) {
        #expect(
            a.encode(texts).values.map(\.bitPattern) == b.encode(texts).values.map(\.bitPattern),
            sourceLocation: sourceLocation)
    }

    /// A teacher with prompts and a maximal length of its own.
    private func teacher(dense: [DenseConfiguration] = []) throws -> SentenceTransformer {
        let plain = try TinyModel.make(
            pooling: [.cls, .mean], dense: dense, normalizes: true, seed: 6)
        let settings = try ModelSettings(
            json: #"{"prompts": {"query": "fish: "}, "default_prompt_name": "query"}"#,
            source: "test")
        return try SentenceTransformer(
            plain.bert.configuration, tokenizer: plain.tokenizer, pooling: plain.pooling,
            modules: plain.modules, settings: settings, maxSequenceLength: 20,
            source: .weights(ParameterWeights(plain)))
    }

    // MARK: - Vocabulary

    @Test func tokensOfAnotherVocabularyBeginAsTheirPieces() throws {
        let teacher = try TinyModel.make(normalizes: true, seed: 6)
        let old = teacher.tokenizer.vocabulary
        let (first, second) = (TinyModel.words[0], TinyModel.words[1])
        let special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
        let tokens = special + [second, first, "##" + second, "###"]
        let model = try teacher.replacingVocabulary(Vocabulary(tokens: tokens))
        let width = teacher.bert.configuration.hiddenSize
        func row(_ model: SentenceTransformer, _ id: Int32) throws -> [Float] {
            let values = try model.values(of: "embeddings.word_embeddings.weight").values
            return Array(values[Int(id) * width..<(Int(id) + 1) * width])
        }
        for (id, token) in tokens.enumerated() {
            let origin =
                old.id(of: token) ?? old.id(of: String(token.dropFirst(2))) ?? old.id(of: "[UNK]")
            #expect(try row(model, Int32(id)) == row(teacher, #require(origin)), "\(token)")
        }
        #expect(model.bert.configuration.vocabularySize == tokens.count)
        // Words that both have make the same embeddings, and a file holds the model.
        expectSame(model, teacher, [first, "\(second) \(first)", ""])
        try Checkpoint.write(model, to: folder("v.h5"))
        expectSame(try SentenceTransformer(path: folder("v.h5").path), model, [first])
        #expect(throws: TokenizationError.self) {
            try teacher.replacingVocabulary(Vocabulary(tokens: [first, second]))
        }
    }

    // MARK: - Layers

    @Test func allLayersAreTheSameModel() throws {
        let teacher = try teacher()
        let student = try teacher.student(layers: [0, 1])
        #expect(student.parameters.bits == teacher.parameters.bits)
        expectSame(student, teacher, sentences)
        #expect(student.prompt == "fish: " && student.maxSequenceLength == 20)
        #expect(student.pooling.modes == [.cls, .mean] && student.normalizes)
    }

    @Test func someLayers() throws {
        let teacher = try teacher()
        let student = try teacher.student(layers: [1])
        #expect(student.bert.configuration.layerCount == 1)
        let (own, old) = (student.parameters.bits, teacher.parameters.bits)
        #expect(own.count < old.count)
        for (name, bits) in own {
            #expect(bits == old[name.replacing("encoder.layer.0.", with: "encoder.layer.1.")])
        }
        // Through a file, with all that it carries.
        try student.write(to: folder("s"))
        let read = try SentenceTransformer(path: folder("s").path)
        expectSame(read, student, sentences)
        #expect(read.prompt == "fish: " && read.maxSequenceLength == 20)
    }

    @Test(arguments: [[], [2], [-1], [1, 0], [0, 0]])
    func layersThatAreNone(_ layers: [Int]) throws {
        let teacher = try TinyModel.make()
        let error = #expect(throws: ConfigurationError.self) { try teacher.student(layers: layers) }
        #expect(error?.description.contains("expected numbers of 0...1, rising") == true)
    }

    // MARK: - Another shape

    @Test func aSmallStudentBeginsWithProjectedWords() throws {
        let dense = DenseConfiguration(inputs: 64, outputs: 16, hasBias: true, activation: .tanh)
        let teacher = try teacher(dense: [dense])
        let student = try teacher.student(
            hiddenSize: 8, layerCount: 1, headCount: 2, intermediateSize: 16)
        #expect(student.embeddingDimension == 16 && student.dense.isEmpty)
        #expect(student.normalizes && student.prompt == "fish: ")
        #expect(student.notes.contains { $0.contains("left out the teacher's dense layers") })
        #expect(student.encode(sentences).values.allSatisfy { $0.isFinite })

        let words = try teacher.values(of: SentenceTransformer.wordEmbeddings)
        let components = PrincipalComponents(count: 8, ofRows: words.shape[0], width: 32) {
            Array(words.values[$0 * 32..<($0 + 1) * 32])
        }
        let own = try student.values(of: SentenceTransformer.wordEmbeddings)
        #expect(own.shape == [words.shape[0], 8])
        #expect(Array(own.values[24..<32]) == components.project(Array(words.values[96..<128])))
        let positions = try teacher.values(of: "embeddings.position_embeddings.weight").values
        let ownPositions = try student.values(of: "embeddings.position_embeddings.weight").values
        #expect(Array(ownPositions[8..<16]) == components.project(Array(positions[32..<64])))

        // A seed decides the rest.
        func bits(_ seed: UInt64) throws -> [String: [UInt32]] {
            try teacher.student(
                hiddenSize: 8, layerCount: 1, headCount: 2, intermediateSize: 16, seed: seed
            ).parameters.bits
        }
        #expect(try bits(42) == student.parameters.bits)
        #expect(try bits(43) != student.parameters.bits)
    }

    /// With the teacher's own width nothing is lost but the layers.
    @Test func aStudentAsWideAsItsTeacher() throws {
        let dense = DenseConfiguration(inputs: 64, outputs: 16, hasBias: true, activation: .tanh)
        let teacher = try teacher(dense: [dense])
        let student = try teacher.student(
            hiddenSize: 32, layerCount: 1, headCount: 2, intermediateSize: 16)
        #expect(student.notes.isEmpty && student.embeddingDimension == 16)
        #expect(
            try student.values(of: "2_Dense.linear.weight").values
                == teacher.values(of: "2_Dense.linear.weight").values)
        let (a, b) = (
            try teacher.values(of: SentenceTransformer.wordEmbeddings).values,
            try student.values(of: SentenceTransformer.wordEmbeddings).values
        )
        /// The dot product of the rows 5 and 6.
        func dot(_ x: [Float]) -> Float {
            (0..<32).reduce(0) { $0 + x[160 + $1] * x[192 + $1] }
        }
        #expect(abs(dot(a) - dot(b)) < 1e-6)
    }

    @Test func shapesThatAreNone() throws {
        let teacher = try TinyModel.make()
        for (hidden, heads, key) in [
            (33, 3, "hidden_size"), (0, 1, "hidden_size"), (8, 3, "heads"),
        ] {
            let error = #expect(throws: ConfigurationError.self) {
                try teacher.student(
                    hiddenSize: hidden, layerCount: 1, headCount: heads, intermediateSize: 8)
            }
            #expect(error?.key.contains(key) == true)
        }
    }

    // MARK: - Vocabularies

    /// A model whose words have pieces.
    private func spelling(_ tokens: [String]) throws -> SentenceTransformer {
        let vocabulary = try Vocabulary(
            tokens: ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"] + tokens)
        var configuration = BertConfiguration(
            vocabularySize: vocabulary.count + 3, hiddenSize: 16, layerCount: 1, headCount: 2,
            intermediateSize: 16)
        configuration.maxPositionEmbeddings = 32
        return try SentenceTransformer(
            configuration, tokenizer: BertTokenizer(vocabulary: vocabulary),
            source: .random(seed: 3))
    }

    private func pruned(
        _ model: SentenceTransformer, _ texts: [String], keepsCharacters: Bool
    ) throws -> SentenceTransformer {
        var texts = texts.makeIterator()
        return try model.pruned(keepsCharacters: keepsCharacters) { texts.next() }
    }

    @Test func embeddingsOfTheCorpusStay() throws {
        let teacher = try teacher()
        let texts = Array(sentences.prefix(3))
        let small = try pruned(teacher, texts, keepsCharacters: false)
        let count = small.tokenizer.vocabularySize
        #expect(count < teacher.tokenizer.vocabularySize)
        #expect(small.bert.configuration.vocabularySize == count)
        expectSame(small, teacher, texts)
        // The prompt's own word is there, though no text has it; other words are not.
        #expect(small.tokenizer.vocabulary.id(of: "fish") != nil)
        #expect(small.tokenizer.vocabulary.tokens.prefix(5).contains("[MASK]"))
        let gone = try #require(
            TinyModel.words.first { small.tokenizer.vocabulary.id(of: $0) == nil })
        try small.setPrompt("")
        #expect(small.tokenize([gone]) == [[2, 1, 3]])
        // Through files.
        try small.write(to: folder("m"))
        let read = try SentenceTransformer(path: folder("m").path)
        #expect(read.tokenizer.vocabulary == small.tokenizer.vocabulary)
        try read.setPrompt(name: "query", text: nil)
        expectSame(read, teacher, texts)
    }

    @Test func charactersSpellWhatTheyDid() throws {
        let characters = ["a", "b", "c", "##a", "##b", "##c"]
        let model = try spelling(characters + ["ab", "##bc", "abc", "##cab", "x", "##xy", "cab"])
        let small = try pruned(model, ["abc"], keepsCharacters: true)
        // "##xy" has characters that are no tokens, so nothing else spells it.
        #expect(
            small.tokenizer.vocabulary.tokens.dropFirst(5)
                == characters[...] + ["abc", "x", "##xy"])
        expectSame(small, model, ["abc", "abc abc"])
        func unknown(_ model: SentenceTransformer, _ text: String) -> Bool {
            model.tokenize([text])[0].contains(1)
        }
        for text in ["cab", "abcab", "bbca", "axy", "ab", "abd", "y"] {
            #expect(unknown(small, text) == unknown(model, text), "\(text)")
        }
        let bare = try pruned(model, ["abc"], keepsCharacters: false)
        #expect(bare.tokenizer.vocabulary.tokens.dropFirst(5) == ["abc"])
        #expect(unknown(bare, "ab"))
    }

    /// "abd" cannot be spelt, because "ab" is taken and no "##d" follows. Without "ab" it could.
    @Test func whatCouldNotBeSpeltStillCannot() throws {
        let model = try spelling(["a", "ab", "##bd", "##b"])
        #expect(model.tokenize(["abd"]) == [[2, 1, 3]])
        for keeps in [true, false] {
            let small = try pruned(model, ["abd a"], keepsCharacters: keeps)
            #expect(small.tokenizer.vocabulary.id(of: "ab") != nil)
            expectSame(small, model, ["abd a"])
        }
    }

    @Test func addedTokensStay() throws {
        let plain = try spelling(["a", "b", "##b"])
        let (model, _) = try plain.addingTokens(["a b", "zz"])
        let small = try pruned(model, ["b"], keepsCharacters: false)
        #expect(small.tokenizer.vocabulary.tokens.dropFirst(5) == ["b", "a b", "zz"])
        #expect(small.tokenizer.wordPieceCount == 6)
        expectSame(small, model, ["a b", "b zz b"])
    }
}
