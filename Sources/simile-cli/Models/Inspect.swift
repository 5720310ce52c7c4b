import ArgumentParser
import Foundation
import JSON
import Simile

struct Inspect: Subcommand {
    static let examples = [
        "simile inspect run",
        "simile inspect run/checkpoints/best.h5 --parameters",
    ]
    static let configuration = CommandConfiguration(
        abstract: "Shows what a model's folder or a checkpoint holds.",
        discussion: """
            --verify reads every byte. A checkpoint has a digest, and a folder that Simile wrote the digests of its files \
            (simile-manifest.json), with which they are compared; of files without, only that they can be read is known.
            """, examples: examples)

    @Argument(help: "A model's folder, run or checkpoint.", completion: .file())
    var model: String
    @Flag(help: "List every parameter with its shape.")
    var parameters = false
    @Flag(help: "Read and check every byte.")
    var verify = false
    @Flag(help: "Print JSON.")
    var json = false
    @OptionGroup var console: ConsoleOptions

    func run() throws {
        let path = try ModelPath.resolve(self.model)
        let isFolder = FileManager.default.folderExists(atPath: path)
        let checkpoint = isFolder ? nil : try Checkpoint(URL(filePath: path))
        let model = try checkpoint?.model(base: ModelPath.base) ?? ModelPath.open(path)
        var rows = shape(of: model) + (try state(of: model))
        if let checkpoint, checkpoint.isOfRun { rows += try training(checkpoint, model) }
        if verify { rows.append(try verified(path, checkpoint)) }
        let parts = parameters ? model.allParameters.flatMap(\.parts) : []
        if json {
            var members = rows.map { JSONValue.Member($0.key, $0.value) }
            if parameters {
                let shapes = parts.map { part in
                    JSONValue.Member(
                        part.name, .array((0..<part.shape.rank).map { .integer(part.shape[$0]) }))
                }
                members.append(.init("parameter_shapes", .object(shapes)))
            }
            return try Console.json(.object(members))
        }
        for row in rows { try Console.print(row.line) }
        for part in parts { try Console.print("\(part.name) \(part.shape)") }
    }

    /// Checks every byte, and says by what.
    private func verified(_ path: String, _ checkpoint: Checkpoint?) throws -> ReportRow {
        let (key, words): (String, String)
        if let checkpoint {
            try checkpoint.verify(base: ModelPath.base)
            (key, words) =
                checkpoint.hasDigest
                ? ("digest", "every byte, by the file's SHA-256")
                : ("read", "every byte can be read; the file is of before there were digests")
        } else if let count = try ModelManifest.check(URL(filePath: path)) {
            (key, words) = ("manifest", "\(count) files, by the SHA-256 in simile-manifest.json")
        } else {
            (key, words) = (
                "read", "every weight can be read; the folder has no simile-manifest.json"
            )
        }
        return ReportRow("verified", "verified", .string(key), words)
    }

    private func shape(of model: SentenceTransformer) -> [ReportRow] {
        let shape = model.bert.configuration
        let modes = model.pooling.modes.map(\.rawValue)
        let similarity = model.settings.similarity.rawValue
        return [
            ReportRow(
                "encoder", "encoder",
                [
                    "kind": "bert", "layers": .integer(shape.layerCount),
                    "hidden_size": .integer(shape.hiddenSize), "heads": .integer(shape.headCount),
                    "intermediate_size": .integer(shape.intermediateSize),
                    "hidden_act": .string(shape.hiddenActivation.rawValue),
                ],
                "BERT, \(shape.layerCount) layers, hidden \(shape.hiddenSize), \(shape.headCount) heads, feed-forward \(shape.intermediateSize) (\(shape.hiddenActivation.rawValue))"
            ),
            ReportRow(
                "parameters", "parameters", .integer(model.parameterCount),
                "\(model.parameterCount)"),
            ReportRow(
                "vocabulary", "vocabulary", .integer(model.tokenizer.vocabularySize),
                "\(model.tokenizer.vocabularySize) tokens"),
            ReportRow(
                "max_seq_length", "max length", .integer(model.maxSequenceLength),
                "\(model.maxSequenceLength) tokens"),
            ReportRow(
                "pooling", "pooling", .array(modes.map(JSONValue.string)),
                modes.joined(separator: ", ") + Self.modules(model)),
            ReportRow(
                "embedding_dimension", "embedding", .integer(model.embeddingDimension),
                "\(model.embeddingDimension) numbers"),
            ReportRow("similarity", "similarity", .string(similarity), similarity),
        ]
    }

    private func state(of model: SentenceTransformer) throws -> [ReportRow] {
        var rows: [ReportRow] = []
        if let adapters = model.adapters {
            let modules = adapters.configuration.targetModules
            rows.append(
                ReportRow(
                    "adapters", "adapters",
                    [
                        "r": .integer(adapters.configuration.rank),
                        "target_modules": .array(modules.map(JSONValue.string)),
                        "base": .string(adapters.base),
                    ],
                    "LoRA of rank \(adapters.configuration.rank) on \(modules.joined(separator: ", ")), of \(adapters.base)"
                ))
        }
        let prompts = try model.settings.promptNames.map {
            ($0, try model.settings.prompt(named: $0))
        }
        if !prompts.isEmpty {
            let lines = prompts.map { name, text in
                let isDefault = name == model.settings.defaultPromptName
                return "\(name): '\(text)'\(isDefault ? ", the default" : "")"
            }
            rows.append(
                ReportRow(
                    "prompts", "prompt",
                    .object(prompts.map { JSONValue.Member($0.0, .string($0.1)) }),
                    lines.joined(separator: "\n" + "prompt".padded(ReportRow.width))))
        }
        let absent = model.parameters.initialized
        if !absent.isEmpty {
            rows.append(
                ReportRow(
                    "not_in_the_file", "not in the file", .array(absent.map(JSONValue.string)),
                    "\(absent.joined(separator: ", ")) (unused by embeddings)"))
        }
        do { try model.requireFinite() } catch {
            rows.append(ReportRow("not_finite", "not finite", .string("\(error)"), "\(error)"))
        }
        return rows
    }

    private func training(_ checkpoint: Checkpoint, _ model: SentenceTransformer) throws
        -> [ReportRow]
    {
        let losses = try checkpoint.losses(for: model).sorted { $0.key < $1.key }
        let names = losses.map(\.value.name)
        let state = try checkpoint.state()
        var rows = [
            ReportRow(
                "trained_with", "trained with",
                [
                    "losses": .array(names.map(JSONValue.string)), "steps": .integer(state.step),
                    "epochs": .integer(state.epoch),
                ],
                "the \(names.joined(separator: ", ")) loss\(losses.count == 1 ? "" : "es"), \(state.step) steps, \(state.epoch) whole epochs"
            )
        ]
        if let best = state.bestScore, let step = state.bestStep {
            rows.append(
                ReportRow(
                    "best_evaluation", "best evaluation",
                    ["value": .number(best), "step": .integer(step)],
                    "\(best.fixed(4)) at step \(step)"))
        }
        return rows
    }

    /// What comes after the pooling, in words; empty when there is nothing.
    static func modules(_ model: SentenceTransformer) -> String {
        model.modules.map { module in
            switch module {
            case .dense(let layer):
                ", then dense \(layer.inputs) to \(layer.outputs) (\(layer.activation.rawValue))"
            case .normalize: ", then normalised"
            case .dropout(let probability): ", then dropout of \(probability) in training"
            }
        }.joined()
            + (model.embeddingDimension < model.wholeDimension
                ? ", then the first \(model.embeddingDimension) of \(model.wholeDimension) numbers"
                : "")
    }
}
