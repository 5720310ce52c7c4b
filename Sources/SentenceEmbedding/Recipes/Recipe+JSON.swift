import ExampleFiles
import Foundation
import JSON
import Losses
import NeuralNetwork
import Settings
import Support

/// Recipes as JSON objects, and so as YAML: a short form for one task, and a long one.
extension Recipe {
    private static let shortTaskKeys = ["loss", "train"]
    /// The short form's evaluations: the key, which is the name, with its kind and split.
    static let shortEvaluations: [(name: String, kind: String, split: EvaluationRecipe.Split)] = [
        ("dev", SimilarityEvaluation.kind, .dev), ("dev_nli", LabelAccuracyEvaluation.kind, .dev),
        ("test", SimilarityEvaluation.kind, .test),
        ("test_nli", LabelAccuracyEvaluation.kind, .test),
    ]

    /// Every key of a recipe, in the order in which recipes are written.
    public static var keys: [String] {
        ["model"] + shortTaskKeys + TaskSettings.keys + ["tasks"] + shortEvaluations.map(\.name)
            + ["evaluate", "data", "optimizer", "adapters"] + RunSetup.keys
            + TrainingConfiguration.keys
    }

    /// Reads a recipe from the text of a JSON object.
    ///
    /// - Throws: `RecipeError` for a key that does not exist and a value that is none of those expected.
    public init(json: String) throws(RecipeError) {
        let value: JSONValue
        do throws(JSONError) { value = try JSONValue(parsing: json.utf8) } catch {
            throw .invalid(key: "the recipe", found: "\(error)", expected: "a JSON object")
        }
        try self.init(value)
    }

    /// The recipe as a JSON object.
    public var json: String { value.line }

    package init(_ value: JSONValue) throws(RecipeError) {
        guard value.members != nil else {
            throw .invalid(
                key: "the recipe", found: value.summary,
                expected: "settings, such as 'epochs: 4'")
        }
        training = try settings(
            value, others: Self.keys.filter { !TrainingConfiguration.keys.contains($0) })
        setup = try settings(value, others: Self.keys.filter { !RunSetup.keys.contains($0) })
        if let model = value["model"] { self.model = try text(model, "model") }
        if let data = value["data"] { self.data = try decoded(data, "data") }
        if let optimizer = value["optimizer"] {
            self.optimizer = try NamedSettings(optimizer, path: "optimizer")
            try self.optimizer.checkOptimizer(path: "optimizer")
        }
        if let adapters = value["adapters"] {
            do throws(SettingError) {
                self.adapters = try LoRAConfiguration(adapters, path: "adapters.")
            } catch { throw .setting(error) }
        }
        try readTasks(value)
        try readEvaluations(value)
    }

    private mutating func readTasks(_ value: JSONValue) throws(RecipeError) {
        let short: TaskSettings = try settings(
            value, others: Self.keys.filter { !TaskSettings.keys.contains($0) })
        let shortKeys = (Self.shortTaskKeys + TaskSettings.keys).filter { value[$0] != nil }
        guard let tasks = value["tasks"] else {
            guard !shortKeys.isEmpty else { return }
            var task = TaskRecipe()
            task.settings = short
            if let value = value["loss"] { task.loss = try loss(value, "loss") }
            if let train = value["train"] { task.data = try sources(train, "train") }
            self.tasks = [task]
            return
        }
        if let key = shortKeys.first { throw .both("tasks", key) }
        for member in tasks.members ?? [] {
            let path = "tasks.\(member.key)"
            var task = TaskRecipe(try name(member.key, path))
            if self.tasks.contains(where: { $0.name == task.name }) {
                throw .setting(.repeated(key: path))
            }
            guard let keys = member.value.members else {
                throw .invalid(
                    key: path, found: member.value.summary, expected: "keys with 'data' and 'loss'")
            }
            task.settings = try settings(.object(keys), path: path + ".", others: ["data", "loss"])
            if let value = member.value["loss"] { task.loss = try loss(value, path + ".loss") }
            guard let data = member.value["data"] else { throw .missing(key: path + ".data") }
            task.data = try sources(data, path + ".data")
            self.tasks.append(task)
        }
        if self.tasks.isEmpty {
            throw .invalid(
                key: "tasks", found: tasks.summary, expected: "names, each with 'data' and 'loss'")
        }
    }

