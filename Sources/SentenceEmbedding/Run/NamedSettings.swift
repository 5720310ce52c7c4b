import JSON
import NeuralNetwork
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
