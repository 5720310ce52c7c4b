import Foundation
import Fuzzing
import ModelLayout
import NeuralNetwork
import Serialization
import Testing

@testable import ModelFolders

/// Damaged weights, indices and descriptions give a model's parts or an error.
@Suite struct FolderFuzzTests {
    private static func readAll(_ reader: some WeightReader, limit: Int) throws {
        for name in reader.names {
            guard let count = reader.shape(of: name)?.reduce(1, *) else { continue }
            #expect(count <= limit)
            var values = [Float](repeating: 0, count: count)
            var span = values.mutableSpan
            do { try reader.read(name, into: &span) } catch SerializationError.unsupportedType {}
        }
    }

    private static func safetensors() throws -> [UInt8] {
        let folder = TemporaryFolder()
        let arrays = [("a", [2, 2]), ("b", [3]), ("c", [0, 4])].map { name, shape in
            OutgoingArray(name: name, shape: shape) { body in
                try body([Float](repeating: 1.5, count: shape.reduce(1, *)).span)
            }
        }
        try SafetensorsFile.write(arrays, to: folder("f.safetensors"))
        return Array(try Data(contentsOf: folder("f.safetensors")))
    }

    @Test func safetensorsFiles() async {
        await #expect(processExitsWith: .success) {
            let folder = TemporaryFolder()
            let url = folder("f.safetensors")
            Fuzz.run(
                [try FolderFuzzTests.safetensors()],
                expects: { ($0 as? SerializationError)?.description.contains(url.path) == true }
            ) { bytes, _ in
                try Data(bytes).write(to: url)
                try FolderFuzzTests.readAll(SafetensorsFile(url), limit: bytes.count)
            }
        }
    }

    @Test func indices() async {
        await #expect(processExitsWith: .success) {
            let folder = TemporaryFolder()
            try Data(FolderFuzzTests.safetensors()).write(to: folder("one.safetensors"))
            let proper =
                #"{"metadata":{"total_size":28},"weight_map":{"a":"one.safetensors","b":"one.safetensors"}}"#
            let url = folder("model.safetensors.index.json")
            Fuzz.run(
                [Array(proper.utf8)],
                expects: {
                    ($0 as? SerializationError)?.description.contains(folder.url.path) == true
                }
            ) { bytes, _ in
                try Data(bytes).write(to: url)
                try FolderFuzzTests.readAll(ShardedWeights(index: url), limit: 100)
            }
        }
    }

    @Test func descriptions() async {
        await #expect(processExitsWith: .success) {
            let folder = TemporaryFolder()
            var description = ModelFolder(
                configuration: BertConfiguration(
                    vocabularySize: 100, hiddenSize: 24, layerCount: 2, headCount: 3,
                    intermediateSize: 40),
                poolingModes: [.mean, .max],
                modules: [
                    .dense(
                        DenseConfiguration(
                            inputs: 48, outputs: 8, hasBias: true, activation: .tanh)), .normalize,
                    .dropout(0.1),
                ], maxSequenceLength: 64)
            try description.write(to: folder.url)
            let names = [
                "config.json", "modules.json", "sentence_bert_config.json",
                "config_sentence_transformers.json", "1_Pooling/config.json", "2_Dense/config.json",
                "4_Dropout/config.json",
            ]
            let proper = try names.map { Array(try Data(contentsOf: folder($0))) }
            Fuzz.run(
                proper,
                expects: {
                    ($0 as? ModelFolderError)?.description.contains(folder.url.path) == true
                }
            ) { bytes, index in
                try Data(bytes).write(to: folder(names[index]))
                defer { try? Data(proper[index]).write(to: folder(names[index])) }
                description = try ModelFolder(reading: folder.url)
                #expect(throws: Never.self) { try description.configuration.validate() }
                #expect(!description.poolingModes.isEmpty && description.maxSequenceLength >= 3)
            }
        }
    }
}
