import Foundation
import NeuralNetwork
import Serialization
import Tensors
import TestSupport
import Testing

@testable import SentenceEmbedding

/// Heads for masked language models in other programs' files.
@Suite struct LanguageModelHeadTests {
    private let folder = TemporaryFolder()
    private let model: SentenceTransformer
    private let head: MaskedLanguageModelHead

    init() throws {
        model = try TinyModel.make()
        head = MaskedLanguageModelHead(
            model.bert.configuration, words: model.bert.wordEmbeddings,
            in: ParameterStore(source: .random(seed: 6)).root)
        try model.write(to: folder("model"))
        try folder.removeManifest(of: "model")
    }

    /// The model's folder, read after its weights were written under other names; nil leaves an array out.
    private func read(
        _ name: (String) -> String?, more: [OutgoingArray] = []
    ) throws -> SentenceTransformer {
        let arrays = (Array(model.parameters) + head.parameters).flatMap { parameter in
            parameter.parts.compactMap { part in
                name(part.name).map {
                    OutgoingArray(name: $0, shape: part.shape.array) {
                        try parameter.withValues(of: part, $0)
                    }
                }
            }
        }
        try SafetensorsFile.write(arrays + more, to: folder("model/model.safetensors"))
        return try SentenceTransformer(path: folder("model").path)
    }

    private func decoder(_ change: Float = 0) -> OutgoingArray {
        let words = model.bert.wordEmbeddings
        var values = words.tensor.values
        values[7] += change
        return OutgoingArray(name: "cls.predictions.decoder.weight", shape: words.shape.array) {
            try $0(values.span)
        }
    }

    @Test func earlyNamesAndATiedDecoder() throws {
        let read = try read(
            {
                $0.hasPrefix("cls.")
                    ? $0.replacing("LayerNorm.weight", with: "LayerNorm.gamma")
                        .replacing("LayerNorm.bias", with: "LayerNorm.beta") : "bert." + $0
            }, more: [decoder()])
        #expect(read.languageModelHead?.parameters.bits == head.parameters.bits)
        #expect(read.notes.isEmpty, "\(read.notes)")
    }

    @Test func aDecoderOfItsOwnIsLeftOut() throws {
        let untied = try self.read(
            { $0.hasPrefix("cls.") ? $0 : "bert." + $0 }, more: [decoder(0.5)])
        #expect(untied.languageModelHead == nil)
        #expect(untied.notes.first?.contains("left out") == true, "\(untied.notes)")
        let part = try self.read { $0 == "cls.predictions.bias" ? nil : $0 }
        #expect(part.languageModelHead == nil)
    }
}
