import Settings
import Testing

@testable import NeuralNetwork
@testable import Tensors

/// Learning rates by name and by layer.
@Suite struct LearningRatesTests {
    private static func parameters() -> [Parameter] {
        func part(_ name: String, _ offset: Int) -> Parameter.Part {
            .init(name: name, shape: [1], offset: offset)
        }
        return [
            Parameter("embeddings.word_embeddings.weight", Tensor([1])),
            Parameter(
                parts: [
                    part("encoder.layer.0.attention.self.query.bias", 0),
                    part("encoder.layer.0.attention.self.key.bias", 1),
                ], shape: [2]),
            Parameter("encoder.layer.1.output.dense.bias", Tensor([1])),
            Parameter("encoder.layer.10.output.dense.bias", Tensor([1])),
            Parameter("classifier.weight", Tensor([1])),
        ]
    }

    @Test func byLayerAndByName() throws {
        let parameters = Self.parameters()
        #expect(try LearningRates().factors(of: parameters, peak: 1) == [1, 1, 1, 1, 1])
        var depth: Float = 1
        for _ in 0..<9 { depth *= 0.5 }
        let decayed = try LearningRates().factors(of: parameters, peak: 1, layerDecay: 0.5)
        #expect(decayed == [depth / 4, depth / 2, depth, 1, 1])
        // A module's name means what is in it, and layer.1 is not layer.10.
        let rates: LearningRates = ["encoder.layer.1": 0.5, "embeddings.*": 4, "classifier*": 1]
        #expect(try rates.factors(of: parameters, peak: 2) == [2, 1, 0.25, 1, 0.5])
        #expect(
            try rates.factors(of: parameters, peak: 2, layerDecay: 0.5)
                == [2, depth / 2, 0.25, 1, 0.5])
    }

    @Test(
        arguments: [
            (["pooler.*": 1], "'pooler.*', which means no parameter that is trained"),
            (
                ["*query*": 1],
                "which means a part of encoder.layer.0.attention.self.query.bias, enc"
            ),
            (["encoder.*": 1, "*.bias": 2], "'*.bias', which means encoder.layer.0"),
        ] as [(LearningRates, String)])
    func refusals(_ rates: LearningRates, _ message: String) {
        let error = #expect(throws: SettingError.self) {
            try rates.factors(of: Self.parameters(), peak: 1)
        }
        #expect(error?.description.contains(message) == true, "\(String(describing: error))")
    }

    @Test func whatIsFrozenOrHasNoLayersIsNoUse() {
        let parameters = Self.parameters()
        parameters[4].isFrozen = true
        let rates: LearningRates = ["classifier.*": 1]
        #expect(throws: SettingError.self) { try rates.factors(of: parameters, peak: 1) }
        #expect(throws: SettingError.self) {
            try LearningRates().factors(of: [parameters[4]], peak: 1, layerDecay: 0.9)
        }
    }

    @Test func valuesOfASetting() throws {
        struct Rates: Settings {
            var rates: LearningRates = [:]
            static let settings = [Setting("rates", \Self.rates, "Rates.")]
        }
        let read = try Rates(json: #"{"rates": {"a.*": 1e-5, "b": 2}}"#)
        #expect(read.rates == ["a.*": 1e-5, "b": 2])
        #expect(try Rates(json: read.json).rates == read.rates)
        #expect(try Rates(json: #"{"rates": ["a.*=1e-5", "b=2"]}"#).rates == read.rates)
        #expect(Rates().json == "{}")
        try Rates().validate()
        for wrong in [
            #"{"a": 0}"#, #"{"a": -1}"#, #"{"a": "x"}"#, #"{"": 1}"#, #"["a"]"#, #"["a=x"]"#, "1",
            #"["a=1", "a=2"]"#,
        ] {
            #expect(throws: SettingError.self) { try Rates(json: #"{"rates": \#(wrong)}"#) }
        }
    }

    /// One optimizer with two factors does what two with two rates do.
    @Test(arguments: OptimizerTests.cases)
    func everyOptimizerHasFactors(_ rule: (name: String, settings: String)) throws {
        func run(_ factors: [Float], rate: Float) throws -> [[Float]] {
            let parameters = factors.map { _ in OptimizerTests.table(isRowSparse: true) }
            let optimizer = try Optimizers.make(
                rule.name, settings: rule.settings, parameters)
            optimizer.learningRateFactors = factors
            for (t, ids) in OptimizerTests.steps.enumerated() {
                for parameter in parameters {
                    parameter.clearGradient()
                    parameter.accumulateRowGradients(
                        ids, (0..<ids.count * 5).map { Float(($0 * 7 + t) % 5) - 2 })
                }
                optimizer.step(learningRate: rate, gradientScale: 1)
            }
            return parameters.map(\.tensor.values)
        }
        let both = try run([1, 0.25], rate: 0.5)
        #expect(both[0] != both[1])
        #expect(try run([1], rate: 0.5) == [both[0]])
        let hasOwnRate = rule == ("adafactor", "{}")
        if !hasOwnRate { #expect(try run([1], rate: 0.125) == [both[1]]) }
    }
}
