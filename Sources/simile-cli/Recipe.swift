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
    var train: String?
    /// Scored pairs that choose the best model.
    var dev: String?
    /// Labelled pairs to measure the classifier on; they choose the best model when there is no `dev`.
    var devNLI: String?
    /// Scored pairs for the final figures.
    var test: String?
    /// Labelled pairs for the final figures.
    var testNLI: String?
    /// How to read the pair files.
    var data = PairFileOptions()
    /// The most tokens of a sentence; by default the model's.
    var maxSequenceLength: Int?
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
        case freeze
    }

    init(from decoder: any Decoder) throws {
        let keys = try decoder.container(keyedBy: CodingKeys.self)
        model = try keys.decodeIfPresent(String.self, forKey: .model)
        loss = try keys.decodeIfPresent(String.self, forKey: .loss) ?? loss
        train = try keys.decodeIfPresent(String.self, forKey: .train)
        dev = try keys.decodeIfPresent(String.self, forKey: .dev)
        devNLI = try keys.decodeIfPresent(String.self, forKey: .devNLI)
        test = try keys.decodeIfPresent(String.self, forKey: .test)
        testNLI = try keys.decodeIfPresent(String.self, forKey: .testNLI)
        data = try keys.decodeIfPresent(PairFileOptions.self, forKey: .data) ?? data
        maxSequenceLength = try keys.decodeIfPresent(Int.self, forKey: .maxSequenceLength)
        freeze = try keys.decodeIfPresent([String].self, forKey: .freeze) ?? freeze
        training = try TrainingConfiguration(from: decoder)
    }

    func encode(to encoder: any Encoder) throws {
        var keys = encoder.container(keyedBy: CodingKeys.self)
        try keys.encodeIfPresent(model, forKey: .model)
        try keys.encode(loss, forKey: .loss)
        try keys.encodeIfPresent(train, forKey: .train)
        try keys.encodeIfPresent(dev, forKey: .dev)
        try keys.encodeIfPresent(devNLI, forKey: .devNLI)
        try keys.encodeIfPresent(test, forKey: .test)
        try keys.encodeIfPresent(testNLI, forKey: .testNLI)
        try keys.encode(data, forKey: .data)
        try keys.encodeIfPresent(maxSequenceLength, forKey: .maxSequenceLength)
        if !freeze.isEmpty { try keys.encode(freeze, forKey: .freeze) }
        try training.encode(to: encoder)
    }
}

extension Recipe {
    /// Reads a recipe; a key that does not exist is refused, with the closest that does.
    init(yamlFile path: String) throws {
        guard let text = try? String(contentsOfFile: path, encoding: .utf8) else {
            throw CommandError.input("\(path): no such recipe, or not UTF-8 text; check the path")
        }
        do {
            let known = CodingKeys.allCases.map(\.rawValue) + TrainingConfiguration.keys
            let mapping = try Yams.load(yaml: text) as? [String: Any] ?? [:]
            let data = mapping["data"] as? [String: Any] ?? [:]
            for (keys, known) in [(mapping.keys, known), (data.keys, PairFileOptions.keys)] {
                for key in keys.sorted() where !known.contains(key) {
                    throw CommandError.unknownKey(
                        key, path: path, known: known)
                }
            }
            self = try YAMLDecoder().decode(Recipe.self, from: text.isEmpty ? "{}" : text)
        } catch let error as CommandError {
            throw error
        } catch let error as DecodingError {
            throw CommandError.input("\(path): \(Self.sentence(error))")
        } catch {
            throw CommandError.input("\(path): not a YAML file that can be read (\(error))")
        }
    }

    /// The recipe as YAML, with numbers as a person would write them: Yams has 1.9999999494757503e-05.
    func yaml() throws -> String {
        let lines = try YAMLEncoder().encode(self).split(separator: "\n")
        return lines.map { line in
            guard let colon = line.firstRange(of: ": "), line[colon.upperBound...].contains("e"),
                let number = Float(line[colon.upperBound...])
            else { return line + "\n" }
            return line[..<colon.upperBound] + "\(number)\n"
        }.joined()
    }

