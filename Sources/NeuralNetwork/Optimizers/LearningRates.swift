import JSON
import Settings
import Tensors

/// Peak learning rates of parameters by patterns of their names, in place of the run's: `"embeddings.*": 1e-5`.
///
/// A pattern also means all that is inside the modules that it names, as `ParameterPattern` says.
public struct LearningRates: Sendable, Equatable {
    /// A pattern with the peak rate of the parameters that it means.
    public struct Rate: Sendable, Equatable {
        /// What their names are like: a `ParameterPattern`.
        public var pattern: String
        /// The peak rate, above 0.
        public var rate: Float
    }

    /// The rates in the order given, in which nothing hangs: no parameter may have two.
    public var rates: [Rate] = []

    /// Whether every parameter has the run's rate.
    public var isEmpty: Bool { rates.isEmpty }
}

extension LearningRates: ExpressibleByDictionaryLiteral {
    /// Rates by pattern.
    public init(dictionaryLiteral elements: (String, Float)...) {
        rates = elements.map { Rate(pattern: $0.0, rate: $0.1) }
    }
}

extension LearningRates: SettingValue {
    package static let expected = "rates above 0 by patterns of names, each pattern once"
    package static let isList = true

    package var settingJSON: JSONValue {
        rates.isEmpty
            ? .null
            : .object(rates.map { JSONValue.Member($0.pattern, .float($0.rate)) })
    }

    /// An object of rates, or texts such as `embeddings.*=1e-5`.
    package init?(settingJSON json: JSONValue) {
        if json == .null { return }
        let members =
            json.members
            ?? json.strings?.map { text in
                // Names have no equals sign.
                let parts = text.split(separator: "=", maxSplits: 1).map(String.init)
                let rate = parts.count == 2 ? Double(parts[1]) : nil
                return JSONValue.Member(parts.first ?? "", rate.map(JSONValue.number) ?? .null)
            }
        guard let members else { return nil }
        for member in members {
            guard let rate = member.value.double.map(Float.init), rate > 0, rate.isFinite,
                !member.key.isEmpty, !rates.contains(where: { $0.pattern == member.key })
            else { return nil }
            rates.append(Rate(pattern: member.key, rate: rate))
        }
    }
}

// MARK: - Factors

extension LearningRates {
    /// What each parameter's learning rate is multiplied by.
    ///
    /// With a layer decay the parameters of the top encoder layer, and those above it, have the full rate, those of each
    /// layer below `layerDecay` of the rate of the one above it, and the embeddings the lowest (Howard and Ruder 2018,
    /// arXiv:1801.06146). A rate by pattern stands as it is, whatever the layer.
    ///
    /// - Parameter peak: The run's peak rate.
    /// - Throws: `SettingError.invalid` for a pattern that means no parameter that is trained, or only a part of one, for
    ///   two that mean the same parameter, and for a layer decay where there are no layers.
    public func factors(
        of parameters: [Parameter], peak: Float, layerDecay: Float = 1
    ) throws(SettingError) -> [Float] {
        var factors = try Self.factors(of: parameters, layerDecay: layerDecay)
        var owners: [Int: String] = [:]
        for rate in rates {
            var isUsed = false
            for (index, parameter) in parameters.enumerated() {
                let count = parameter.parts.count { rate.means($0.name) }
                if count == 0 || parameter.isFrozen { continue }
                isUsed = true
                if count < parameter.parts.count {
                    throw rate.invalid(
                        "a part of \(parameter.parts.map(\.name).joined(separator: ", ")), which are one array",
                        "a pattern that means all of them, such as one that ends in attention.self.*"
                    )
                }
                if let other = owners.updateValue(rate.pattern, forKey: index) {
                    throw rate.invalid(
                        "\(parameter.name), which '\(other)' means as well",
                        "patterns of which no two mean the same parameter")
                }
                factors[index] = rate.rate / peak
            }
            if !isUsed {
                let example = parameters.first { !$0.isFrozen }?.name ?? "none"
                throw rate.invalid(
                    "no parameter that is trained", "a pattern of names such as \(example)")
            }
        }
        return factors
    }

    private static func factors(
        of parameters: [Parameter], layerDecay: Float
    ) throws(SettingError) -> [Float] {
        if layerDecay == 1 { return parameters.map { _ in 1 } }
        guard let top = parameters.compactMap({ layer(of: $0.name) }).max() else {
            throw .invalid(
                key: "layer_decay", found: "\(layerDecay), but the model has no layers",
                expected: "no layer_decay with this model")
        }
        return parameters.map { parameter in
            let isEmbedding = parameter.name.split(separator: ".").contains("embeddings")
            let depth = isEmbedding ? top + 1 : layer(of: parameter.name).map { top - $0 } ?? 0
            // As a product, so that each layer has exactly so much of the one above.
            return (0..<depth).reduce(1) { rate, _ in rate * layerDecay }
        }
    }

    /// The number of the encoder layer that a parameter belongs to: 3 of `encoder.layer.3.output.dense.bias`.
    package static func layer(of name: String) -> Int? {
        let names = name.split(separator: ".")
        // A decoder's, which has the layer's number: new, and above all layers.
        if names.contains("crossattention") { return nil }
        let place = names.firstIndex { $0 == "layer" || $0 == "layers" }
        return place.flatMap { $0 + 1 < names.count ? Int(names[$0 + 1]) : nil }
    }
}

extension LearningRates.Rate {
    fileprivate func means(_ name: String) -> Bool {
        ParameterPattern(pattern).matches(name)
    }

    fileprivate func invalid(_ found: String, _ expected: String) -> SettingError {
        .invalid(
            key: "learning_rates", found: "'\(pattern)', which means \(found)", expected: expected)
    }
}
