import Foundation
import Settings
import Support
import Tensors

/// Every optimizer by its name.
public enum Optimizers {
    /// All optimizers, in the order in which documents show them.
    public static var all: [any Optimizer.Type] {
        [AdamW.self, Adam.self, SGD.self, Lion.self, Adafactor.self]
    }

    /// The optimizer of a name.
    ///
    /// - Throws: `OptimizerError.unknown` with the names that there are.
    public static func named(_ name: String) throws(OptimizerError) -> any Optimizer.Type {
        if let type = all.first(where: { $0.name == name }) { return type }
        let names = all.map { $0.name }
        throw .unknown(name: name, suggestion: closestName(to: name, among: names), known: names)
    }

    /// Creates the optimizer of a name from the text of a JSON object of settings.
    ///
    /// - Throws: `OptimizerError` when there is no such optimizer or setting.
    public static func make(
        _ name: String, settings json: String = "{}", _ parameters: [Parameter],
        decays: (Parameter) -> Bool = decaysByDefault
    ) throws(OptimizerError) -> any Optimizer {
        let type = try named(name)
        do throws(SettingError) {
            return try type.make(settings: json, parameters, decays: decays)
        } catch { throw .settings(error) }
    }

    /// Whether a parameter has weight decay by default: all but biases and LayerNorm have.
    public static func decaysByDefault(_ parameter: Parameter) -> Bool {
        !parameter.name.hasSuffix("bias") && !parameter.name.contains("LayerNorm")
    }
}

/// Why there is no optimizer.
public enum OptimizerError: Error, Equatable, LocalizedError, CustomStringConvertible {
    /// There is no optimizer of this name.
    case unknown(name: String, suggestion: String?, known: [String])
    /// Settings of the optimizer are wrong.
    case settings(SettingError)

    /// What happened and what to do.
    public var description: String {
        switch self {
        case .unknown(let name, let suggestion, let known):
            "there is no optimizer '\(name)'; "
                + (suggestion.map { "did you mean '\($0)'?" }
                    ?? "expected one of \(known.joined(separator: ", "))")
        case .settings(let error): error.description
        }
    }

    /// `description`
    public var errorDescription: String? { description }
}
