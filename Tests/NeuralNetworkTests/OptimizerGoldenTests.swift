import JSON
import Settings
import TestSupport
import Testing

@testable import NeuralNetwork
@testable import Tensors

private enum GoldenOptimizers {
    static let file = Result {
        try GoldenFolder.contents(of: "optimizers.json").map { try JSONValue(parsing: $0) }
    }

    /// False when a folder of the user's own lacks the file.
    static var isPresent: Bool {
        if case .success(.none) = file { false } else { true }
    }
}

/// Optimizers and schedules beside those of PyTorch and transformers.
@Suite(.enabled(if: GoldenOptimizers.isPresent)) struct OptimizerGoldenTests {
    /// Every step of every run, with a gradient of nothing but zeros among them.
    @Test func parametersAfterEveryStep() throws {
        let file = try #require(try GoldenOptimizers.file.get())
        let runs = try #require(file["runs"]?.elements)
        let gradients = try #require(file["grads"]?.elements)
        var compared: Set<String> = []
        for run in runs {
            let title = try #require(run["optimizer"]?.string)
            let options = try #require(run["options"])
            guard let name = Self.names[title] else {
                Issue.record("no optimizer for \(title)")
                continue
            }
            let names = try #require(file["params"]?.members)
            let parameters = try names.map { member in
                let shape = Self.shape(of: member.value)
                return Parameter(member.key, Tensor(try Self.numbers(member.value), Shape(shape)))
            }
            let optimizer = try Optimizers.make(
                name, settings: Self.settings(options, of: title), parameters)
            let rate = Float(options["lr"]?.double ?? 0)
            let after = try #require(run["after"]?.elements)
            for (gradient, expected) in zip(gradients, after) {
                for parameter in parameters {
                    let numbers = try Self.numbers(gradient[parameter.name])
                    parameter.clearGradient()
                    parameter.accumulateGradient { sum, _ in
                        sum.update(from: numbers, count: numbers.count)
                    }
                }
                var scale: Float = 1
                if let limit = run["clip_global_norm"]?.double {
                    scale = Float(min(1, limit / (parameters.gradientNorm() + 1e-6)))
                }
                optimizer.step(learningRate: rate, gradientScale: scale)
                for parameter in parameters {
                    let numbers = try Self.numbers(expected[parameter.name])
                    let largest = numbers.reduce(1) { max($0, abs($1)) }
                    let off = zip(parameter.tensor.values, numbers).map { abs($0 - $1) }.max() ?? 1
                    #expect(
                        off <= 1e-5 * largest,
                        "\(title) \(options.line), step \(optimizer.stepCount), \(parameter.name)")
                }
            }
            #expect(optimizer.stepCount == gradients.count)
            compared.insert(name)
        }
        #expect(compared == Set(Optimizers.all.map { $0.name }))
    }

    /// Up to the end of the run; after it the cosines of transformers rise again.
    @Test func ratesOfEveryStep() throws {
        let file = try #require(try GoldenOptimizers.file.get())
        let schedules = try #require(file["schedules"]?.elements)
        var compared: Set<LearningRateSchedule.Kind> = []
        for schedule in schedules {
            let name = try #require(schedule["name"]?.string)
            let kind = try #require(LearningRateSchedule.Kind(rawValue: name), "\(name)")
            let options = try #require(schedule["options"])
            let total = try #require(schedule["total"]?.int)
            let peak = try #require(schedule["base_lr"]?.double)
            let warmup = try #require(schedule["warmup"]?.int)
            let rate = LearningRateSchedule(
                kind, peak: Float(peak),
                // The constant of transformers has none.
                warmupSteps: kind == .constant ? 0 : warmup, totalSteps: total,
                settings: try kind.settings(json: options.line))
            let expected = try Self.numbers(schedule["lr"])
            for (step, expected) in expected.enumerated() {
                let isCosine = kind == .cosine || kind == .cosineWithLeastRate
                #expect(
                    abs(rate(isCosine ? min(step, total) : step) - expected) <= 1e-5 * Float(peak)
                        || isCosine && step > total,
                    "\(name) \(options.line), warm-up \(warmup), step \(step)")
            }
            compared.insert(kind)
        }
        #expect(compared == Set(LearningRateSchedule.Kind.allCases))
        let ratio = try #require(file["ratio"])
        #expect(
            LearningRateSchedule.warmupSteps(
                ratio: try #require(ratio["warmup_steps"]?.double),
                totalSteps: try #require(ratio["total"]?.int)) == ratio["steps"]?.int)
    }

    private static let names = [
        "SGD": "sgd", "AdamW": "adamw", "AdamW without bias correction (formula)": "adamw",
        "Adam": "adam", "Adafactor": "adafactor", "Lion (formula)": "lion",
    ]

    /// The options of PyTorch's optimizers under our names, of which some are the same.
    private static func settings(_ options: JSONValue, of title: String) -> String {
        var members: [JSONValue.Member] = []
        for option in options.members ?? [] {
            switch (option.key, option.value.elements) {
            case ("lr", _): break
            case ("betas", let pair?):
                members += [.init("beta1", pair[0]), .init("beta2", pair[1])]
            case ("eps", let pair?):
                members += [.init("epsilon1", pair[0]), .init("epsilon2", pair[1])]
            case ("eps", nil): members.append(.init("epsilon", option.value))
            default: members.append(option)
            }
        }
        // The reference's default for AdamW is the same 0.01 as ours.
        if title.contains("without bias correction") {
            members.append(.init("correct_bias", .bool(false)))
        }
        return JSONValue.object(members).line
    }

    private static func shape(of value: JSONValue) -> [Int] {
        guard let elements = value.elements, let first = elements.first else { return [] }
        return [elements.count] + shape(of: first)
    }

    private static func numbers(_ value: JSONValue?) throws -> [Float] {
        let value = try #require(value)
        guard let elements = value.elements else { return [Float(try #require(value.double))] }
        return try elements.flatMap { try numbers($0) }
    }
}
