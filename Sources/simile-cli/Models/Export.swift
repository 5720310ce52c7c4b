import ArgumentParser
import Foundation
import Simile
import Support

struct Export: Subcommand {
    static let examples = [
        "simile export run model.onnx",
        "simile export run for-sentence-transformers",
        "simile export run model.gguf --type q8_0",
    ]
    static let configuration = CommandConfiguration(
        abstract: "Writes a model for other programs: a folder, an ONNX or a GGUF file.",
        discussion: """
            folder  sentence-transformers and everything else that reads such folders
            onnx    onnxruntime and others: pooling and normalisation included. To a
                    name without .onnx, a folder with tokenizer and onnx/model.onnx,
                    for SentenceTransformer(FOLDER, backend="onnx")
            gguf    llama.cpp: tokenizer and pooling included
            """, examples: examples)

    enum Format: String, ExpressibleByArgument, CaseIterable {
        case folder, onnx, gguf
    }

    enum Quantization: String, ExpressibleByArgument, CaseIterable {
        case int8
    }

    @Argument(help: "A model's folder, run or checkpoint.", completion: .file())
    var model: String
    @Argument(
        help: "What to write: a file ending in .onnx or .gguf, or a folder.", completion: .file())
    var output: String
    @Option(help: "The format, if the name of the output does not tell.")
    var format: Format?
    @Option(help: "How GGUF stores weights: f32, f16 or q8_0; f32 by default.")
    var type: GGUFTensorType?
    @Option(help: "Makes an ONNX file a quarter of its size, for slightly different embeddings.")
    var quantize: Quantization?
    @Option(help: "Write a model whose embeddings are the first so many numbers; not for gguf.")
    var truncateDim: Int?
    @OptionGroup var written: WrittenModel
    @OptionGroup var console: ConsoleOptions

    func validate() throws {
        try refuseOtherFiles()
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
        try requireKind()
        try written.requireFree(output)
        let model = try ModelPath.open(model)
        if let truncateDim { try model.truncateEmbeddings(to: truncateDim) }
        switch chosenFormat {
        case .folder:
            try model.write(to: url, modelCard: ModelCard(model).text)
            try show("a sentence-transformers folder", of: model)
        case .onnx:
            let precision: ONNXPrecision = quantize == .int8 ? .int8 : .float
            let words = "an ONNX model\(quantize == .int8 ? ", int8" : "")"
            if isONNXFile {
                try model.writeONNX(to: url, precision: precision)
                try show(words, of: model)
                noteDefaultPrompt(of: model)
            } else {
                try model.write(to: url, modelCard: ModelCard(model).text, onnx: precision)
                try show("a folder with \(words) as onnx/model.onnx", of: model)
            }
        case .gguf:
            try model.writeGGUF(to: url, type: type ?? .f32)
            try show("a GGUF model, \((type ?? .f32).rawValue)", of: model)
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

    private func show(_ words: String, of model: SentenceTransformer) throws {
        try written.show(output, chosenFormat.rawValue, words, of: model)
    }

    /// Says what the format has no place for.
    private func noteDefaultPrompt(of model: SentenceTransformer) {
        let prompt = model.settings.defaultPrompt
        if prompt.isEmpty { return }
        Console.note(
            "the default prompt '\(prompt)' is not part of the file: put it in front of every text\(model.pooling.includesPrompt ? "" : ", and leave its tokens out of the pooling")"
        )
    }

    private var nameExtension: String { URL(filePath: output).pathExtension.lowercased() }

    private var chosenFormat: Format {
        format ?? (nameExtension == "onnx" ? .onnx : nameExtension == "gguf" ? .gguf : .folder)
    }

    private var isONNXFile: Bool { chosenFormat == .onnx && nameExtension == "onnx" }

    /// A folder called `m.safetensors` is not what its name asks for.
    private func refuseOtherFiles() throws {
        let instead =
            switch nameExtension {
            case "safetensors", "bin", "pt", "pth":
                "for \(nameExtension == "safetensors" ? "safetensors" : "PyTorch"), give the name of a folder, which will have model.safetensors in it"
            case "h5", "hdf5": "'simile import' writes HDF5 checkpoints"
            case "zip", "tar", "gz", "json", "npy", "tflite", "mlmodel":
                "give the name of a folder, or a file ending in .onnx or .gguf"
            default: ""
            }
        if format == nil, !instead.isEmpty {
            throw ValidationError("\(output): no format for .\(nameExtension); \(instead)")
        }
    }

    /// Renaming a file onto a folder, or a folder onto a file, fails with a less helpful message.
    private func requireKind() throws {
        let isFile = chosenFormat == .gguf || isONNXFile
        if isFile, FileManager.default.folderExists(atPath: output) {
            throw CommandError.input(
                "\(output): is a folder, but \(chosenFormat.rawValue) is one file; give a file's name"
            )
        }
    }
}

extension GGUFTensorType: ExpressibleByArgument {}
