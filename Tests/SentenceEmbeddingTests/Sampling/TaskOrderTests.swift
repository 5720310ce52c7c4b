import Testing

@testable import SentenceEmbedding

@Suite struct TaskOrderTests {
    @Test func proportionalHasEveryBatchOnce() {
        let order = Proportional(seed: 3)
        let tasks = order.order(batches: [5, 0, 20, 1], epoch: 2)
        #expect((0..<4).map { task in tasks.count { $0 == task } } == [5, 0, 20, 1])
        #expect(tasks != tasks.sorted())
        #expect(tasks == order.order(batches: [5, 0, 20, 1], epoch: 2))
        #expect(tasks != order.order(batches: [5, 0, 20, 1], epoch: 3))
        #expect(tasks != Proportional(seed: 4).order(batches: [5, 0, 20, 1], epoch: 2))
        #expect(order.order(batches: [], epoch: 0) == [])
    }

    @Test func roundRobinStopsWithTheSmallest() {
        let order = RoundRobin()
        #expect(order.order(batches: [3, 2, 4], epoch: 0) == [0, 1, 2, 0, 1, 2])
        #expect(order.order(batches: [3], epoch: 1) == [0, 0, 0])
        #expect(order.order(batches: [3, 0], epoch: 0) == [])
        #expect(order.order(batches: [], epoch: 0) == [])
    }

    @Test func namesAreFoundOrErrors() throws {
        for type in TaskOrders.all { #expect(try TaskOrders.named(type.name) == type) }
        for type in BatchSamplers.all {
            #expect(try BatchSamplers.named(type.name) == type)
            #expect(try type.init(batchSize: 4, seed: 1).batchSize == 4)
        }
        do { _ = try BatchSamplers.named("no_duplicate") } catch {
            #expect(
                "\(error)"
                    == "there is no batch sampler 'no_duplicate'; did you mean 'no_duplicates'?")
        }
        do { _ = try TaskOrders.named("") } catch {
            #expect(
                "\(error)"
                    == "there is no order of tasks ''; expected one of proportional, round_robin")
        }
    }
}
