import Foundation
import Simile

/// Where a command leaves the model it made.
enum ModelOutput {
    /// Writes a checkpoint where the name ends in .h5 or .hdf5, otherwise a sentence-transformers folder.
    static func write(_ model: SentenceTransformer, to output: String) throws {
        let url = URL(filePath: output)
        try? FileManager.default.createDirectory(
            at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
        if ["h5", "hdf5"].contains(url.pathExtension.lowercased()) {
            try Checkpoint.write(model, to: url)
        } else {
            try model.write(to: url, modelCard: ModelCard(model).text)
        }
    }
}
