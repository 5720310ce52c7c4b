import Synchronization
import Testing

@testable import Kernels

@Suite struct ThreadPoolTests {
    @Test(arguments: [1, 2, 4, 9])
    func everyTaskRunsOnce(_ threads: Int) {
        let pool = ThreadPool(count: threads)
        for tasks in [0, 1, 2, 7, 1000] {
            for _ in 0..<50 {
                let runs = (0..<tasks).map { _ in Counter() }
                let workers = (0..<threads).map { _ in Counter() }
                pool.run(tasks) { task, worker in
                    runs[task].value.add(1, ordering: .relaxed)
                    // A worker index is never used twice at once.
                    #expect(workers[worker].value.add(1, ordering: .relaxed).newValue == 1)
                    workers[worker].value.subtract(1, ordering: .relaxed)
                }
                #expect(runs.allSatisfy { $0.value.load(ordering: .relaxed) == 1 })
            }
        }
    }

    @Test func nestedAndSimultaneousCallsComplete() async {
        let pool = ThreadPool(count: 3)
        let total = Counter()
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<4 {
                group.addTask {
                    for _ in 0..<100 {
                        pool.run(5) { _, _ in
                            pool.run(3) { _, _ in total.value.add(1, ordering: .relaxed) }
                        }
                    }
                }
            }
        }
        #expect(total.value.load(ordering: .relaxed) == 4 * 100 * 5 * 3)
    }

    @Test func rangesCoverEverythingOnce() {
        let pool = ThreadPool(count: 4)
        for (n, grain) in [(0, 1), (1, 1), (10, 3), (1001, 16), (5, 100)] {
            let seen = (0..<n).map { _ in Counter() }
            pool.ranges(n, grain: grain) { range in
                for i in range { seen[i].value.add(1, ordering: .relaxed) }
            }
            #expect(seen.allSatisfy { $0.value.load(ordering: .relaxed) == 1 })
        }
    }

}

final class Counter: Sendable { let value = Atomic<Int>(0) }
