import ArgumentParser
import Foundation
import Simile
import Support

struct Export: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Writes a model for other programs: a folder, an ONNX or a GGUF file.",
        discussion: """
            folder  sentence-transformers and everything else that reads such folders
            onnx    onnxruntime and others: pooling and normalisation included, the tokenizer not
            gguf    llama.cpp: tokenizer and pooling included
            """)

    enum Format: String, ExpressibleByArgument, CaseIterable {
        case folder, onnx, gguf
    }

    enum Quantization: String, ExpressibleByArgument, CaseIterable {
        case int8
    }

    @Argument(help: "A checkpoint, or a model's folder.")
    var model: String
    @Argument(
        help: """
            What to write: a file ending in .onnx or .gguf, or a folder; a model that is there is replaced \
            as a whole.
            """)
    var output: String
    @Option(help: "The format, if the name of the output does not tell.")
    var format: Format?
    @Option(help: "How GGUF stores weights: f32, f16 or q8_0; f32 by default.")
    var type: GGUFTensorType?
    @Option(help: "Makes an ONNX file a quarter of its size, for slightly different embeddings.")
    var quantize: Quantization?
    @Option(help: "Write a model whose embeddings are the first so many numbers; not for gguf.")
    var truncateDim: Int?

    func validate() throws {
        if type != nil, chosenFormat != .gguf {
            throw ValidationError("--type is for gguf; the format is \(chosenFormat.rawValue)")
        }
        if quantize != nil, chosenFormat != .onnx {
            throw ValidationError("--quantize is for onnx; the format is \(chosenFormat.rawValue)")
        }
        if truncateDim != nil, chosenFormat == .gguf {
            throw ValidationError(
                "--truncate-dim is not for gguf, which has no place for it: cut the embeddings that llama.cpp gives"
            )
        }
    }

    func run() throws {
        let url = URL(filePath: output)
        let model = try ModelPath.open(model)
        if let truncateDim { try model.truncateEmbeddings(to: truncateDim) }
        switch chosenFormat {
        case .folder:
            try model.write(to: url, modelCard: ModelCard(model).text)
            Console.note("\(output): a sentence-transformers folder")
        case .onnx:
            try requireNoFolder()
            try model.writeONNX(to: url, precision: quantize == .int8 ? .int8 : .float)
            Console.note("\(output): an ONNX model\(quantize == .int8 ? ", int8" : "")")
            noteDefaultPrompt(of: model)
        case .gguf:
            try requireNoFolder()
            try model.writeGGUF(to: url, type: type ?? .f32)
            Console.note("\(output): a GGUF model, \((type ?? .f32).rawValue)")
            if model.embeddingDimension < model.wholeDimension {
                Console.note(
                    "the model's embeddings are the first \(model.embeddingDimension) of \(model.wholeDimension) numbers, which is not part of the file: cut those that llama.cpp gives"
                )
            }
            noteDefaultPrompt(of: model)
            if !model.tokenizer.configuration.lowercase {
                Console.note(
                    "the vocabulary is cased: llama.cpp reads that since June 2026; earlier versions lowercase every text"
                )
            }
        }
    }

    /// Says what the format has no place for.
    private func noteDefaultPrompt(of model: SentenceTransformer) {
        let prompt = model.settings.defaultPrompt
        if prompt.isEmpty { return }
        Console.note(
            "the default prompt '\(prompt)' is not part of the file: put it in front of every text\(model.pooling.includesPrompt ? "" : ", and leave its tokens out of the pooling")"
        )
    }

    private var chosenFormat: Format {
        if let format { return format }
        switch URL(filePath: output).pathExtension.lowercased() {
        case "onnx": return .onnx
        case "gguf": return .gguf
        default: return .folder
        }
    }

    /// Renaming a file onto a folder fails with a less helpful message.
    private func requireNoFolder() throws {
        if FileManager.default.folderExists(atPath: output) {
            throw CommandError.input(
                "\(output): is a folder, but \(chosenFormat.rawValue) is one file; give a file's name"
            )
        }
    }
}

extension GGUFTensorType: ExpressibleByArgument {}
