// What the command does to files, by the library alone: `make torture` makes its system calls fail, too.
//     torture-library train | resume | import | folder | onnx | int8 | gguf | encode FILE
import Foundation
import Simile

let recipe = """
    {"model": "a.h5", "loss": "cosine", "train": "train.tsv", "dev": "dev.tsv", "data": {"score_range": "0...5"},
    "batch_size": 8, "max_steps": 4, "evaluate_every": 2, "save_every": 2, "keep_last": 2}
    """

/// Writes the embeddings of a file's lines.
func encode(to path: String) throws {
    let model = try SentenceTransformer(path: "a.h5")
    guard let format = EmbeddingFormat(path: path) else { fatalError(path) }
    let file = try SentenceFile(path: "texts.txt", format: .text)
    var lines: [String] = []
    while let line = try file.next() { lines.append(line) }
    let quantizer = EmbeddingQuantizer(.float32)
    let description = EmbeddingDescription(
        model: "a.h5", dimension: model.embeddingDimension, quantizer: quantizer,
        isNormalized: false)
    try EmbeddingFile.write(to: URL(filePath: path), as: format, description) { writer in
        try writer.append(quantizer(model.encode(lines)), rows: lines.count)
    }
}

/// Says what a person should know of a run.
func say(_ note: TrainingNote) { FileHandle.standardError.write(Data("\(note)\n".utf8)) }

do {
    let arguments = Array(CommandLine.arguments.dropFirst())
    switch arguments[0] {
    case "train":
        _ = try TrainingRun(Recipe(json: recipe), output: "run", note: say).execute()
    case "resume":
        _ = try TrainingRun(resuming: "run", note: say).execute()
    case "import":
        let model = try SentenceTransformer(path: "c")
        try Checkpoint.write(model, to: URL(filePath: "out.h5"))
    case "folder":
        try SentenceTransformer(path: "a.h5").write(to: URL(filePath: "out"))
    case "onnx":
        try SentenceTransformer(path: "a.h5").writeONNX(to: URL(filePath: "out.onnx"))
    case "int8":
        let model = try SentenceTransformer(path: "a.h5")
        try model.writeONNX(to: URL(filePath: "out.onnx"), precision: .int8)
    case "gguf":
        try SentenceTransformer(path: "a.h5").writeGGUF(to: URL(filePath: "out.gguf"))
    default: try encode(to: arguments[1])
    }
} catch {
    FileHandle.standardError.write(Data("\(error)\n".utf8))
    exit(1)
}
