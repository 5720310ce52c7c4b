import Foundation
import Simile
import Yams

/// Everything that decides a training run; every setting is a key of `recipe.yaml` and a flag of `train`.
struct Recipe: Codable {
    /// A model's folder or a checkpoint to start from.
    var model: String?
    /// `cosine` for scored pairs, `softmax` for labelled ones.
    var loss = "cosine"
    /// The training pairs.
    var train = PairSources()
    /// Scored pairs that choose the best model.
    var dev = PairSources()
    /// Labelled pairs to measure the classifier on; they choose the best model when there is no `dev`.
    var devNLI = PairSources()
    /// Scored pairs for the final figures.
    var test = PairSources()
    /// Labelled pairs for the final figures.
    var testNLI = PairSources()
    /// How to read the training files; held-out ones as far as they and their own options leave it open.
    var data = PairFileOptions()
    /// The most tokens of a sentence; by default the model's.
    var maxSequenceLength: Int?
    /// The name of the model's prompt that is put in front of every sentence; by default its default prompt.
    var prompt: String?
    /// A text that is put in front of every sentence instead.
    var promptText: String?
    /// A file of tokens to add to the vocabulary before training.
    var addTokens: String?
    /// Modules, or parameters, that are not trained.
    var freeze: [String] = []
    /// The hyper-parameters, whose keys stand beside the ones above.
    var training = TrainingConfiguration()

    init() {}

    enum CodingKeys: String, CodingKey, CaseIterable {
        case model, loss, train, dev
        case devNLI = "dev_nli"
        case test
        case testNLI = "test_nli"
        case data
        case maxSequenceLength = "max_seq_length"
        case prompt
        case promptText = "prompt_text"
        case addTokens = "add_tokens"
        case freeze
    }

    init(from decoder: any Decoder) throws {
        let keys = try decoder.container(keyedBy: CodingKeys.self)
        model = try keys.decodeIfPresent(String.self, forKey: .model)
        loss = try keys.decodeIfPresent(String.self, forKey: .loss) ?? loss
        func sources(_ key: CodingKeys) throws -> PairSources {
            try keys.decodeIfPresent(PairSources.self, forKey: key) ?? PairSources()
        }
        train = try sources(.train)
        dev = try sources(.dev)
        devNLI = try sources(.devNLI)
        test = try sources(.test)
        testNLI = try sources(.testNLI)
        data = try keys.decodeIfPresent(PairFileOptions.self, forKey: .data) ?? data
        maxSequenceLength = try keys.decodeIfPresent(Int.self, forKey: .maxSequenceLength)
        prompt = try keys.decodeIfPresent(String.self, forKey: .prompt)
        promptText = try keys.decodeIfPresent(String.self, forKey: .promptText)
        addTokens = try keys.decodeIfPresent(String.self, forKey: .addTokens)
        freeze = try keys.decodeIfPresent([String].self, forKey: .freeze) ?? freeze
        training = try TrainingConfiguration(from: decoder)
    }

    func encode(to encoder: any Encoder) throws {
        var keys = encoder.container(keyedBy: CodingKeys.self)
        try keys.encodeIfPresent(model, forKey: .model)
        try keys.encode(loss, forKey: .loss)
        for (key, sources) in [
            (CodingKeys.train, train), (.dev, dev), (.devNLI, devNLI), (.test, test),
            (.testNLI, testNLI),
        ] where !sources.isEmpty { try keys.encode(sources, forKey: key) }
        try keys.encode(data, forKey: .data)
        try keys.encodeIfPresent(maxSequenceLength, forKey: .maxSequenceLength)
        try keys.encodeIfPresent(prompt, forKey: .prompt)
        try keys.encodeIfPresent(promptText, forKey: .promptText)
        try keys.encodeIfPresent(addTokens, forKey: .addTokens)
        if !freeze.isEmpty { try keys.encode(freeze, forKey: .freeze) }
        try training.encode(to: encoder)
    }
}

extension Recipe {
    /// The recipe with absolute paths, so that a run can be resumed from any folder.
    func withAbsolutePaths() -> Recipe {
        func absolute(_ path: String) -> String {
            PairFiles.paths(path).map { URL(filePath: $0).standardizedFileURL.path }
                .joined(separator: ",")
        }
        var copy = self
        // A name of the hub is not a path.
        if let model, FileManager.default.fileExists(atPath: model) { copy.model = absolute(model) }
        for sources in [\Recipe.train, \.dev, \.devNLI, \.test, \.testNLI] {
            copy[keyPath: sources].sources = self[keyPath: sources].sources.map {
                PairSource(absolute($0.path), $0.options)
            }
        }
        copy.addTokens = addTokens.map(absolute)
        return copy
    }

    /// Checks what does not depend on any file.
    func validate() throws {
        guard [CosineSimilarityLoss.name, SoftmaxLoss.name].contains(loss) else {
            throw CommandError.input(
                "loss is '\(loss)'; expected cosine (scored pairs) or softmax (labelled pairs)")
        }
        for (key, isMissing) in [("model", model == nil), ("train", train.isEmpty)] where isMissing
        {
            throw CommandError.input("no \(key) is given: add --\(key), or '\(key):' to the recipe")
        }
        if prompt != nil, promptText != nil {
            throw CommandError.input(
                "prompt and prompt_text are both given; give the name of a prompt or a text, not both"
            )
        }
        if loss == CosineSimilarityLoss.name, !devNLI.isEmpty || !testNLI.isEmpty {
            throw CommandError.input(
                "dev_nli and test_nli measure the classifier of the softmax loss; with the cosine loss give dev and test"
            )
        }
        if dev.isEmpty, devNLI.isEmpty {
            for (key, isGiven) in [
                ("patience", training.patience != nil),
                ("evaluate_every", training.evaluateEvery > 0),
            ] where isGiven {
                throw CommandError.input(
                    "\(key) is given, but nothing to evaluate on: add --dev, or take it out")
            }
        }
        try training.validate()
        try validateFiles()
    }

    private func validateFiles() throws {
        let labels: [PairFileOptions.Key] = [.label, .labelOrder]
        let scores: [PairFileOptions.Key] = [.score, .scoreRange, .decimalComma]
        for (key, files, useless, other) in [
            ("train", train, [], ""), ("dev", dev, labels, "dev_nli"),
            ("dev_nli", devNLI, scores, "dev"), ("test", test, labels, "test_nli"),
            ("test_nli", testNLI, scores, "test"),
        ] {
            for (index, source) in files.sources.enumerated() {
                if files.sources.prefix(index).contains(source) {
                    throw CommandError.input("\(key): \(source.path) is given twice; give it once")
                }
                if let option = source.options.stated.first(where: useless.contains) {
                    throw CommandError.input(
                        "\(key): \(option.rawValue) says nothing about its pairs; leave it out, or state it for \(other)"
                    )
                }
                let filters = source.options.filters ?? data.filters
                if key != "train", filters == data.filters,
                    train.sources.contains(where: { $0.path == source.path })
                {
                    Console.note(
                        "\(key) is the training file itself: its figures say nothing about other sentences"
                    )
                }
            }
        }
    }

    /// The keys whose values another recipe has otherwise.
    func keys(changedIn other: Recipe) throws -> [String] {
        let mine = try Yams.compose(yaml: yaml())
        let theirs = try Yams.compose(yaml: other.yaml())
        return (CodingKeys.allCases.map(\.rawValue) + TrainingConfiguration.keys).filter {
            mine?[$0] != theirs?[$0]
        }
    }
}
