import Foundation
import NeuralNetwork
import Serialization
import Testing

@testable import ModelFolders

/// Folders of other versions and shapes than the usual ones, and what they state twice.
@Suite struct LayoutTests {
    private let folder = TemporaryFolder()

    private static let config =
        #"{"model_type":"bert","vocab_size":100,"hidden_size":24,"num_hidden_layers":2,"num_attention_heads":3,"intermediate_size":40,"max_position_embeddings":64}"#

    private func write(_ files: [String: String]) throws {
        for (name, text) in files {
            let url = folder(name)
            try FileManager.default.createDirectory(
                at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
            try Data(text.utf8).write(to: url)
        }
    }

    private func modules(_ modules: (kind: String, path: String)...) -> String {
        let entries = modules.enumerated().map {
            #"{"idx":\#($0.offset),"name":"\#($0.offset)","path":"\#($0.element.path)","type":"sentence_transformers.models.\#($0.element.kind)"}"#
        }
        return "[" + entries.joined(separator: ",") + "]"
    }

    private func problem() -> String {
        do { _ = try ModelFolder(reading: folder.url) } catch {
            return error.description.replacing(folder.url.path, with: "FOLDER")
        }
        return "no error"
    }

    // MARK: - Lengths

    /// What sentence-transformers computes with: the stated length, else the tokenizer's, never more than positions.
    @Test(arguments: [
        (#"{"max_seq_length":50}"#, #"{"model_max_length":20}"#, 50),
        (#"{"max_seq_length":20}"#, #"{"model_max_length":50}"#, 20),
        (#"{"max_seq_length":512}"#, #"{"model_max_length":20}"#, 64),
        (#"{"max_seq_length":null}"#, #"{"model_max_length":20}"#, 20),
        (#"{"transformer_task":"feature-extraction"}"#, #"{"model_max_length":20}"#, 20),
        (#"{}"#, #"{"model_max_length":1000000000000000019884624838656}"#, 64),
        (#"{"max_seq_length":33}"#, "{}", 33), ("{}", #"{"max_len":30}"#, 30),
        ("{}", #"{"max_len":30,"model_max_length":31}"#, 31),
    ])
    func theStatedLengthDecides(sentence: String, tokenizer: String, length: Int) throws {
        try write([
            "config.json": Self.config, "sentence_bert_config.json": sentence,
            "tokenizer_config.json": tokenizer,
        ])
        #expect(try ModelFolder(reading: folder.url).maxSequenceLength == length)
    }

    @Test(arguments: [
        "sentence_bert_config.json", "sentence_roberta_config.json",
        "sentence_distilbert_config.json", "sentence_camembert_config.json",
        "sentence_albert_config.json", "sentence_xlm-roberta_config.json",
        "sentence_xlnet_config.json",
    ])
    func everyNameOfTheSettings(name: String) throws {
        try write([
            "config.json": Self.config, name: #"{"max_seq_length":50,"do_lower_case":true}"#,
            "tokenizer_config.json": #"{"model_max_length":20}"#,
        ])
        let model = try ModelFolder(reading: folder.url)
        #expect(model.maxSequenceLength == 50)
        #expect(model.lowercasesText)
    }

    @Test func lengthsThatCannotBe() throws {
        try write([
            "config.json": Self.config, "sentence_bert_config.json": #"{"max_seq_length":2}"#,
        ])
        #expect(
            problem().hasPrefix(
                "FOLDER/sentence_bert_config.json: max_seq_length is 2.0, expected 3 or more tokens"
            ))
        try write([
            "sentence_bert_config.json": "{}", "tokenizer_config.json": #"{"model_max_length":-1}"#,
        ])
        #expect(problem().hasPrefix("FOLDER/tokenizer_config.json: model_max_length is -1.0"))
    }

    // MARK: - Layouts before 2.0

    @Test(arguments: [
        ("Transformer", "0_Transformer"), ("BERT", "0_BERT"), ("Transformer", "./encoder/inner/"),
    ])
    func theEncoderInAFolderOfItsOwn(kind: String, path: String) throws {
        try write([
            "modules.json": modules((kind, path), ("Pooling", "1_Pooling")),
            "1_Pooling/config.json": #"{"pooling_mode_cls_token":true}"#,
            "\(path)/config.json": Self.config,
            "\(path)/sentence_bert_config.json": #"{"max_seq_length":32,"do_lower_case":true}"#,
            "\(path)/tokenizer_config.json": #"{"model_max_length":16}"#,
        ])
        for root in [nil, #"{"__version__": "0.4.1"}"#, "{}"] {
            if let root { try write(["config.json": root]) }
            let model = try ModelFolder(reading: folder.url)
            #expect(model.encoderPath == (path == "./encoder/inner/" ? "encoder/inner" : path))
            #expect(model.configuration.hiddenSize == 24)
            #expect(model.poolingModes == [.cls])
            #expect(model.maxSequenceLength == 32)
            #expect(model.lowercasesText)
        }
    }

    /// Files of 2019 do not say which model they are of; the class of the module does.
    @Test(arguments: [("BERT", EncoderKind.bert), ("DistilBERT", .distilbert)])
    func theModuleTellsTheEncoder(kind: String, encoder: EncoderKind) throws {
        let config =
            encoder == .bert
            ? Self.config.replacing(#""model_type":"bert","#, with: "")
            : #"{"dim":24,"n_heads":3,"n_layers":2,"hidden_dim":40,"vocab_size":100}"#
        try write([
            "modules.json": modules((kind, "0_\(kind)"), ("Pooling", "1_Pooling")),
            "1_Pooling/config.json": #"{"pooling_mode_mean_tokens":true}"#,
            "0_\(kind)/config.json": config,
        ])
        let model = try ModelFolder(reading: folder.url)
        #expect(model.encoder == encoder)
        #expect(model.configuration.layerCount == 2)
    }

    @Test func aMissingEncoderIsNamed() throws {
        try write(["modules.json": modules(("Transformer", "0_Transformer"), ("Pooling", "p"))])
        #expect(problem().hasPrefix("FOLDER/0_Transformer/config.json: not found; expected the"))
    }

    // MARK: - Modules

    @Test func dropoutAndSeveralNormalisations() throws {
        try write([
            "config.json": Self.config,
            "modules.json": modules(
                ("Transformer", ""), ("Pooling", "1_Pooling"), ("Dropout", "2_Dropout"),
                ("Normalize", "3_Normalize"), ("Dense", "4_Dense"), ("Normalize", "5_Normalize"),
                ("Normalize", "6_Normalize"), ("Dropout", "7_Dropout")),
            "1_Pooling/config.json": #"{"pooling_mode_mean_tokens":true}"#,
            "2_Dropout/config.json": #"{"dropout": 0.25}"#, "7_Dropout/config.json": "{}",
            "4_Dense/config.json": #"{"in_features":24,"out_features":8}"#,
        ])
        let model = try ModelFolder(reading: folder.url)
        #expect(
            model.modules == [
                .dropout(0.25), .normalize, .dense(DenseConfiguration(inputs: 24, outputs: 8)),
                .normalize, .normalize, .dropout(0.2),
            ])
        #expect(model.modules.normalizes)
        #expect(model.densePaths == ["4_Dense"])
        try write(["2_Dropout/config.json": #"{"dropout": 1}"#])
        #expect(problem().hasPrefix("FOLDER/2_Dropout/config.json: dropout is 1, expected 0..<1"))
        try FileManager.default.removeItem(at: folder("2_Dropout/config.json"))
        #expect(
            problem()
                == "FOLDER/2_Dropout/config.json: not found; expected the dropout that modules.json names"
        )
    }

    @Test(arguments: [
        ([SentenceModule.normalize, .dropout(0.1)], true), ([.dropout(0.1)], false),
        ([.normalize, .dense(DenseConfiguration(inputs: 4, outputs: 4))], false),
    ])
    func theLengthThatComesOut(modules: [SentenceModule], normalizes: Bool) {
        #expect(modules.normalizes == normalizes)
    }

    @Test func modulesInCheckpoints() throws {
        let modules: [SentenceModule] = [
            .dense(DenseConfiguration(inputs: 4, outputs: 3, hasBias: false, activation: .gelu)),
            .dropout(0.5), .normalize,
        ]
        let json = try JSONEncoder().encode(modules)
        #expect(try JSONDecoder().decode([SentenceModule].self, from: json) == modules)
        for bad in [#"[{"type":"LSTM"}]"#, #"[{"type":"Dropout","dropout":1}]"#, "[{}]"] {
            #expect(throws: DecodingError.self) {
                try JSONDecoder().decode([SentenceModule].self, from: Data(bad.utf8))
            }
        }
    }

    // MARK: - hidden_act

    @Test(arguments: HiddenActivation.allCases)
    func everyActivationIsKeptByItsName(activation: HiddenActivation) throws {
        let config = Self.config.dropLast() + #","hidden_act":"\#(activation.rawValue)"}"#
        try write(["config.json": String(config)])
        let model = try ModelFolder(reading: folder.url)
        #expect(model.configuration.hiddenActivation == activation)
        let written = ModelFolder(
            configuration: model.configuration, poolingModes: [.mean], modules: [],
            maxSequenceLength: 64)
        try written.write(to: folder.url)
        let text = try String(contentsOf: folder("config.json"), encoding: .utf8)
        #expect(text.contains(#""hidden_act": "\#(activation.rawValue)""#))
        #expect(try ModelFolder(reading: folder.url) == written)
    }

    // MARK: - config_sentence_transformers.json

    private static let settings = """
        {
          "__version__": {
            "sentence_transformers": "5.1.0"
          },
          "similarity_fn_name": "dot",
          "prompts": {
            "query": "query: ",
            "document": "",
            "odd": null
          },
          "default_prompt_name": "query",
          "truncate_dim": null,
          "of_another_program": [1, 2.5, {"a\\"": true}]
        }
        """

    @Test func everyKeyIsKeptInItsPlace() throws {
        try write([
            "config.json": Self.config, "config_sentence_transformers.json": Self.settings,
        ])
        let model = try ModelFolder(reading: folder.url)
        let settings = model.settings
        #expect(settings.similarity == .dot)
        #expect(settings.promptNames == ["query", "document", "odd"])
        #expect(settings.defaultPrompt == "query: ")
        #expect(try settings.prompt(named: "document") == "")
        #expect(try settings.prompt(named: "odd") == "")
        let unknown = #expect(throws: UnknownPromptError.self) {
            try settings.prompt(named: "passage")
        }
        #expect(
            unknown?.description
                == "there is no prompt 'passage'; the model has 'query', 'document', 'odd'")
        #expect(
            UnknownPromptError(name: "x", known: []).description
                == "there is no prompt 'x': the model has none; give the text of the prompt instead"
        )
        let copy = ModelFolder(
            configuration: model.configuration, poolingModes: [.mean], poolsPrompt: false,
            modules: [], settings: settings, maxSequenceLength: 64)
        try copy.write(to: folder.url)
        let again = try ModelFolder(reading: folder.url)
        #expect(again == copy)
        #expect(!again.poolsPrompt)
        let text = try String(
            contentsOf: folder("config_sentence_transformers.json"), encoding: .utf8)
        #expect(
            text.filter { !$0.isWhitespace } == Self.settings.filter { !$0.isWhitespace })
        #expect(try ModelSettings(json: settings.json, source: "a checkpoint") == settings)
    }

    @Test(arguments: [
        (
            #"{"similarity_fn_name":"maxsim"}"#,
            "similarity_fn_name is maxsim, which is not supported; supported: cosine, dot, euclidean, manhattan"
        ),
        (
            #"{"default_prompt_name":"q","prompts":{"a":"b"}}"#,
            "default_prompt_name is q, expected one of a; the files"
        ),
        (#"{"default_prompt_name":"q"}"#, "default_prompt_name is q, expected null, for there are"),
        (#"{"prompts":{"a":1}}"#, "a is 1, expected a string"),
        (#"{"prompts":[]}"#, "prompts is a list of 0, expected an object"),
    ])
    func settingsThatCannotBe(settings: String, message: String) throws {
        try write(["config.json": Self.config, "config_sentence_transformers.json": settings])
        #expect(problem().contains(message), "\(problem())")
    }

    @Test func lengthThatEmbeddingsAreCutTo() throws {
        try write([
            "config.json": Self.config,
            "config_sentence_transformers.json": #"{"truncate_dim":8}"#,
        ])
        let settings = try ModelFolder(reading: folder.url).settings
        #expect(settings.truncateDimension == 8)
        let whole = settings.truncating(to: nil)
        #expect(whole.truncateDimension == nil)
        #expect(try ModelSettings(json: whole.json, source: "").truncateDimension == nil)
        #expect(
            try ModelSettings(json: whole.truncating(to: 4).json, source: "").truncateDimension == 4
        )
    }

    // MARK: - Git LFS

    private static let pointer =
        "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 90868376\n"

    @Test(arguments: [
        "config.json", "modules.json", "config_sentence_transformers.json",
        "sentence_bert_config.json", "tokenizer_config.json",
    ])
    func pointersInPlaceOfDescriptions(name: String) throws {
        try write(["config.json": Self.config])
        try write([name: Self.pointer])
        #expect(
            problem()
                == "FOLDER/\(name): a pointer of Git LFS, not the file itself; run 'git lfs pull' in its repository, or download the file"
        )
    }

    @Test func pointersInPlaceOfWeights() throws {
        try write(["config.json": Self.config])
        let model = try ModelFolder(reading: folder.url)
        for name in ["tf_model.h5", "pytorch_model.bin", "model.safetensors"] {
            try write([name: Self.pointer])
            #expect(throws: ModelFolderError.gitLFSPointer(path: folder(name).path)) {
                try model.weightsFile(in: folder.url)
            }
        }
        let path = folder("model.safetensors").path
        #expect(throws: SerializationError.gitLFSPointer(path: path)) {
            try SafetensorsFile(folder("model.safetensors"))
        }
        try write([
            "model.safetensors.index.json": #"{"weight_map":{"a":"model.safetensors"}}"#
        ])
        #expect(throws: SerializationError.gitLFSPointer(path: path)) {
            try ShardedWeights(index: folder("model.safetensors.index.json"))
        }
    }
}
