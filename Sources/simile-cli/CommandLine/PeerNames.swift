/// What other tools call our options and commands: Hugging Face's Trainer, sentence-transformers, PEFT.
enum PeerNames {
    /// Our options by their names.
    private static let options = [
        "bs": "batch-size", "per-device-train-batch-size": "batch-size",
        "train-batch-size": "batch-size",
        "lr": "learning-rate", "num-train-epochs": "epochs", "num-epochs": "epochs",
        "gradient-accumulation-steps": "accumulation-steps",
        "lr-scheduler-type": "schedule", "scheduler": "schedule", "optim": "optimizer",
        "max-grad-norm": "max-gradient-norm",
        "model-name-or-path": "model", "model-name": "model", "model-path": "model",
        "train-file": "train", "train-data": "train", "validation-file": "dev",
        "eval-file": "dev", "test-file": "test",
        "output-dir": "output", "output-path": "output", "out": "output",
        "overwrite-output-dir": "overwrite", "resume-from-checkpoint": "resume",
        "eval-steps": "evaluate-every", "save-steps": "save-every", "logging-steps": "log-every",
        "save-total-limit": "keep-last", "early-stopping-patience": "patience",
        "batch-sampler": "sampler", "max-length": "max-seq-length",
        "max-sequence-length": "max-seq-length",
        "lora-r": "adapters-r", "lora-alpha": "adapters-lora-alpha",
        "lora-dropout": "adapters-lora-dropout", "target-modules": "adapters-target-modules",
        "num-threads": "threads", "normalize-embeddings": "normalize",
    ]

    /// Our values of options by theirs.
    private static let values = [
        "loss": [
            "mnrl": "multiple_negatives_ranking", "mnr": "multiple_negatives_ranking",
            "infonce": "multiple_negatives_ranking", "cosine_similarity": "cosine",
            "simcse": "multiple_negatives_ranking", "tsdae": "denoising_auto_encoder",
        ],
        "optimizer": [
            "adamw_torch": "adamw", "adamw_torch_fused": "adamw", "adamw_hf": "adamw",
            "lion_32bit": "lion",
        ],
        "schedule": ["warmuplinear": "linear", "constantlr": "constant", "warmupcosine": "cosine"],
    ]

    /// Our commands by their names, or by what they do.
    static let commands = [
        "finetune": "train", "fine-tune": "train", "fit": "train", "embed": "encode",
        "embeddings": "encode", "eval": "evaluate", "test": "evaluate", "download": "fetch",
        "pull": "fetch", "convert": "export", "save": "export", "info": "inspect",
        "show": "inspect", "distill": "student", "average": "merge", "version": "--version",
    ]

    /// The words with our names in place of theirs, where the command has an option of ours and none of theirs.
    static func replaced(
        in words: ArraySlice<String>, of command: CommandDescription
    ) -> [String] {
        var option: String?
        var isTerminated = false
        return words.map { word in
            isTerminated = isTerminated || word == "--"
            defer { option = word.hasPrefix("--") ? option : nil }
            guard !isTerminated, word.hasPrefix("--") else {
                return option.flatMap { values[$0]?[word.lowercased()] } ?? word
            }
            let parts = word.dropFirst(2).split(
                separator: "=", maxSplits: 1, omittingEmptySubsequences: false
            ).map(String.init)
            let name = own(parts.first ?? "", of: command)
            option = name
            guard parts.count == 2 else { return "--\(name)" }
            return "--\(name)=\(values[name]?[parts[1].lowercased()] ?? parts[1])"
        }
    }

    private static func own(_ name: String, of command: CommandDescription) -> String {
        if command.option("--\(name)") != nil { return name }
        let plain = name.replacing("_", with: "-")
        for candidate in [plain, options[plain]].compactMap(\.self)
        where command.option("--\(candidate)") != nil {
            return candidate
        }
        return name
    }
}
