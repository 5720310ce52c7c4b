import Foundation
import JSON

/// Which files of a folder or repository make up a sentence-embedding model: the one list for those who read
/// models and those who download them.
package enum ModelFiles {
    /// The names that sentence-transformers has had for its settings of an encoder; the first that is there counts.
    package static let encoderSettings = [
        "sentence_bert_config.json", "sentence_roberta_config.json",
        "sentence_distilbert_config.json", "sentence_camembert_config.json",
        "sentence_albert_config.json", "sentence_xlm-roberta_config.json",
        "sentence_xlnet_config.json",
    ]

    /// Everything but weights that can lie in a model's folder or in that of one of its modules.
    package static let descriptions =
        ["config.json", "modules.json", "config_sentence_transformers.json"] + encoderSettings + [
            "tokenizer_config.json", "special_tokens_map.json", "added_tokens.json", "vocab.txt",
            "tokenizer.json",
        ]

    /// The forms of weights, the best first: safetensors, PyTorch's, Keras's. The first that is there is read.
    package static let weights = [
        "model.safetensors", "model.safetensors.index.json", "pytorch_model.bin",
        "pytorch_model.bin.index.json", "tf_model.h5",
    ]

    /// An entry of `modules.json`.
    package struct Module: Equatable {
        /// The class in Python, with its path; empty when the file does not say it.
        package let type: String
        /// The module's folder; empty for the model's own.
        package let path: String

        /// The class alone.
        package var kind: String { type.split(separator: ".").last.map(String.init) ?? "" }
        /// Whether it is the encoder; before version 0.3 there was a class for each architecture.
        package var isEncoder: Bool { ["Transformer", "BERT", "DistilBERT"].contains(kind) }
        /// Whether it has weights.
        package var hasWeights: Bool { isEncoder || kind == "Dense" }
    }

    /// The entries of a `modules.json`, in order.
    ///
    /// - Returns: Nil when it is not what sentence-transformers writes, or a path leaves the folder.
    package static func modules(_ file: JSONValue) -> [Module]? {
        var modules: [Module] = []
        for entry in file.elements ?? [.null] {
            guard let written = entry["path"]?.string,
                !written.hasPrefix("/"), !written.split(separator: "/").contains("..")
            else { return nil }
            var path = written[...]
            if path.hasPrefix("./") { path.removeFirst(2) }
            if path.hasSuffix("/") { path.removeLast() }
            modules.append(
                Module(type: entry["type"]?.string ?? "", path: path == "." ? "" : String(path)))
        }
        return modules
    }

    /// The files that an index of weights names, in order.
    ///
    /// - Returns: Nil when it is not an index, or a name leaves the folder.
    package static func shards(_ index: JSONValue) -> [String]? {
        guard let members = index["weight_map"]?.members, !members.isEmpty else { return nil }
        let names = Set(members.map { $0.value.string ?? "" })
        let areSafe = names.allSatisfy {
            !$0.isEmpty && $0 != "." && $0 != ".." && !$0.contains("/") && !$0.contains("\0")
        }
        return areSafe ? names.sorted() : nil
    }

    /// The path of a file in the folder of a module.
    package static func path(of file: String, in module: String) -> String {
        module.isEmpty ? file : module + "/" + file
    }
}
