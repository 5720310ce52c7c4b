import Foundation
import ModelLayout
import NeuralNetwork
import Serialization

/// The encoders that are read, by the `model_type` of their `config.json`. Each becomes a BERT.
public enum EncoderKind: String, Sendable, CaseIterable {
    /// BERT (Devlin et al. 2019, arXiv:1810.04805).
    case bert
    /// DistilBERT (Sanh et al. 2019, arXiv:1910.01108): a BERT of half the layers with names of its own,
    /// without token types (which are one row of zeros here) and without a pooler.
    case distilbert

    /// What `config.json` calls the keys of a `BertConfig`, where the names differ.
    var keyNames: [String: String] {
        switch self {
        case .bert: [:]
        case .distilbert:
            [
                "hidden_size": "dim", "num_hidden_layers": "n_layers",
                "num_attention_heads": "n_heads", "intermediate_size": "hidden_dim",
                "hidden_dropout_prob": "dropout",
                "attention_probs_dropout_prob": "attention_dropout", "hidden_act": "activation",
            ]
        }
    }
}

extension ModelFolder {
    /// Reads which encoder there is, and its shape; `module` is what `modules.json` says of it.
    static func encoder(
        _ folder: URL, module: ModelFiles.Module?
    ) throws(ModelFolderError) -> (EncoderKind, BertConfiguration) {
        let url = folder.appending(path: "config.json")
        guard var file = try file(url) else {
            throw .missing(
                path: url.path, expected: "the encoder's configuration in a model's folder")
        }
        // Early files do not say it, but then the class of the module or of the model does.
        let classes = try [module?.kind].compactMap(\.self) + (file.strings("architectures") ?? [])
        let type =
            try file.string("model_type")
            ?? (classes.contains { $0.uppercased().hasPrefix("BERT") }
                ? "bert" : classes.contains("DistilBERT") ? "distilbert" : classes.last)
        guard let encoder = type.flatMap(EncoderKind.init(rawValue:)) else {
            throw .unsupported(
                path: url.path, key: "model_type", found: type ?? "absent",
                supported: EncoderKind.allCases.map(\.rawValue).joined(separator: ", "))
        }
        file.keyNames = encoder.keyNames
        for (key, usual, supported) in [
            ("hidden_act", "gelu", HiddenActivation.allCases.map(\.rawValue)),
            ("position_embedding_type", "absolute", ["absolute"]),
        ] {
            let found = try file.string(key) ?? usual
            guard supported.contains(found) else {
                throw .unsupported(
                    path: url.path, key: file.name(of: key), found: found,
                    supported: supported.joined(separator: ", "))
            }
        }
        for key in ["is_decoder", "add_cross_attention"] {
            guard try file.bool(key) == true else { continue }
            throw .unsupported(
                path: url.path, key: key, found: "true", supported: "false: encoders")
        }
        var configuration = try file.decode(BertConfiguration.self)
        if encoder == .distilbert {
            if try file.int("num_hidden_layers") == nil {
                configuration.layerCount = 6
            }
            configuration.typeVocabularySize = 1
            configuration.layerNormEpsilon = 1e-12
        }
        do throws(ConfigurationError) { try configuration.validate() } catch {
            throw .contradiction(
                path: url.path, key: file.name(of: error.key), found: error.found,
                expected: error.expected)
        }
        return (encoder, configuration)
    }
}
