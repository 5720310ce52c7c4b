import Foundation
import ModelFolders
import NeuralNetwork
import Serialization
import Tensors
import Testing
import Tokenization

@testable import SentenceEmbedding

/// Models through files: old layouts, heads, settings, prompts, more tokens, weights that are none.
@Suite struct ModelFilesTests {
    private let folder = TemporaryFolder()
    private static let sentences = ["a dog runs .", "the cat", "the big red guitar plays", ""]

    private func settings(_ json: String) throws -> ModelSettings {
        try ModelSettings(json: json, source: "a test")
    }

    /// TinyModel with settings, and a pooling that may leave the prompt out.
    private func model(
        _ json: String = "{}", pooling: [PoolingMode] = [.mean], includesPrompt: Bool = true
    ) throws -> SentenceTransformer {
        let plain = try TinyModel.make(dropout: 0)
        return try SentenceTransformer(
            plain.bert.configuration, tokenizer: plain.tokenizer,
            pooling: Pooling(pooling, includesPrompt: includesPrompt),
            settings: settings(json), source: .random(seed: 1))
    }

    private func move(_ names: [String], from: String, to: String) throws {
        try FileManager.default.createDirectory(
            at: folder(to), withIntermediateDirectories: true)
        for name in names {
            try FileManager.default.moveItem(
                at: folder("\(from)/\(name)"), to: folder("\(to)/\(name)"))
        }
    }

    // MARK: - Layout and weights

