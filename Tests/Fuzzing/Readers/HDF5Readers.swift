import ExampleFiles
import Foundation
import HDF5
import Losses
import ModelFolders
import NeuralNetwork
import SentenceEmbedding
import Tokenization

extension FuzzReader {
    /// What of an HDF5 file is read by us, and not by the C library.
    package static let hdf5: [FuzzReader] = [block, contents]

    /// A file that begins as ours do. Its digest holds for no bytes that are made up, so that HDF5 never sees them.
    private static let block: FuzzReader = {
        let folder = ScratchFolder()
        let scratch = ScratchFile("f.h5", in: folder)
        return FuzzReader(
            "hdf5-block", longest: 2048,
            expects: { ($0 as? HDF5Error)?.description.contains(scratch.url.path) == true }
        ) { bytes in
            scratch.write([0x89] + Array("SIMILE\n".utf8) + bytes)
            _ = try HDF5File(opening: scratch.url.path)
        }
    }()

    /// A sound checkpoint, made when it is first needed.
    private static let sound: (url: URL, contents: HDF5Contents) = {
        let url = ScratchFolder()("a.h5")
        do {
            try write(to: url)
            return (url, try HDF5Contents(of: url))
        } catch { fatalError("\(error)") }
    }()

    /// A checkpoint that is a sound file and has other contents; the first byte says which of its texts the rest is.
    private static let contents = FuzzReader(
        "checkpoint", longest: 256, cost: 50, expects: { isErrorOfReading($0, at: sound.url) }
    ) { bytes in
        guard let first = bytes.first else { return }
        let (url, contents) = sound
        try contents.write(
            to: url, replacing: Int(first) % contents.texts.count, by: Array(bytes.dropFirst()))
        let checkpoint = try Checkpoint(url)
        let model = try checkpoint.model()
        precondition(model.encode(["a dog ."]).shape == [1, model.embeddingDimension])
        _ = try (checkpoint.configuration(), checkpoint.state(), checkpoint.threads())
        _ = try (checkpoint.recipe(), checkpoint.losses(for: model))
    }

    private static func write(to url: URL) throws {
        let vocabulary = try Vocabulary(
            tokens: ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "a", "dog", "."])
        var configuration = BertConfiguration(
            vocabularySize: vocabulary.count, hiddenSize: 4, layerCount: 1, headCount: 2,
            intermediateSize: 8)
        configuration.maxPositionEmbeddings = 8
        let model = try SentenceTransformer(
            configuration, tokenizer: BertTokenizer(vocabulary: vocabulary),
            pooling: Pooling([.mean]),
            modules: [
                .dense(DenseConfiguration(inputs: 4, outputs: 2, hasBias: true, activation: .tanh))
            ], source: .random(seed: 1))
        let texts = ["a dog", "dog .", "a .", "a dog ."]
        let table = ExampleTable(
            name: "t", columns: [("sentence1", texts), ("sentence2", texts.reversed())],
            labels: .classes([0, 1, 2, 0], names: ["a", "b", "c"]), lines: [1, 2, 3, 4])
        let trainer = try Trainer(
            model: model,
            objective: EmbeddingObjective(SoftmaxLoss.self, data: table, model: model, seed: 1),
            configuration: TrainingConfiguration())
        try Checkpoint.write(trainer, to: url, recipe: "{}", includingOptimizer: false)
    }
}
