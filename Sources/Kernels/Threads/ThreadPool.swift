import CKernels
import Foundation
import Synchronization

/// A fixed set of threads that every kernel shares; the calling thread works too.
///
/// Work is a number of independent tasks, claimed one by one. What a task computes must not depend on
/// who runs it, so results are the same for any number of threads and any order.
public final class ThreadPool: @unchecked Sendable {
    /// The pool all kernels use, made at first use with the configured number of threads; by default as many
    /// as `KernelSettings` say, or as there are processors.
    public static let shared = {
        let asked = configuredCount.exchange(isMade, ordering: .relaxed)
        return ThreadPool(
            count: asked > 0 ? asked : KernelSettings.current.threads ?? ProcessorCount.available)
    }()

    /// 0 until it is configured, `isMade` when it is too late.
    private static let configuredCount = Atomic<Int>(0)
    private static let isMade = -1

    /// Sets the number of threads of `shared`; it must come before anything is computed.
    public static func configure(threads: Int) {
        precondition(threads >= 1, "a pool needs at least one thread, got \(threads)")
        precondition(
            configuredCount.exchange(threads, ordering: .relaxed) != isMade,
            "the threads are at work already: configure them before anything is computed")
    }

    /// Number of threads that run tasks, the caller's included.
    public let count: Int

    // The current job packed in one word, so that a claim can never hit a job that is over:
    // 16 bits of job number, 24 bits of task count, 24 bits of tasks claimed so far.
    private let word = Atomic<UInt64>(0)
    private let finished = Atomic<Int>(0)
    private let busy = Atomic<Bool>(false)
    private let sleepers = Atomic<Int>(0)
    private let wake = NSCondition()
    private var job: Unmanaged<Job>?

    /// When not nil, the calling thread runs alone the tasks of each job that would be shared, and the seconds that each took are
    /// added for the job, in the order in which they are claimed: from that follows what other numbers of processors would do.
    package var recording: [[Double]]?

    /// Creates a pool of `count` threads: the caller's and others that live, with the pool, as long as the process.
    public init(count: Int) {
        self.count = count
        for worker in 1..<max(count, 1) {
            let thread = Thread { self.work(as: worker) }
            thread.name = "simile-\(worker)"
            thread.start()
        }
    }

    /// Runs `body(task, worker)` for every task in 0..<tasks and returns when all are done.
    ///
    /// `worker` is in 0..<count and never used twice at once in this call: an index into scratch memory of
    /// the call's own.
    /// Tasks are begun in order, so one may `wait` for what those of lower numbers do.
    /// Calls from inside a task, or from a second thread meanwhile, run on the calling thread alone.
    public func run(_ tasks: Int, _ body: (_ task: Int, _ worker: Int) -> Void) {
        if tasks <= 0 { return }
        let claimed =
            count > 1 && tasks > 1
            && busy.compareExchange(expected: false, desired: true, ordering: .acquiring).exchanged
        guard claimed else {
            for task in 0..<tasks { body(task, 0) }
            return
        }
        precondition(tasks < 1 << 24, "at most 2^24 tasks at once, got \(tasks)")
        defer { busy.store(false, ordering: .releasing) }
        if recording != nil { return record(tasks, body) }
        withoutActuallyEscaping(body) { body in
            let job = Job(body)
            self.job = .passUnretained(job)
            finished.store(0, ordering: .relaxed)
            let number = (word.load(ordering: .relaxed) >> 48) &+ 1
            word.store(number << 48 | UInt64(tasks) << 24, ordering: .sequentiallyConsistent)
            if sleepers.load(ordering: .sequentiallyConsistent) > 0 {
                wake.lock()
                wake.broadcast()
                wake.unlock()
            }
            claimTasks(as: 0)
            Self.wait { finished.load(ordering: .acquiring) == tasks }
            withExtendedLifetime(job) { self.job = nil }
        }
    }

    private func record(_ tasks: Int, _ body: (Int, Int) -> Void) {
        let clock = ContinuousClock()
        recording?.append(
            (0..<tasks).map { task in clock.measure { body(task, 0) } / .seconds(1) })
    }

    /// Numbers of elementwise work that are worth a thread: the `grain` of such `ranges`.
    package static let elementGrain = 1 << 13

    /// Runs `body(range)` over 0..<n cut into ranges of at least `grain`, a few for each thread.
    public func ranges(_ n: Int, grain: Int, _ body: (_ range: Range<Int>) -> Void) {
        let pieces = max(1, min(count * 2, n / max(grain, 1)))
        run(pieces) { piece, _ in body(Self.piece(piece, of: pieces, count: n)) }
    }

    /// Waits until other threads have made `isOver` true, which should be soon.
    static func wait(until isOver: () -> Bool) {
        var waiting = Waiting()
        while !isOver() { waiting.pause() }
    }

    /// The `index`-th of `pieces` nearly equal parts of 0..<count.
    public static func piece(_ index: Int, of pieces: Int, count: Int) -> Range<Int> {
        count * index / pieces..<count * (index + 1) / pieces
    }

    private func claimTasks(as worker: Int) {
        let ran = runTasks(as: worker)
        // Last, when the job is no longer used: it may be gone right after.
        if ran > 0 { finished.add(ran, ordering: .releasing) }
    }

    /// Runs tasks until all are claimed; returns how many.
    ///
    /// The job is not retained: threads that count references to the same object take its cache line from each other.
    private func runTasks(as worker: Int) -> Int {
        var ran = 0
        while true {
            let seen = word.load(ordering: .acquiring)
            let next = Int(seen & 0xFF_FFFF)
            guard next < Int(seen >> 24 & 0xFF_FFFF) else { return ran }
            guard
                word.compareExchange(
                    expected: seen, desired: seen + 1, ordering: .acquiringAndReleasing
                ).exchanged
            else { continue }
            // It lives until those who ran its tasks say so, in `claimTasks`.
            job?._withUnsafeGuaranteedRef { $0.body(next, worker) }
            ran += 1
        }
    }

    private func hasWork() -> Bool {
        let seen = word.load(ordering: .sequentiallyConsistent)
        return seen & 0xFF_FFFF < seen >> 24 & 0xFF_FFFF
    }

    private func work(as worker: Int) -> Never {
        while true {
            claimTasks(as: worker)
            // Operations follow one another within microseconds, and waking takes longer than that.
            var waiting = Waiting()
            while !hasWork() && !waiting.isLong { waiting.pause() }
            if hasWork() { continue }
            wake.lock()
            sleepers.add(1, ordering: .sequentiallyConsistent)
            while !hasWork() { wake.wait() }
            sleepers.subtract(1, ordering: .sequentiallyConsistent)
            wake.unlock()
        }
    }
}

/// What the tasks of a job do.
private final class Job {
    let body: (_ task: Int, _ worker: Int) -> Void

    init(_ body: @escaping (Int, Int) -> Void) { self.body = body }
}

/// A wait that expects to be short: spins for some 50 microseconds, then lets other threads run.
private struct Waiting {
    private var pauses = 0
    /// After a few hundred microseconds.
    var isLong: Bool { pauses > 3000 }

    mutating func pause() {
        pauses += 1
        if pauses < 2000 { simile_pause() } else { sched_yield() }
    }
}
