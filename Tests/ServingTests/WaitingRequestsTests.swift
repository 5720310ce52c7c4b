import Testing

@testable import Serving

/// Who is computed when.
@Suite struct WaitingRequestsTests {
    private func sequences(_ lengths: [Int], unpooledTokens: Int = 0) -> TokenSequences {
        TokenSequences(
            lengths.map { [Int32](repeating: 1, count: $0) }, unpooledTokens: unpooledTokens)
    }

    private func places(_ batch: EncodingBatch?) -> [[Int]]? {
        batch?.places.map { [$0.request, $0.text] }
    }

    @Test func requestsTakeTurns() {
        var waiting = WaitingRequests()
        waiting.add(1, sequences([10, 10, 10, 10]))
        waiting.add(2, sequences([10]))
        waiting.add(3, sequences([10, 10]))
        #expect(waiting.texts == 7)
        #expect(waiting.tokens == 70)
        let first = waiting.takeBatch(tokens: 40)
        #expect(places(first) == [[1, 0], [2, 0], [3, 0], [1, 1]])
        #expect(first?.requests == 3)
        #expect(first?.tokens == 40)
        // 3 is next, for 1 had two.
        #expect(places(waiting.takeBatch(tokens: 20)) == [[3, 1], [1, 2]])
        #expect(waiting.tokens == 10)
        #expect(places(waiting.takeBatch(tokens: 20)) == [[1, 3]])
        #expect(waiting.takeBatch(tokens: 20) == nil)
        #expect(waiting.count == 0)
    }

    /// One that comes later does not wait for all of a long one.
    @Test func aLateRequestIsInTheNextBatch() {
        var waiting = WaitingRequests()
        waiting.add(1, sequences([Int](repeating: 10, count: 100)))
        _ = waiting.takeBatch(tokens: 30)
        waiting.add(2, sequences([10]))
        #expect(places(waiting.takeBatch(tokens: 30)) == [[1, 3], [2, 0], [1, 4]])
    }

    @Test func aTextBeyondTheBudgetIsComputedAlone() {
        var waiting = WaitingRequests()
        waiting.add(1, sequences([50]))
        waiting.add(2, sequences([5]))
        #expect(places(waiting.takeBatch(tokens: 20)) == [[1, 0]])
        #expect(places(waiting.takeBatch(tokens: 20)) == [[2, 0]])
    }

    /// A batch has one number of tokens that are not pooled; those with another come next.
    @Test func promptsThatAreNotPooledAreApart() {
        var waiting = WaitingRequests()
        waiting.add(1, sequences([5, 5, 5]))
        waiting.add(2, sequences([5], unpooledTokens: 3))
        waiting.add(3, sequences([5]))
        let first = waiting.takeBatch(tokens: 10)
        #expect(places(first) == [[1, 0], [3, 0]])
        let second = waiting.takeBatch(tokens: 10)
        #expect(places(second) == [[2, 0]])
        #expect(second?.unpooledTokens == 3)
        #expect(places(waiting.takeBatch(tokens: 10)) == [[1, 1], [1, 2]])
    }

    @Test func aRequestCanLeave() {
        var waiting = WaitingRequests()
        waiting.add(1, sequences([5, 7, 9]))
        waiting.add(2, sequences([5]))
        _ = waiting.takeBatch(tokens: 5)
        waiting.remove(1)
        waiting.remove(1)
        #expect(waiting.tokens == 5)
        #expect(places(waiting.takeBatch(tokens: 5)) == [[2, 0]])
    }
}
