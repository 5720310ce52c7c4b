import JSON
import NeuralNetwork
import Settings

/// A loss with its parameters and all that it was made from: what runs train and checkpoints keep.
public struct LossModule {
    /// The loss.
    public let loss: any TaskLoss
    /// Its own parameters, none for most.
    public let parameters: ParameterStore
    /// Its settings as JSON.
    public let settings: String
    /// The surroundings that it was made for.
    public let context: LossContext

    /// The name in recipes and checkpoints.
    public var name: String { type(of: loss).name }
    /// The name of its type, such as `CosineSimilarityLoss`.
    public var typeName: String { "\(type(of: loss))" }

    /// Makes a loss.
    ///
    /// - Throws: `LossError` when it cannot be used in these surroundings.
    public init<L: TaskLoss>(
        _ type: L.Type, _ configuration: L.Configuration = .init(), context: LossContext,
        source: ParameterSource = .random(seed: 0)
    ) throws(LossError) {
        // A loss of a program's own may leave this out.
        try L.check(configuration, context)
        parameters = ParameterStore(source: source)
        loss = try L(configuration, context, in: parameters.root)
        settings = configuration.json
        self.context = context
    }

    /// Makes the loss of a name, with settings from the text of a JSON object.
    ///
    /// - Throws: `LossError` when there is none, a setting is wrong, or it cannot be used in these surroundings.
    public init(
        named name: String, settings: String = "{}", context: LossContext,
        source: ParameterSource = .random(seed: 0)
    ) throws(LossError) {
        func make<L: TaskLoss>(_ type: L.Type) throws(LossError) -> LossModule {
            let configuration: L.Configuration
            do throws(SettingError) {
                configuration = try L.Configuration(json: settings, path: "\(name).")
            } catch { throw .settings(error) }
            return try LossModule(type, configuration, context: context, source: source)
        }
        self = try make(try Losses.named(name))
    }
}
