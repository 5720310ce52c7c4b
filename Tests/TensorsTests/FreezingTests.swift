import Support
import Testing

@testable import Tensors

/// What is frozen costs nothing in the backward pass, and changes nothing else.
@Suite struct FreezingTests {
    /// A small encoder with every operation that has parameters, and dropout wherever it can act.
    private struct Encoder {
        let table: Parameter
        let norm: [Parameter]
        let layers: [[Parameter]]
        let last: Parameter
        let layout = SequenceLayout(lengths: [3, 1, 4])

        init() {
            var random = SplitMix64(state: 11)
            func parameter(_ shape: Shape) -> Parameter {
                Parameter("p", .random(shape, in: -0.5..<0.5, &random))
            }
            table = parameter([5, 6])
            norm = [parameter([6]), parameter([6])]
            layers = (0..<3).map { _ in
                [
                    parameter([18, 6]), parameter([18]), parameter([12, 6]), parameter([12]),
                    parameter([6, 12]), parameter([6]), parameter([6]), parameter([6]),
                ]
            }
            last = parameter([2, 6])
        }

        var parameters: [Parameter] { [table] + norm + layers.flatMap(\.self) + [last] }

        /// The hidden states of the layers, the embeddings' first.
        func states(on tape: Tape) -> [Tensor] {
            let embedded = Tensor.embeddingSum([([0, 1, 2, 3, 4, 0, 1, 2], table)], on: tape)
            var states = [
                embedded.layerNorm(weight: norm[0], bias: norm[1], epsilon: 1e-5).dropout(0.2)
            ]
            for p in layers {
                states.append(
                    states[states.count - 1].checkpointed { x in
                        let attended = x.linear(weight: p[0], bias: p[1])
                            .packedSelfAttention(layout, heads: 2, dropout: 0.3)
                        let wide = attended.linear(weight: p[2], bias: p[3])
                        return wide.geluLinear(weight: p[4], bias: p[5]).addNorm(
                            residual: x, weight: p[6], bias: p[7], epsilon: 1e-5, dropout: 0.4)
                    })
            }
            return states
        }

        func loss(_ state: Tensor) -> Tensor {
            state.segmentMean(layout).linear(weight: last, bias: nil).tanh().squared().sum()
        }

        /// The loss, and the gradients of the last `trained` layers and of what follows them.
        func run(trained: Int, checkpointing: Bool) -> (
            loss: Float, gradients: [[Float]?], operations: Int
        ) {
            for parameter in parameters { parameter.clearGradient() }
            let tape = Tape(seed: 9, gradientCheckpointing: checkpointing)
            let states = states(on: tape)
            let loss = loss(states[states.count - 1])
            let operations = tape.operationCount
            tape.backward(from: loss)
            return (
                loss.item(),
                (layers.suffix(trained).flatMap(\.self) + [last]).map { $0.gradient?.values },
                operations
            )
        }

        /// Freezes all but the last `trained` layers and what follows them.
        func freeze(allBut trained: Int) {
            for parameter in [table] + norm + layers.dropLast(trained).flatMap(\.self) {
                parameter.isFrozen = true
            }
        }
    }

    @Test(arguments: [0, 1, 2, 3], [false, true])
    func frozenLayersRecordNothingAndChangeNothing(trained: Int, checkpointing: Bool) throws {
        let encoder = Encoder()
        let whole = encoder.run(trained: trained, checkpointing: checkpointing)
        encoder.freeze(allBut: trained)
        let part = encoder.run(trained: trained, checkpointing: checkpointing)
        #expect(part.loss == whole.loss, "the same dropout")
        #expect(part.gradients == whole.gradients, "bit for bit")
        #expect(part.gradients.allSatisfy { $0 != nil })
        let perLayer = checkpointing ? 1 : 5
        #expect(part.operations == (trained > 0 ? trained * perLayer + 6 : 5))
        #expect(whole.operations == 3 + 3 * perLayer + 6)
        for parameter in encoder.parameters where parameter.isFrozen {
            #expect(parameter.gradient == nil)
        }
    }

