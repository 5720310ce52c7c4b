import JSON
import Losses
import NeuralNetwork
import Settings
import Tensors

/// Something that is chosen by name, with settings of its own: in a recipe `cosine`, or `{name: triplet, margin: 1}`.
public struct NamedSettings: Sendable, Equatable {
    /// The name.
    public var name: String
    /// The settings as the text of a JSON object; those left out have their defaults.
    public var settings: String

    /// Creates a choice.
    public init(_ name: String, settings: String = "{}") {
        self.name = name
        self.settings = settings
    }

    /// Reads a name, or an object whose `key` is the name and whose other keys, but for `others`, are settings.
    init(
        _ value: JSONValue, key: String = "name", others: [String] = [], path: String
    ) throws(RecipeError) {
        if let name = value.string {
            self.init(name)
            return
        }
        guard let members = value.members, let name = value[key]?.string else {
            throw .invalid(
                key: path, found: value.summary, expected: "a name, or keys with a '\(key)'")
        }
        let own = members.filter { $0.key != key && !others.contains($0.key) }
        self.init(name, settings: JSONValue.object(own).line)
    }

    /// The settings as members of an object.
    var members: [JSONValue.Member] {
        (try? JSONValue(parsing: settings.utf8).members) ?? []
    }

    /// The name alone where all settings have their defaults.
    func value(key: String = "name") -> JSONValue {
        members.isEmpty
            ? .string(name) : .object([JSONValue.Member(key, .string(name))] + members)
    }
}

// MARK: - Checks

/// Names that do not exist are left for `Recipe.checked()`; of those that do, wrong settings are named with their place.
extension NamedSettings {
    func checkLoss(path: String) throws(RecipeError) {
        func open<L: TaskLoss>(_: L.Type) throws(RecipeError) {
            try check(L.Configuration.self, path)
        }
        if let type = try? Losses.named(name) { try open(type) }
    }

    func checkEvaluation(path: String) throws(RecipeError) {
        func open<K: EvaluationKind>(_: K.Type) throws(RecipeError) { try check(K.self, path) }
        if let kind = try? Evaluations.named(name) { try open(kind) }
    }

    func checkOptimizer(path: String) throws(RecipeError) {
        func open<O: Optimizer>(_: O.Type) throws(RecipeError) {
            try check(O.Configuration.self, path)
        }
        if let type = try? Optimizers.named(name) { try open(type) }
    }

    private func check<S: Settings>(_: S.Type, _ path: String) throws(RecipeError) {
        do throws(SettingError) { _ = try S(.object(members), path: path + ".") } catch {
            throw .setting(error)
        }
    }
}

extension NamedSettings {
    /// Makes the optimizer of this name, with a weight decay where it has one and states none.
    ///
    /// - Throws: `OptimizerError` when there is no such optimizer or setting.
    func optimizer(
        weightDecay: Float
    ) throws -> (_ parameters: [Parameter]) throws(OptimizerError) -> any Optimizer {
        var members = self.members
        func keys<O: Optimizer>(_: O.Type) -> [String] { O.Configuration.keys }
        if keys(try Optimizers.named(name)).contains("weight_decay"),
            !members.contains(where: { $0.key == "weight_decay" })
        {
            members.append(JSONValue.Member("weight_decay", .float(weightDecay)))
        }
        let settings = JSONValue.object(members).line
        return { [name] (parameters) throws(OptimizerError) in
            try Optimizers.make(name, settings: settings, parameters)
        }
    }
}