    /// The recipe with absolute paths, so that a run can be resumed from any folder.
    func withAbsolutePaths() -> Recipe {
        func absolute(_ path: String?) -> String? {
            path.map { path in
                PairFileArguments.files(path)
                    .map { URL(filePath: $0).standardizedFileURL.path }.joined(separator: ",")
            }
        }
        var copy = self
        // A name of the hub is not a path.
        if let model, FileManager.default.fileExists(atPath: model) { copy.model = absolute(model) }
        copy.train = absolute(train)
        copy.dev = absolute(dev)
        copy.devNLI = absolute(devNLI)
        copy.test = absolute(test)
        copy.testNLI = absolute(testNLI)
        return copy
    }

    /// Checks what does not depend on any file.
    func validate() throws {
        guard [CosineSimilarityLoss.name, SoftmaxLoss.name].contains(loss) else {
            throw CommandError.input(
                "loss is '\(loss)'; expected cosine (scored pairs) or softmax (labelled pairs)")
        }
        for (key, value) in [("model", model), ("train", train)] where value == nil {
            throw CommandError.input("no \(key) is given: add --\(key), or '\(key):' to the recipe")
        }
        if loss == CosineSimilarityLoss.name, devNLI ?? testNLI != nil {
            throw CommandError.input(
                "dev_nli and test_nli measure the classifier of the softmax loss; with the cosine loss give dev and test"
            )
        }
        if dev == nil, devNLI == nil {
            for (key, isGiven) in [
                ("patience", training.patience != nil),
                ("evaluate_every", training.evaluateEvery > 0),
            ] where isGiven {
                throw CommandError.input(
                    "\(key) is given, but nothing to evaluate on: add --dev, or take it out")
            }
        }
        try training.validate()
        let held = [("dev", dev), ("dev_nli", devNLI), ("test", test), ("test_nli", testNLI)]
        for (key, path) in held where path != nil && path == train {
            Console.note(
                "\(key) is the training file itself: its figures say nothing about other sentences")
        }
    }

    /// The keys whose values another recipe has otherwise.
    func keys(changedIn other: Recipe) throws -> [String] {
        let mine = try Yams.compose(yaml: YAMLEncoder().encode(self))
        let theirs = try Yams.compose(yaml: YAMLEncoder().encode(other))
        return (CodingKeys.allCases.map(\.rawValue) + TrainingConfiguration.keys).filter {
            mine?[$0] != theirs?[$0]
        }
    }

    private static func sentence(_ error: DecodingError) -> String {
        func key(_ context: DecodingError.Context) -> String {
            let path = context.codingPath.map(\.stringValue).joined(separator: ".")
            return path.isEmpty ? "the recipe" : path
        }
        switch error {
        case .typeMismatch(let type, let context), .valueNotFound(let type, let context):
            return "\(key(context)) is not \(words(for: type))"
        case .keyNotFound(let missing, _): return "\(missing.stringValue) is missing"
        case .dataCorrupted(let context):
            let choices =
                switch key(context) {
                case "schedule": LearningRateSchedule.Kind.allCases.map(\.rawValue)
                case "data.format": PairFormat.allCases.map(\.rawValue)
                default: [String]()
                }
            return choices.isEmpty
                ? "\(key(context)): \(context.debugDescription)"
                : "\(key(context)) is none of \(choices.joined(separator: ", "))"
        @unknown default: return "\(error)"
        }
    }

    private static func words(for type: any Any.Type) -> String {
        switch "\(type)" {
        case "Int": "a whole number"
        case "UInt64": "a whole number from 0"
        case "Float", "Double": "a number"
        case "Bool": "true or false"
        case "Sequence": "a list, such as [embeddings]"
        case "Mapping": "keys with values"
        case "Scalar", "String": "a single value"
        default: "of type \(type)"
        }
    }
}