    @Test func frozenLayersKeepNoActivations() {
        let encoder = Encoder()
        encoder.freeze(allBut: 1)
        let tape = Tape(seed: 9)
        var states = encoder.states(on: tape)
        let kept = states.map { Weak($0.storage) }
        #expect(states.map(\.requiresGradient) == [false, false, false, true])
        let loss = encoder.loss(states[3])
        states = []
        // The first trained layer needs its input; the mean needs nothing of the last state.
        #expect(kept.map { $0.object != nil } == [false, false, true, false])
        tape.backward(from: loss)
    }

    @Test func withEverythingFrozenThereIsNothingToDifferentiate() async {
        let encoder = Encoder()
        encoder.freeze(allBut: 0)
        encoder.last.isFrozen = true
        let tape = Tape(seed: 9)
        #expect(!encoder.loss(encoder.states(on: tape)[3]).requiresGradient)
        #expect(tape.operationCount == 0)
        let result = await #expect(
            processExitsWith: .failure, observing: [\.standardErrorContent]
        ) {
            let tape = Tape()
            tape.backward(from: tape.constant(Tensor([1])).exp())
        }
        #expect(says(result, "all that led to the tensor is frozen or constant"))
    }

    /// What is trained is decided when an operation is recorded, for the weight and the bias alike.
    @Test(arguments: [false, true]) func unfreezingWaitsForTheNextPass(activated: Bool) throws {
        var random = SplitMix64(state: 3)
        let input = Tensor.random([4, 3], in: -1..<1, &random)
        func run(_ change: (Parameter, Parameter) -> Void, _ later: (Parameter, Parameter) -> Void)
            throws -> (input: [Float], weight: [Float]?, bias: [Float]?)
        {
            var random = SplitMix64(state: 5)
            let weight = Parameter("w", .random([2, 3], in: -1..<1, &random))
            let bias = Parameter("b", .random([2], in: -1..<1, &random))
            change(weight, bias)
            let tape = Tape()
            let x = tape.watch(input)
            let y =
                activated
                ? x.geluLinear(weight: weight, bias: bias) : x.linear(weight: weight, bias: bias)
            let loss = y.squared().sum()
            later(weight, bias)
            let gradients = tape.backward(from: loss)
            return (
                try #require(gradients[x]).values, weight.gradient?.values, bias.gradient?.values
            )
        }
        let trained = try run({ _, _ in }, { _, _ in })
        #expect(trained.weight != nil && trained.bias != nil)
        let unfrozen = try run(
            {
                $0.isFrozen = true; $1.isFrozen = true
            },
            {
                $0.isFrozen = false; $1.isFrozen = false
            }
        )
        #expect(unfrozen.weight == nil && unfrozen.bias == nil)
        let frozen = try run(
            { _, _ in },
            {
                $0.isFrozen = true; $1.isFrozen = true
            })
        #expect(frozen.weight == nil && frozen.bias == nil)
        let biasAlone = try run({ weight, _ in weight.isFrozen = true }, { _, _ in })
        #expect(biasAlone.weight == nil && biasAlone.bias == trained.bias)
        for other in [unfrozen, frozen, biasAlone] { #expect(other.input == trained.input) }
    }

    @Test func checkpointsFrozenBetweenThePassesGiveNothing() {
        let weight = Parameter("w", Tensor([1, 2, 3, 4], [2, 2]))
        let tape = Tape(gradientCheckpointing: true)
        let y = tape.constant(Tensor([1, 1], [1, 2])).checkpointed {
            $0.linear(weight: weight, bias: nil)
        }
        #expect(y.requiresGradient)
        weight.isFrozen = true
        tape.backward(from: y.sum())
        #expect(weight.gradient == nil)
    }

    @Test func constantsOfATapeAreDroppedOutButNotDifferentiated() {
        let tape = Tape(seed: 1)
        let constant = tape.constant(Tensor(Array(repeating: 1, count: 64)))
        let dropped = constant.dropout(0.5)
        #expect(Set(dropped.values) == [0, 2])
        #expect(!dropped.requiresGradient && tape.operationCount == 0)
        let x = tape.watch(Tensor(Array(repeating: 3, count: 64)))
        let gradients = tape.backward(from: (dropped * x).sum())
        #expect(gradients[x]?.values == dropped.values)
        #expect(gradients[constant] == nil)
    }
}

private struct Weak {
    weak var object: AnyObject?
    init(_ object: AnyObject) { self.object = object }
}
