import Foundation
import Synchronization

/// The first Ctrl-C, `kill` or closed terminal asks the run to save and end; a Ctrl-C or `kill` a second later kills it.
///
/// Who sends a signal often sends it twice: a closing terminal by its shell and by the system, `timeout` to the
/// process and to its group.
enum Interruption {
    private static let requested = Atomic<Bool>(false)

    static var isRequested: Bool { requested.load(ordering: .relaxed) }

    /// When the first signal came, in milliseconds of the monotonic clock.
    private static let firstTime = Atomic<Int>(0)

    private static func handle(_ number: Int32) {
        var clock = timespec()
        clock_gettime(CLOCK_MONOTONIC, &clock)
        let now = clock.tv_sec * 1000 + clock.tv_nsec / 1_000_000
        if !requested.exchange(true, ordering: .relaxed) {
            firstTime.store(now, ordering: .relaxed)
        } else if number != SIGHUP, now - firstTime.load(ordering: .relaxed) > 1000 {
            signal(number, SIG_DFL)
            raise(number)
        }
    }

    static func install() {
        for number in [SIGINT, SIGTERM, SIGHUP] {
            let before = signal(number) { Interruption.handle($0) }
            // Under nohup a run is meant to outlive its terminal.
            if number == SIGHUP, address(before) == address(SIG_IGN) { signal(number, SIG_IGN) }
        }
    }

    private static func address(_ handler: __sighandler_t?) -> Int {
        unsafeBitCast(handler, to: Int.self)
    }
}
