import Foundation
import Settings
import Testing

@testable import NeuralNetwork
@testable import Tensors

@Suite struct OptimizerTests {
    /// Every rule, with settings under which rows without gradients change by a factor, not at all, or
    /// otherwise.
    static let cases = [
        ("adamw", #"{"weight_decay": 0.1}"#), ("adam", "{}"), ("adam", #"{"weight_decay": 0.1}"#),
        ("sgd", "{}"), ("sgd", #"{"weight_decay": 0.1}"#),
        ("sgd", #"{"momentum": 0.9, "dampening": 0.25}"#),
        ("sgd", #"{"momentum": 0.9, "nesterov": true, "weight_decay": 0.1}"#),
        ("lion", #"{"weight_decay": 0.1}"#), ("lion", "{}"), ("adafactor", "{}"),
        ("adafactor", #"{"beta1": 0.9, "relative_step": false, "weight_decay": 0.1}"#),
    ]
    static let steps: [[Int32]] = [[3, 1], [3], [], [7, 3, 3], [10], [0, 1]]

    /// An embedding table is updated as an ordinary parameter, to the last bit, and so after a resumption at
    /// any step.
    @Test(arguments: cases, [nil, 1, 3, 5])
    func rowsAreUpdatedAsIfDense(_ rule: (name: String, settings: String), resumingAt: Int?) throws
    {
        func run(isRowSparse: Bool, resumingAt: Int?) throws -> [Float] {
            let parameter = Self.table(isRowSparse: isRowSparse)
            func make() throws -> any Optimizer {
                try Optimizers.make(rule.name, settings: rule.settings, [parameter])
            }
            var optimizer = try make()
            for (t, ids) in Self.steps.enumerated() {
                if t == resumingAt {
                    let fresh = try make()
                    copy(optimizer, to: fresh)
                    optimizer = fresh
                }
                parameter.clearGradient()
                _ = parameter.value(ofRows: ids)
                parameter.accumulateRowGradients(
                    ids, (0..<ids.count * 5).map { Float(sin(Double($0 + t))) })
                optimizer.step(learningRate: 0.1, gradientScale: 0.5)
            }
            return parameter.tensor.values
        }
        let dense = try run(isRowSparse: false, resumingAt: nil)
        #expect(try run(isRowSparse: true, resumingAt: resumingAt) == dense)
        #expect(try run(isRowSparse: false, resumingAt: resumingAt) == dense)
        #expect(dense != Self.table(isRowSparse: false).tensor.values)
    }

    @Test(arguments: Optimizers.all.map { $0.name })
    func frozenParametersHaveNoBuffers(_ name: String) throws {
        let (trained, frozen) = (Parameter("a", Tensor([1, 2])), Parameter("b", Tensor([3])))
        frozen.isFrozen = true
        let optimizer = try Optimizers.make(
            name, settings: name == "sgd" ? #"{"momentum": 0.5}"# : "{}", [trained, frozen])
        #expect(!optimizer.buffers.isEmpty)
        #expect(optimizer.hasBuffers(0) && !optimizer.hasBuffers(1))
        for buffer in optimizer.buffers {
            #expect(optimizer.bufferShape(buffer, of: 1, frozen.parts[0]) == nil)
        }
        #expect(optimizer.bufferShape("none", of: 0, trained.parts[0]) == nil)
        copy(optimizer, to: try Optimizers.make(name, [trained, frozen]))
        for parameter in [trained, frozen] {
            parameter.clearGradient()
            parameter.accumulateGradient { sum, _ in
                sum.update(repeating: 1, count: parameter.shape.count)
            }
        }
        optimizer.step(learningRate: 0.1, gradientScale: 1)
        #expect(trained.tensor.values != [1, 2])
        #expect(frozen.tensor.values == [3])
    }

    @Test func buffersAreNamedAsInPyTorch() throws {
        let parameter = Parameter("a", Tensor([1, 2]))
        #expect(AdamW([parameter]).buffers == ["exp_avg", "exp_avg_sq"])
        #expect(AdamW([parameter]).bufferElementCount == 4)
        #expect(SGD([parameter]).buffers == [])
        #expect(
            try SGD([parameter], .init(json: #"{"momentum": 0.5}"#)).buffers == ["momentum_buffer"])
        #expect(Lion([parameter]).buffers == ["exp_avg"])
    }

    @Test func unknownNamesAndSettingsAreErrors() throws {
        #expect(throws: OptimizerError.self) { try Optimizers.named("adamx") }
        do { _ = try Optimizers.named("AdmW") } catch {
            #expect("\(error)" == "there is no optimizer 'AdmW'; did you mean 'adamw'?")
        }
        do { _ = try Optimizers.make("sgd", settings: #"{"momentun": 0.9}"#, []) } catch {
            #expect("\(error)" == "there is no setting 'momentun'; did you mean 'momentum'?")
        }
        // Numbers that single precision rounds out of their range.
        for settings in [#"{"beta1": 0.9999999999}"#, #"{"epsilon": 1e-60}"#, #"{"beta2": 1}"#] {
            #expect(throws: OptimizerError.self) {
                try Optimizers.make("adamw", settings: settings, [])
            }
        }
        for type in Optimizers.all { #expect(try Optimizers.named(type.name) == type) }
    }

    static func table(isRowSparse: Bool) -> Parameter {
        let parameter = Parameter(
            parts: [.init(name: "word", shape: [11, 5], offset: 0)], shape: [11, 5],
            isRowSparse: isRowSparse)
        parameter.setValues(of: parameter.parts[0]) {
            for i in $0.indices { $0[i] = Float(i % 7) - 3.3 }
        }
        return parameter
    }

    private func copy(_ optimizer: any Optimizer, to fresh: any Optimizer) {
        fresh.restore(stepCount: optimizer.stepCount) { buffer, index, part, values in
            optimizer.withBuffer(buffer, of: index, part) { saved in
                for i in values.indices { values[i] = saved[i] }
            }
        }
    }
}
