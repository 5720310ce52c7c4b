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