    private mutating func readEvaluations(_ value: JSONValue) throws(RecipeError) {
        for (name, kind, split) in Self.shortEvaluations {
            guard let files = value[name] else { continue }
            evaluations.append(
                EvaluationRecipe(
                    name, kind: NamedSettings(kind), split: split, data: try sources(files, name)))
        }
        guard let items = value["evaluate"] else { return }
        guard let members = items.members else {
            throw .invalid(
                key: "evaluate", found: items.summary, expected: "names, each with a 'kind'")
        }
        let common = ["split", "data", "chooses_best", "truncate_dim", "watch"]
        for member in members {
            let path = "evaluate.\(member.key)"
            let kind = try NamedSettings(member.value, key: "kind", others: common, path: path)
            try kind.checkEvaluation(path: path)
            var item = EvaluationRecipe(try name(member.key, path), kind: kind)
            if evaluations.contains(where: { $0.name == item.name }) {
                throw .both(item.name, path)
            }
            if let split = member.value["split"] {
                guard let known = split.string.flatMap(EvaluationRecipe.Split.init) else {
                    throw .invalid(
                        key: path + ".split", found: split.summary, expected: "dev or test")
                }
                item.split = known
            }
            if let best = member.value["chooses_best"] {
                guard let flag = best.bool else {
                    throw .invalid(
                        key: path + ".chooses_best", found: best.summary, expected: "true or false")
                }
                item.choosesBest = flag
            }
            if let dimension = member.value["truncate_dim"] {
                guard let length = dimension.int, length > 0 else {
                    throw .invalid(
                        key: path + ".truncate_dim", found: dimension.summary,
                        expected: "a whole number of 1 or more")
                }
                item.truncateDimension = length
            }
            if let watch = member.value["watch"] {
                guard let fall = watch.double, fall >= 0, fall.isFinite else {
                    throw .invalid(
                        key: path + ".watch", found: watch.summary,
                        expected: "a number of 0 or more, by which the primary figure may fall")
                }
                item.watch = fall
            }
            if let data = member.value["data"] { item.data = try sources(data, path + ".data") }
            evaluations.append(item)
        }
    }

    /// The recipe as a JSON object, in the order of `keys`.
    package var value: JSONValue {
        var members: [JSONValue.Member] = []
        func add(_ key: String, _ value: JSONValue?) {
            if let value { members.append(JSONValue.Member(key, value)) }
        }
        add("model", model.map(JSONValue.string))
        if tasks.count == 1, tasks[0].name == TrainingTask.onlyName {
            add("loss", tasks[0].loss.value())
            if !tasks[0].data.isEmpty { add("train", files(tasks[0].data)) }
            members += stated(tasks[0].settings)
        } else if !tasks.isEmpty {
            add(
                "tasks",
                .object(
                    tasks.map { task in
                        JSONValue.Member(
                            task.name,
                            .object(
                                [
                                    JSONValue.Member("data", files(task.data)),
                                    JSONValue.Member("loss", task.loss.value()),
                                ] + stated(task.settings)))
                    }))
        }
        let short = evaluations.filter(\.isShort)
        for (name, _, _) in Self.shortEvaluations {
            add(name, short.first { $0.name == name }.map { files($0.data) })
        }
        let long = evaluations.filter { !$0.isShort }
        if !long.isEmpty {
            add("evaluate", .object(long.map { JSONValue.Member($0.name, $0.value) }))
        }
        add("data", encoded(data))
        if optimizer != NamedSettings(AdamW.name) { add("optimizer", optimizer.value()) }
        add("adapters", adapters.map { .object(stated($0)) })
        members += stated(setup)
        let defaults = TrainingConfiguration().value
        members += (training.value.members ?? []).filter { member in
            !ScheduleSettings.keys.contains(member.key) || defaults[member.key] != member.value
        }
        return .object(members)
    }
}

extension EvaluationRecipe {
    /// Whether the short form can say it.
    var isShort: Bool {
        Recipe.shortEvaluations.contains {
            $0.name == name && $0.kind == kind.name && $0.split == split
        } && kind.members.isEmpty && !choosesBest && truncateDimension == nil && watch == nil
    }

    fileprivate var value: JSONValue {
        var members = [
            JSONValue.Member("kind", .string(kind.name)),
            JSONValue.Member("split", .string(split.rawValue)),
        ]
        if !data.isEmpty { members.append(JSONValue.Member("data", files(data))) }
        if choosesBest { members.append(JSONValue.Member("chooses_best", true)) }
        if let truncateDimension {
            members.append(JSONValue.Member("truncate_dim", .integer(truncateDimension)))
        }
        if let watch { members.append(JSONValue.Member("watch", .number(watch))) }
        return .object(members + kind.members)
    }
}

// MARK: - Values

/// The settings that are not at their defaults.
private func stated<S: Settings>(_ settings: S) -> [JSONValue.Member] {
    let defaults = S().value
    return (settings.value.members ?? []).filter { defaults[$0.key] != $0.value }
}

