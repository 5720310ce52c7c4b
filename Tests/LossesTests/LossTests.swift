import ExampleFiles
import NeuralNetwork
import Settings
import Support
import Tensors
import TestSupport
import Testing

@testable import Losses

/// What holds for every loss that `Losses.all` lists, a new one included.
@Suite struct LossTests {
    @Test func namesAreTheirOwn() throws {
        let names = Losses.names
        #expect(Set(names).count == names.count)
        for name in names {
            let type = try Losses.named(name)
            #expect(type.name == name)
            #expect(try Losses.named("\(type)") == type, "the class's name is another")
            #expect(name.allSatisfy { $0.isLowercase || $0 == "_" }, "\(name)")
        }
    }

    @Test func unknownNamesAreRefused() {
        #expect {
            try Losses.named("multiple_negative_ranking")
        } throws: {
            "\($0)"
                == "there is no loss 'multiple_negative_ranking'; did you mean 'multiple_negatives_ranking'?"
        }
    }

    /// Central differences of the loss in every input and parameter, at mild settings.
    @Test(arguments: LossCase.all) func gradientsAgreeWithCentralDifferences(_ test: LossCase)
        throws
    {
        try check(test.type, test)
    }

    private func check<L: Loss>(_ type: L.Type, _ test: LossCase) throws {
        let mild = [("scale", "2"), ("temperature", "0.5")]
        let made = try test.make(type, mild)
        let tape = Tape()
        let columns = test.columns.map(tape.watch)
        let loss = made.loss(columns, labels: made.labels)
        #expect(loss.shape == [] && loss.requiresGradient)
        let gradients = tape.backward(from: loss)

        let found = columns.map {
            gradients[$0]?.values ?? Array(repeating: 0, count: $0.values.count)
        }
        let scale = found.flatMap(\.self).map(abs).max() ?? 0
        #expect(scale > 1e-3, "the loss depends on the embeddings")
        for column in columns.indices {
            for i in stride(from: column, to: found[column].count, by: 3) {
                let expected = slope { step in
                    var changed = test.columns
                    changed[column] = moved(changed[column], i, by: step)
                    return made.loss(changed, labels: made.labels).item()
                }
                #expect(abs(found[column][i] - expected) < 5e-3 * max(scale, 1), "\(column), \(i)")
            }
        }
        for parameter in made.parameters {
            let (values, gradient) = (parameter.tensor, try #require(parameter.gradient).values)
            let scale = gradient.map(abs).max() ?? 0
            for i in values.values.indices {
                let expected = slope { step in
                    set(parameter, moved(values, i, by: step))
                    return made.loss(test.columns, labels: made.labels).item()
                }
                set(parameter, values)
                #expect(
                    abs(gradient[i] - expected) < 5e-3 * max(scale, 1), "\(parameter.name), \(i)")
            }
        }
    }

    /// The derivative at 0, from two central differences.
    private func slope(_ value: (Float) -> Float) -> Float {
        func difference(_ step: Float) -> Float { (value(step) - value(-step)) / (2 * step) }
        return (4 * difference(1 / 256) - difference(1 / 128)) / 3
    }

    private func moved(_ x: Tensor, _ i: Int, by step: Float) -> Tensor {
        var values = x.values
        values[i] += step
        return Tensor(values, x.shape)
    }

    private func set(_ parameter: Parameter, _ value: Tensor) {
        parameter.setValues(of: parameter.parts[0]) { span in
            for i in span.indices { span[i] = value.values[i] }
        }
    }

    /// Inputs at which sums overflow and norms vanish.
    enum Extreme: String, CaseIterable {
        case equal, zero, large, opposite

        func of(_ x: Tensor, column: Int) -> Tensor {
            func all(_ value: Float) -> Tensor {
                Tensor(Array(repeating: value, count: x.shape.count), x.shape)
            }
            return switch self {
            case .equal: all(0.5)
            case .zero: all(0)
            case .large: x * 1000
            case .opposite: all(column == 0 ? 1 : -1)
            }
        }
    }

    @Test(arguments: LossCase.all, Extreme.allCases)
    func staysFinite(_ test: LossCase, _ extreme: Extreme) throws {
        try checkFinite(test.type, test, extreme)
    }

    private func checkFinite<L: Loss>(_ type: L.Type, _ test: LossCase, _ extreme: Extreme) throws {
        for settings in [[], [("scale", "1000"), ("temperature", "0.001")]] {
            let made = try test.make(type, settings)
            let tape = Tape()
            let columns = test.columns.enumerated().map { tape.watch(extreme.of($1, column: $0)) }
            let loss = made.loss(columns, labels: made.labels)
            #expect(loss.item().isFinite, "\(loss.item())")
            let gradients = tape.backward(from: loss)
            for column in columns {
                #expect(gradients[column]?.values.allSatisfy(\.isFinite) ?? true)
            }
            for parameter in made.parameters {
                #expect(parameter.gradient?.values.allSatisfy(\.isFinite) ?? true)
            }
        }
    }

    @Test(arguments: LossCase.all) func settingsAreChecked(_ test: LossCase) throws {
        try checkSettings(test.type)
    }

    private func checkSettings<L: Loss>(_ type: L.Type) throws {
        let defaults = L.Configuration().json
        #expect(try L.Configuration(json: defaults).json == defaults)
        #expect {
            try L.Configuration(json: #"{"no_such_setting": 1}"#)
        } throws: {
            "\($0)".hasPrefix("there is no setting 'no_such_setting'")
        }
        for setting in L.Configuration.settings {
            #expect(!setting.help.isEmpty && setting.help.hasSuffix("."))
            #expect(throws: SettingError.self, "\(setting.key)") {
                try L.Configuration(json: #"{"\#(setting.key)": {"x": 1}}"#)
            }
            if setting.key.hasSuffix("scale") || setting.key.hasSuffix("temperature") {
                for value in ["0", "-1", "1e39"] {
                    #expect(throws: SettingError.self, "\(setting.key) \(value)") {
                        try L.Configuration(json: #"{"\#(setting.key)": \#(value)}"#)
                    }
                }
            }
        }
    }

    /// What a program sets to a value out of range is refused as what a recipe does.
    @Test func settingsOfProgramsAreChecked() {
        var settings = TripletLoss.Configuration()
        settings.margin = -1
        #expect(
            throws: LossError.settings(
                .invalid(key: "triplet_margin", found: "-1.0", expected: "a number of 0 or more"))
        ) {
            _ = try TripletLoss(
                settings, LossContext(dimension: 2, columns: 3),
                in: ParameterStore(source: .random(seed: 0)).root)
        }
    }
}
