import Foundation
import Losses
import ModelFolders
import NeuralNetwork
import Serialization
import Tensors
import TestSupport
import Testing

/// Objectives on tokens against transformers and sentence-transformers.
struct GoldenObjectives {
    // swift-format-ignore: AlwaysUseLowerCamelCase
    struct Values: Decodable {
        // swift-format-ignore: AlwaysUseLowerCamelCase
        struct MaskedLanguageModel: Decodable {
            let input_ids: [[Int32]]
            let attention_mask: [[Int]]
            let labels: [[Int32]]
            let loss: Float
            let logits_at_masked: [[Float]]
        }
        // swift-format-ignore: AlwaysUseLowerCamelCase
        struct DenoisingAutoEncoder: Decodable {
            let source_ids: [[Int32]]
            let source_mask: [[Int]]
            let target_ids: [[Int32]]
            let target_mask: [[Int]]
            let loss: Float
        }
        let mlm: MaskedLanguageModel
        let tsdae: DenoisingAutoEncoder
    }

    let values: Values
    let bert: Bert
    let head: MaskedLanguageModelHead
    let parameters: [Parameter]

    init() throws {
        values = try Golden.decode(Values.self, from: "objectives/golden.json")
        let configuration = try Golden.decode(
            BertConfiguration.self, from: "objectives/config.json")
        let file = try Self.file("mlm")
        let encoder = try BertWeights(file)
        let store = ParameterStore(source: .weights(encoder))
        bert = Bert(configuration, in: store.root)
        try store.validate()
        let weights = try #require(
            try LanguageModelHeadWeights(file, encoder: encoder, of: .bert, configuration))
        let headStore = ParameterStore(source: .weights(weights))
        head = MaskedLanguageModelHead(
            configuration, words: bert.wordEmbeddings, in: headStore.root)
        try headStore.validate()
        parameters = Array(store) + Array(headStore)
    }

    static func file(_ name: String) throws -> SafetensorsFile {
        try SafetensorsFile(Golden.folder.appending(path: "objectives/\(name).safetensors"))
    }

    static func unpadded(_ ids: [[Int32]], _ mask: [[Int]]) -> [[Int32]] {
        zip(ids, mask).map { ids, mask in zip(ids, mask).filter { $1 == 1 }.map(\.0) }
    }

    /// Compares the gradients with those of a file, each to 1e-4 of its largest number.
    func expectGradients(
        _ name: String, of parameters: [Parameter],
        sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        let expected = try Self.file(name)
        var compared: Set<String> = []
        for parameter in parameters {
            for part in parameter.parts {
                let original = expected.names.first { $0 == part.name || $0 == "bert." + part.name }
                guard let original else { continue }
                let gradient = try #require(parameter.gradient, "\(part.name)").values
                let values = try expected.values(original)
                Golden.expectClose(
                    Array(gradient[part.offset..<part.offset + part.shape.count]), values,
                    tolerance: 1e-4, scale: values.map(abs).max() ?? 0, original,
                    sourceLocation: sourceLocation)
                compared.insert(original)
            }
        }
        #expect(compared == Set(expected.names), sourceLocation: sourceLocation)
    }
}

extension Golden {
    @Test func maskedLanguageModel() throws {
        guard try GoldenFolder.contents(of: "objectives/golden.json") != nil else { return }
        let golden = try GoldenObjectives()
        let mlm = golden.values.mlm
        let sequences = GoldenObjectives.unpadded(mlm.input_ids, mlm.attention_mask)
        let masked = zip(sequences, mlm.labels).map { ids, labels in
            let places = labels.indices.filter { labels[$0] >= 0 }
            return MaskedSequence(ids: ids, places: places, labels: places.map { labels[$0] })
        }
        let tape = Tape()
        let batch = TokenBatch(sequences)
        let hidden = golden.bert(batch, on: tape)
        let starts = sequences.indices.map { batch.layout.rows(of: $0).lowerBound }
        let rows = zip(starts, masked).flatMap { start, one in one.places.map { start + $0 } }
        let logits = golden.head(hidden.detached().gather(rows))
        let expected = mlm.logits_at_masked.flatMap(\.self)
        Golden.expectClose(
            logits.values, expected, tolerance: 1e-5, scale: max(1, expected.map(abs).max() ?? 0),
            "logits")
        let loss = try #require(golden.head.crossEntropy(hidden, masked))
        #expect(abs(loss.item() - mlm.loss) <= 1e-5 * mlm.loss)
        tape.backward(from: loss)
        try golden.expectGradients("grad_mlm", of: golden.parameters)
    }

    /// The decoder's attention to one vector does without queries and keys, which the file has.
    @Test func denoisingAutoEncoder() throws {
        guard try GoldenFolder.contents(of: "objectives/golden.json") != nil else { return }
        let golden = try GoldenObjectives()
        let tsdae = golden.values.tsdae
        let file = try GoldenObjectives.file("tsdae_cross")
        let cross = try BertWeights(
            file.named { !$0.contains(".self.query.") && !$0.contains(".self.key.") })
        let store = ParameterStore(source: .weights(cross))
        let decoder = BertDecoder(golden.bert, in: store.root)
        try store.validate()

        let sources = TokenBatch(GoldenObjectives.unpadded(tsdae.source_ids, tsdae.source_mask))
        let targets = GoldenObjectives.unpadded(tsdae.target_ids, tsdae.target_mask)
        let tape = Tape()
        let hidden = golden.bert(sources, on: tape)
        let vectors = hidden.gather(
            (0..<sources.layout.count).map { sources.layout.rows(of: $0).lowerBound })
        let read = TokenBatch(targets.map { Array($0.dropLast()) })
        let loss = golden.head(decoder(read, vectors: vectors))
            .softmaxCrossEntropy(targets.flatMap { $0.dropFirst() })
        #expect(abs(loss.item() - tsdae.loss) <= 1e-5 * tsdae.loss)
        tape.backward(from: loss)
        try golden.expectGradients("grad_tsdae", of: golden.parameters + Array(store))
    }
}
