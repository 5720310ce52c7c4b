import Foundation
import JSON
import ModelFolders
import ModelLayout
import NeuralNetwork

extension FuzzReader {
    /// What describes a model.
    static let folders: [FuzzReader] = [json, descriptions]

    /// JSON: a value is the same when it is written and read again.
    private static let json = FuzzReader("json", expects: { $0 is JSONError }) { bytes in
        let value = try JSONValue(parsing: bytes)
        let text = value.text
        guard let again = try? JSONValue(parsing: text.utf8), again.text == text else {
            fatalError("written as \(text), which reads otherwise")
        }
    }

    /// The files of a model's folder; the first byte says which of them the rest is.
    private static let descriptions: FuzzReader = {
        let folder = ScratchFolder()
        var proper = ModelFolder(
            configuration: BertConfiguration(
                vocabularySize: 100, hiddenSize: 24, layerCount: 2, headCount: 3,
                intermediateSize: 40),
            poolingModes: [.mean, .max],
            modules: [
                .dense(
                    DenseConfiguration(inputs: 48, outputs: 8, hasBias: true, activation: .tanh)),
                .normalize, .dropout(0.1),
            ], maxSequenceLength: 64)
        do { try proper.write(to: folder.url) } catch { fatalError("\(error)") }
        let files = [
            "config.json", "modules.json", "sentence_bert_config.json",
            "config_sentence_transformers.json", "1_Pooling/config.json", "2_Dense/config.json",
            "4_Dropout/config.json",
        ].map { ScratchFile($0, in: folder) }
        let contents = files.map { file in
            (try? Data(contentsOf: file.url)).map(Array.init) ?? []
        }
        return FuzzReader(
            "config",
            expects: { ($0 as? ModelFolderError)?.description.contains(folder.url.path) == true }
        ) { bytes in
            guard let first = bytes.first else { return }
            let index = Int(first) % files.count
            files[index].write(bytes.dropFirst())
            defer { files[index].write(contents[index]) }
            let found = try ModelFolder(reading: folder.url)
            do { try found.configuration.validate() } catch { fatalError("\(error)") }
            precondition(!found.poolingModes.isEmpty && found.maxSequenceLength >= 3)
        }
    }()
}