    @Test(arguments: ["0_Transformer", "0_BERT"])
    func theLayoutBefore2(path: String) throws {
        let model = try TinyModel.make(dense: [DenseConfiguration(inputs: 32, outputs: 8)])
        try model.write(to: folder("old"))
        let names = try FileManager.default.contentsOfDirectory(atPath: folder("old").path)
        let modules = try String(contentsOf: folder("old/modules.json"), encoding: .utf8)
        try move(
            names.filter { !$0.contains("_Dense") && !$0.contains("_Pooling") }, from: "old",
            to: "old/\(path)")
        try FileManager.default.removeItem(at: folder("old/\(path)/modules.json"))
        try Data(
            modules.replacing(#""path": """#, with: #""path": "\#(path)""#)
                .replacing("models.Transformer", with: "models.\(path.dropFirst(2))").utf8
        ).write(to: folder("old/modules.json"))
        try Data(#"{"__version__": "0.4.1"}"#.utf8).write(to: folder("old/config.json"))
        let again = try SentenceTransformer(path: folder("old").path)
        #expect(again.parameters.bits == model.parameters.bits)
        #expect(again.encode(Self.sentences).values == model.encode(Self.sentences).values)
        let tokenizer = try SentenceTransformer.tokenizer(path: folder("old").path)
        #expect(tokenizer.maxLength == model.maxSequenceLength)
        #expect(tokenizer.tokenizer.vocabulary == model.tokenizer.vocabulary)
    }

    /// The one way from a folder to ids.
    @Test func theTokenizerAloneIsTheModels() throws {
        let cased = try TinyModel.make()
        let tokenizer = try BertTokenizer(
            vocabulary: cased.tokenizer.vocabulary, configuration: .cased)
        let model = try SentenceTransformer(
            cased.bert.configuration, tokenizer: tokenizer, source: .random(seed: 1))
        try model.write(to: folder("cased"))
        try folder.removeManifest(of: "cased")
        try Data(#"{"max_seq_length": 20, "do_lower_case": true}"#.utf8)
            .write(to: folder("cased/sentence_bert_config.json"))
        let read = try SentenceTransformer(path: folder("cased").path)
        let (alone, length) = try SentenceTransformer.tokenizer(path: folder("cased").path)
        #expect(length == 20 && read.maxSequenceLength == 20)
        #expect(alone.encode("The DOG", maxLength: 9) == read.tokenize(["The DOG"])[0])
        #expect(alone.encode("The DOG", maxLength: 9) == model.tokenize(["the dog"])[0])
    }

    @Test func headsAreLeftOutByName() throws {
        let model = try TinyModel.make()
        try model.write(to: folder("model"))
        try folder.removeManifest(of: "model")
        let file = folder("model/model.safetensors")
        func write(_ more: [String]) throws {
            let arrays = model.parameters.flatMap { parameter in
                parameter.parts.map { part in
                    OutgoingArray(name: part.name, shape: part.shape.array) {
                        try parameter.withValues(of: part, $0)
                    }
                }
            }
            let values: [Float] = [1, 2]
            let extra = more.map { name in
                OutgoingArray(name: name, shape: [2]) { try $0(values.span) }
            }
            try SafetensorsFile.write(arrays + extra, to: file)
        }
        try write(["classifier.weight", "lm_head.bias", "my.own.head", "cls.predictions.bias"])
        let read = try SentenceTransformer(path: folder("model").path)
        #expect(read.parameters.bits == model.parameters.bits)
        #expect(
            read.notes == [
                "\(file.path): left out what is no part of the encoder: classifier.weight, cls.predictions.bias, lm_head.bias and 1 more"
            ])
        for deeper in [
            "encoder.layer.2.output.dense.bias", "embeddings.projection", "pooler.other",
        ] {
            try write(["classifier.weight", deeper])
            let error = #expect(throws: ParameterError.self) {
                try SentenceTransformer(path: folder("model").path)
            }
            #expect(error?.unexpected == [deeper])
        }
    }

    @Test func whatIsOddInAVocabularyIsNoted() throws {
        let model = try TinyModel.make()
        try model.write(to: folder("model"))
        try folder.removeManifest(of: "model")
        try FileManager.default.removeItem(at: folder("model/tokenizer.json"))
        let lines = try String(contentsOf: folder("model/vocab.txt"), encoding: .utf8)
        try Data(
            lines.replacing("\npiano\n", with: "\n\n").replacing("\nblue\n", with: "\nred\n").utf8
        )
        .write(to: folder("model/vocab.txt"))
        let read = try SentenceTransformer(path: folder("model").path)
        #expect(
            read.notes == [
                "\(folder("model").path): ids without a token, as from blank lines, keep their places: 16",
                "\(folder("model").path): tokens with two ids, of which the last counts: 'red' (23, 24)",
            ])
        #expect(read.tokenize(["red ball"]) == [[2, 24, 17, 3]])
        // And through a checkpoint and back.
        try Checkpoint.write(read, to: folder("a.h5"))
        let checkpoint = try SentenceTransformer(path: folder("a.h5").path)
        #expect(checkpoint.tokenizer.vocabulary == read.tokenizer.vocabulary)
        try checkpoint.write(to: folder("again"))
        let again = try SentenceTransformer(path: folder("again").path)
        #expect(again.tokenize(["red ball piano"]) == read.tokenize(["red ball piano"]))
        // A blank line at the end asks for no row, though it has an id.
        try Data((lines + "\n").utf8).write(to: folder("model/vocab.txt"))
        #expect(
            try SentenceTransformer(path: folder("model").path).tokenizer.vocabulary.count
                == model.tokenizer.vocabulary.count + 1)
    }

    @Test func pointersOfGit() throws {
        let pointer = Data("version https://git-lfs.github.com/spec/v1\noid sha256:1\n".utf8)
        try pointer.write(to: folder("a.h5"))
        let error = #expect(throws: CheckpointError.self) {
            try SentenceTransformer(path: folder("a.h5").path)
        }
        #expect(error?.description.contains("a.h5: a pointer of Git LFS, not the file") == true)
        try pointer.write(to: folder("tf_model.h5"))
        #expect(
            throws: SerializationError.gitLFSPointer(path: folder("tf_model.h5").path)
        ) { try KerasWeights(folder("tf_model.h5")) }
    }

    // MARK: - Settings and prompts

    private static let json =
        #"{"x": [1], "prompts": {"query": "the big", "none": ""}, "similarity_fn_name": "dot", "default_prompt_name": "query", "y": null}"#

    @Test func settingsGoThroughEveryFile() throws {
        let model = try model(Self.json, includesPrompt: false)
        try model.write(to: folder("a"))
        let read = try SentenceTransformer(path: folder("a").path)
        try Checkpoint.write(read, to: folder("b.h5"))
        let checkpoint = try SentenceTransformer(path: folder("b.h5").path)
        try checkpoint.write(to: folder("c"))
        for again in [read, checkpoint, try SentenceTransformer(path: folder("c").path)] {
            #expect(again.settings == model.settings)
            #expect(!again.pooling.includesPrompt)
            #expect(again.prompt == "the big")
            #expect(again.encode(Self.sentences).values == model.encode(Self.sentences).values)
        }
        let name = "config_sentence_transformers.json"
        let text = try String(contentsOf: folder("c/\(name)"), encoding: .utf8)
        #expect(text.filter { !$0.isWhitespace } == Self.json.filter { !$0.isWhitespace })
    }

    /// A prompt is as if the sentences began with it.
    @Test func aPromptIsPutInFront() throws {
        let model = try model(Self.json)
        let plain = try self.model()
        let longer = Self.sentences.map { "the big" + $0 }
        #expect(model.prompt == "the big")
        #expect(model.encode(Self.sentences).values == plain.encode(longer).values)
        try model.setPrompt("")
        #expect(model.encode(Self.sentences).values == plain.encode(Self.sentences).values)
        try model.setPrompt(model.settings.prompt(named: "query"))
        #expect(model.encode(Self.sentences).values == plain.encode(longer).values)
    }

    /// A prompt for one call is not pooled either, whatever the model's own is.
    @Test func aPromptOfOneCallThatIsNotPooled() throws {
        let model = try model(includesPrompt: false)
        let given = model.encode(Self.sentences, prompt: "the big ").values
        let none = model.encode(Self.sentences).values
        try model.setPrompt("the big ")
        #expect(model.encode(Self.sentences).values == given)
        #expect(model.encode(Self.sentences, prompt: "").values == none)
    }

    /// Each mode over the tokens after the prompt's, which keep their places.
    @Test(arguments: PoolingMode.allCases)
    func aPromptThatIsNotPooled(mode: PoolingMode) throws {
        let model = try model(pooling: [mode], includesPrompt: false)
        try model.setPrompt("the big ")
        let sentences = ["dog runs", "cat", ""]
        let batch = TokenBatch(model.tokenize(sentences))
        let hidden = model.bert(batch)
        let (values, width) = (hidden.values, 32)
        var expected: [Float] = []
        for sequence in 0..<batch.layout.count {
            let rows = batch.layout.rows(of: sequence)
            let kept = Array(rows.dropFirst(3))  // [CLS] the big
            for column in 0..<width {
                let numbers = kept.map { values[$0 * width + column] }
                let sum = numbers.reduce(0, +)
                let places = kept.map { Float($0 - rows.lowerBound + 1) }
                let value: Float =
                    switch mode {
                    case .cls: numbers[0]
                    case .lastToken: numbers[numbers.count - 1]
                    case .max: numbers.max() ?? 0
                    case .mean: sum / Float(numbers.count)
                    case .meanSqrtLength: sum / Float(numbers.count).squareRoot()
                    case .weightedMean:
                        zip(numbers, places).reduce(0) { $0 + $1.0 * $1.1 }
                            / places.reduce(0, +)
                    }
                expected.append(value)
            }
        }
        let found = model.encode(sentences).values
        #expect(zip(found, expected).allSatisfy { abs($0 - $1) < 1e-5 })
        // Trained too: with a gradient, and the same values on a tape.
        let tape = Tape()
        let tracked = model(batch, on: tape)
        #expect(zip(tracked.values, expected).allSatisfy { abs($0 - $1) < 1e-5 })
        _ = tape.backward(from: tracked.squared().sum())
        #expect(model.parameters.allSatisfy { $0.name.hasPrefix("pooler") || $0.gradient != nil })
    }

    @Test func promptsThatFillTheModel() throws {
        let model = try model()
        model.maxSequenceLength = 5
        try model.setPrompt("the dog")
        let error = #expect(throws: ModelError.self) { try model.setPrompt("the dog runs") }
        #expect(
            error?.description
                == "the prompt 'the dog runs' leaves no token to a sentence: the model reads 5 at most, the special ones included; give a shorter one"
        )
        #expect(model.prompt == "the dog")
    }

    @Test(arguments: SimilarityFunction.allCases)
    func theModelsSimilarityIsThePrimaryFigure(function: SimilarityFunction) throws {
        let model = try model(#"{"similarity_fn_name": "\#(function.rawValue)"}"#)
        let evaluation = try EmbeddingSimilarityEvaluator(TinyModel.scored(20)).evaluate(model)
        #expect(evaluation.primaryName == "spearman_\(function.rawValue)")
        #expect(evaluation.figures[0].name == evaluation.primaryName)
        #expect(evaluation.figures.count == 8)
        #expect(Set(evaluation.figures.map(\.name)).count == 8)
    }

    @Test func similarities() {
        let (u, v): ([Float], [Float]) = ([3, 0, -4], [1, 2, 2])
        let zero: [Float] = [0, 0, 0]
        let expected = [-5.0 / 15, -5, -(4.0 + 4 + 36).squareRoot(), -10]
        for (function, value) in zip(SimilarityFunction.allCases, expected) {
            #expect(abs(function(u.span, v.span) - value) < 1e-12, "\(function)")
        }
        #expect(SimilarityFunction.cosine(u.span, zero.span) == 0)
    }

    // MARK: - More tokens

    @Test func newTokensAreTheMeansOfTheirPieces() throws {
        let model = try model(Self.json)
        let before = model.parameters.bits
        let words = "embeddings.word_embeddings.weight"
        let first = model.tokenizer.vocabulary.count
        let (larger, report) = try model.addingTokens(
            ["big dog", "dog", "Guitar .", "big dog", "guitar ."])
        #expect(
            report
                == AddedTokensReport(
                    added: ["big dog", "Guitar .", "guitar ."], known: ["dog"],
                    repeated: ["big dog"], unreachable: ["guitar ."]))
        #expect(larger.tokenizer.vocabulary.count == first + 3)
        #expect(larger.tokenizer.wordPieceCount == first)
        #expect(larger.bert.configuration.vocabularySize == first + 3)
        #expect(larger.prompt == "the big")
        #expect(model.parameters.bits == before)
        let after = larger.parameters.bits
        for (name, bits) in before {
            #expect(after[name].map { Array($0.prefix(bits.count)) } == bits, "\(name)")
        }
        let table = try #require(larger.parameters.first { $0.name == words }).tensor.values
        func row(_ id: Int) -> ArraySlice<Float> { table[id * 32..<(id + 1) * 32] }
        func id(_ token: String) throws -> Int {
            Int(try #require(model.tokenizer.vocabulary.id(of: token)))
        }
        let mean = zip(row(try id("big")), row(try id("dog"))).map { ($0 + $1) / 2 }
        #expect(zip(row(first), mean).allSatisfy { abs($0 - $1) < 1e-7 })
        try larger.setPrompt("")
        #expect(
            larger.tokenize(["A BIG DOG plays guitar."]) == [
                [2, 5, Int32(first), 11, 15, 31, 3]
            ])
        #expect(larger.tokenize(["guitar ."]) == [[2, Int32(first + 1), 3]])

        // Through every file.
        try Checkpoint.write(larger, to: folder("a.h5"))
        let checkpoint = try SentenceTransformer(path: folder("a.h5").path)
        try checkpoint.write(to: folder("b"))
        let read = try SentenceTransformer(path: folder("b").path)
        for again in [checkpoint, read] {
            #expect(again.parameters.bits == after)
            #expect(again.tokenizer.vocabulary == larger.tokenizer.vocabulary)
            #expect(again.tokenizer.addedTokens == larger.tokenizer.addedTokens)
            try again.setPrompt("")
            #expect(again.tokenize(["a big dog"]) == larger.tokenize(["a big dog"]))
        }
    }

    /// Rows that no token had are taken before new ones are made.
    @Test func rowsToSpareAreUsed() throws {
        let plain = try TinyModel.make()
        var configuration = plain.bert.configuration
        configuration.vocabularySize += 2
        let model = try SentenceTransformer(
            configuration, tokenizer: plain.tokenizer, source: .random(seed: 1))
        let (one, _) = try model.addingTokens(["big dog"])
        #expect(one.bert.configuration.vocabularySize == configuration.vocabularySize)
        let (three, _) = try model.addingTokens(["big dog", "red cat", "blue ball"])
        #expect(three.bert.configuration.vocabularySize == configuration.vocabularySize + 1)
        let (same, report) = try one.addingTokens(["big dog"])
        #expect(report.known == ["big dog"] && report.added == [])
        #expect(same.parameters.bits == one.parameters.bits)
    }

    @Test(arguments: ["", " ", "\u{200B}"])
    func tokensThatAreNone(token: String) throws {
        let model = try model()
        #expect(throws: ModelError.emptyToken(token)) { try model.addingTokens(["x", token]) }
    }

    // MARK: - What is not finite

    /// Every weight is finite, but nothing that is computed with them.
    @Test func embeddingsThatAreNotFinite() throws {
        let model = try TinyModel.make()
        try model.requireFinite()
        for parameter in model.parameters
        where parameter.name.contains("dense.weight") && !parameter.name.contains("attention") {
            for part in parameter.parts {
                parameter.setValues(of: part) { values in
                    for i in values.indices { values[i] *= 1e30 }
                }
            }
        }
        try model.parameters.requireFinite()
        #expect(throws: ModelError.embeddingNotFinite) { try model.requireFinite() }
        #expect(throws: ModelError.embeddingNotFinite) { try model.write(to: folder("a")) }
        #expect(throws: ModelError.embeddingNotFinite) { try model.writeONNX(to: folder("a.onnx")) }
        #expect(throws: ModelError.embeddingNotFinite) { try model.writeGGUF(to: folder("a.gguf")) }
        #expect(throws: ModelError.embeddingNotFinite) {
            try Checkpoint.write(model, to: folder("a.h5"))
        }
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.url.path).isEmpty)
    }

    // MARK: - llama.cpp

    @Test func onlyGELUIsInLlamaCpp() throws {
        let plain = try TinyModel.make()
        for activation in HiddenActivation.allCases {
            var configuration = plain.bert.configuration
            configuration.hiddenActivation = activation
            let model = try SentenceTransformer(
                configuration, tokenizer: plain.tokenizer, source: .random(seed: 1))
            if activation.function == .gelu {
                try model.writeGGUF(to: folder("\(activation).gguf"))
            } else {
                let error = #expect(throws: GGUFError.self) {
                    try model.writeGGUF(to: folder("\(activation).gguf"))
                }
                #expect(error?.description.contains("hidden_act is \(activation.rawValue)") == true)
            }
        }
    }

    /// llama.cpp wants each token once, and as many as there are rows.
    @Test func idsThatNoTextLeadsToInLlamaCpp() throws {
        let plain = try TinyModel.make()
        let tokens = plain.tokenizer.vocabulary.tokens
        let vocabulary = try Vocabulary(tokens: tokens + ["", "dog", ""])
        let vocabularyOfFile = try GGUFVocabulary(
            BertTokenizer(vocabulary: vocabulary), rows: tokens.count + 2, path: "x")
        let written = vocabularyOfFile.metadata.first { $0.key == "tokenizer.ggml.tokens" }?.value
        guard case .strings(let list)? = written else {
            Issue.record("no tokens")
            return
        }
        #expect(list.count == tokens.count + 2)
        #expect(Set(list).count == list.count)
        #expect(list[9] == "[PAD9]" && list[tokens.count] == "[PAD\(tokens.count)]")
        #expect(list[tokens.count + 1] == "▁dog")
    }
}
