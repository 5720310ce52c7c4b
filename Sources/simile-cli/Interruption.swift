import Foundation
import Synchronization

/// The first Ctrl-C, `kill` or closed terminal asks the run to save and end; the second one kills it.
enum Interruption {
    private static let requested = Atomic<Bool>(false)

    static var isRequested: Bool { requested.load(ordering: .relaxed) }

    static func install() {
        for number in [SIGINT, SIGTERM, SIGHUP] {
            let before = signal(number) { number in
                Interruption.requested.store(true, ordering: .relaxed)
                signal(number, SIG_DFL)
            }
            // Under nohup a run is meant to outlive its terminal.
            if number == SIGHUP, address(before) == address(SIG_IGN) { signal(number, SIG_IGN) }
        }
    }

    private static func address(_ handler: __sighandler_t?) -> Int {
        unsafeBitCast(handler, to: Int.self)
    }
}