private func settings<S: Settings>(
    _ value: JSONValue, path: String = "", others: [String]
) throws(RecipeError) -> S {
    do throws(SettingError) { return try S(value, path: path, others: others) } catch {
        throw .setting(error)
    }
}

private func text(_ value: JSONValue, _ key: String) throws(RecipeError) -> String {
    guard let text = value.string else {
        throw .invalid(key: key, found: value.summary, expected: "a text")
    }
    return text
}

/// A loss by its name, whether that or its class's is given.
private func loss(_ value: JSONValue, _ path: String) throws(RecipeError) -> NamedSettings {
    var loss = try NamedSettings(value, path: path)
    try loss.checkLoss(path: path)
    if let type = try? Losses.named(loss.name) { loss.name = type.name }
    return loss
}

/// The name of a task or an evaluation, which is also one in checkpoints and of figures.
private func name(_ text: String, _ path: String) throws(RecipeError) -> String {
    let allowed = Set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-")
    guard !text.isEmpty, text.count <= 64, text.allSatisfy(allowed.contains) else {
        throw .invalid(
            key: path, found: "a name of other characters", expected: "letters, digits, _ and -")
    }
    return text
}

/// One file, or a list of files.
private func sources(_ value: JSONValue, _ path: String) throws(RecipeError) -> [ExampleSource] {
    guard let elements = value.elements else { return [try source(value, path)] }
    var sources: [ExampleSource] = []
    for (index, element) in elements.enumerated() {
        sources.append(try source(element, "\(path)[\(index)]"))
    }
    return sources
}

private func source(_ value: JSONValue, _ path: String) throws(RecipeError) -> ExampleSource {
    for member in value.members ?? [] where !ExampleSource.keys.contains(member.key) {
        throw unknown(member.key, path, ExampleSource.keys)
    }
    return try decoded(value, path)
}

private func files(_ sources: [ExampleSource]) -> JSONValue {
    sources.count == 1 ? encoded(sources[0]) : .array(sources.map(encoded))
}

/// Files and their options as JSON, the keys in the order in which they are documented.
private func encoded(_ value: some Encodable) -> JSONValue {
    guard let data = try? JSONEncoder().encode(value), let json = try? JSONValue(parsing: data)
    else { preconditionFailure("\(value) cannot be written as JSON") }
    guard let members = json.members else { return json }
    let order = ["path"] + ExampleFileOptions.keys
    return .object(
        members.sorted {
            (order.firstIndex(of: $0.key) ?? order.count)
                < (order.firstIndex(of: $1.key) ?? order.count)
        })
}

/// Files and their options from JSON.
private func decoded<Value: Decodable>(_ json: JSONValue, _ path: String) throws(RecipeError)
    -> Value
{
    for member in json.members ?? []
    where Value.self == ExampleFileOptions.self && !ExampleFileOptions.keys.contains(member.key) {
        throw unknown(member.key, path, ExampleFileOptions.keys)
    }
    do { return try JSONDecoder().decode(Value.self, from: Data(json.line.utf8)) } catch {
        throw problem(error, json, path)
    }
}

private func unknown(_ key: String, _ path: String, _ known: [String]) -> RecipeError {
    .setting(
        .unknown(
            key: "\(path).\(key)", suggestion: closestName(to: key, among: known), known: known))
}

private func problem(_ error: any Error, _ json: JSONValue, _ path: String) -> RecipeError {
    guard let error = error as? DecodingError else {
        return .invalid(key: path, found: json.summary, expected: "\(error)")
    }
    func key(_ context: DecodingError.Context) -> String {
        ([path] + context.codingPath.map(\.stringValue)).joined(separator: ".")
    }
    func found(_ context: DecodingError.Context) -> String {
        context.codingPath.reduce(json) { $0?[$1.stringValue] }?.summary ?? "absent"
    }
    switch error {
    case .typeMismatch(let type, let context), .valueNotFound(let type, let context):
        return .invalid(key: key(context), found: found(context), expected: words(for: type))
    case .keyNotFound(let missing, let context):
        return .missing(key: key(context) + "." + missing.stringValue)
    case .dataCorrupted(let context):
        let formats = ExampleFormat.allCases.map(\.rawValue).joined(separator: ", ")
        return .invalid(
            key: key(context), found: found(context),
            expected: context.codingPath.last?.stringValue == "format"
                ? "one of \(formats)" : context.debugDescription)
    @unknown default: return .invalid(key: path, found: json.summary, expected: "\(error)")
    }
}

private func words(for type: any Any.Type) -> String {
    switch "\(type)" {
    case "Int": "a whole number"
    case "Float", "Double": "a number"
    case "Bool": "true or false"
    case "String": "a single value"
    default: "a list or keys with values"
    }
}
