import Testing

@testable import Tensors

/// A tape is good for one pass back, and its gradients for its own tensors.
@Suite struct TapeTests {
    @Test func secondPassBackTraps() async {
        let result = await #expect(
            processExitsWith: .failure, observing: [\.standardErrorContent]
        ) {
            let tape = Tape()
            let loss = tape.watch(Tensor([1, 2])).sum()
            tape.backward(from: loss)
            tape.backward(from: loss)
        }
        #expect(says(result, "the tape has run backwards once and its entries are gone"))
    }

    @Test func gradientOfAnotherTapesTensorTraps() async {
        let result = await #expect(
            processExitsWith: .failure, observing: [\.standardErrorContent]
        ) {
            let tape = Tape()
            let gradients = tape.backward(from: tape.watch(Tensor([1, 2])).sum())
            _ = gradients[Tape().watch(Tensor([3, 4]))]
        }
        #expect(says(result, "the tensor is on another tape than the loss"))
    }

    @Test func tensorsThatTheLossDoesNotDependOnHaveNone() {
        let tape = Tape()
        let (x, other, plain) = (tape.watch(Tensor([1, 2])), tape.watch(Tensor([3])), Tensor([4]))
        let gradients = tape.backward(from: (x * x).sum())
        #expect(gradients[x]?.values == [2, 4])
        #expect(gradients[other] == nil)
        #expect(gradients[plain] == nil)
        #expect(gradients[tape.watch(plain)] == nil, "watched after the pass back")
    }

    /// A loss on a tape of its own, whose gradient goes on to the tape that made its input.
    @Test func gradientsGoOnFromTapeToTape() throws {
        func embeddings(_ tape: Tape) -> (Tensor, Tensor) {
            let x = tape.watch(Tensor([1, 2, 3, -4, 5, 6], [2, 3]))
            return (x, (x * x).tanh().dropout(0.5))
        }
        func loss(_ y: Tensor) -> Tensor { (y.exp() * y).sum() }

        let whole = Tape(seed: 5)
        let (x, y) = embeddings(whole)
        let expected = whole.backward(from: loss(y))[x]?.values

        let (first, second) = (Tape(seed: 5), Tape())
        let (own, output) = embeddings(first)
        let leaf = second.watch(output.detached())
        let gradient = try #require(second.backward(from: loss(leaf))[leaf])
        let kept = gradient.values
        #expect(first.backward(from: output, gradient: gradient)[own]?.values == expected)
        #expect(gradient.values == kept, "the gradient that was given is the caller's")
    }

    @Test func gradientOfAnotherShapeTraps() async {
        let result = await #expect(
            processExitsWith: .failure, observing: [\.standardErrorContent]
        ) {
            let tape = Tape()
            tape.backward(from: tape.watch(Tensor([1, 2])), gradient: Tensor([1]))
        }
        #expect(says(result, "backward: a gradient of shape [1] for a tensor of shape [2]"))
    }

    @Test func detachedTensorsAreConstants() {
        let tape = Tape()
        let x = tape.watch(Tensor([1, 2]))
        let gradients = tape.backward(from: (x * x.detached()).sum())
        #expect(gradients[x]?.values == [1, 2])
        #expect(gradients[x.detached()] == nil)
    }
}

/// Whether a process trapped with a sentence; in optimised builds, which have none, whether it ran.
func says(_ result: ExitTest.Result?, _ sentence: String) -> Bool {
    guard let result else { return false }
    #if DEBUG
        return String(decoding: result.standardErrorContent, as: UTF8.self).contains(sentence)
    #else
        return true
    #endif
}
