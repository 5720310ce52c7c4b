import Foundation
import Synchronization

/// The first Ctrl-C, `kill`, closed terminal or SIGUSR1 (which batch systems send before the time is over, and mpirun hands
/// on) asks the run to save and end; a Ctrl-C or `kill` a second later kills it.
/// Before the first step there is nothing to save, and the command ends at once.
///
/// Who sends a signal often sends it twice: a closing terminal by its shell and by the system, `timeout` to the
/// process and to its group.
enum Interruption {
    /// What a command that was stopped exits with.
    static let exitCode: Int32 = 130

    private static let signals = [SIGINT, SIGTERM, SIGHUP, SIGUSR1]
    private static let requested = Atomic<Bool>(false)
    /// Whether a signal has a step to wait for.
    private static let waits = Atomic<Bool>(false)

    static var isRequested: Bool { requested.load(ordering: .relaxed) }

    /// When the first signal came, in milliseconds of the monotonic clock.
    private static let firstTime = Atomic<Int>(0)

    private static let farewell: StaticString =
        "stopped before the first step: nothing was trained, and nothing is lost\n"

    private static func handle(_ number: Int32) {
        if !waits.load(ordering: .relaxed) {
            if !Console.isMute {
                _ = write(STDERR_FILENO, farewell.utf8Start, farewell.utf8CodeUnitCount)
            }
            _exit(exitCode)
        }
        var clock = timespec()
        clock_gettime(CLOCK_MONOTONIC, &clock)
        let now = clock.tv_sec * 1000 + clock.tv_nsec / 1_000_000
        if !requested.exchange(true, ordering: .relaxed) {
            firstTime.store(now, ordering: .relaxed)
        } else if number != SIGHUP, number != SIGUSR1,
            now - firstTime.load(ordering: .relaxed) > 1000
        {
            signal(number, SIG_DFL)
            raise(number)
        }
    }

    /// From here on a signal ends the command, as one that was stopped.
    static func install() {
        // What the handler touches is made before a signal can come.
        _ = (requested.load(ordering: .relaxed), firstTime.load(ordering: .relaxed))
        _ = (waits.load(ordering: .relaxed), Console.isMute)
        for number in signals {
            let before = signal(number) { Interruption.handle($0) }
            // Under nohup a run is meant to outlive its terminal.
            if number == SIGHUP, address(before) == address(SIG_IGN) { signal(number, SIG_IGN) }
        }
        // The process that started this one may have held signals back.
        var held = sigset_t()
        sigemptyset(&held)
        for number in signals { sigaddset(&held, number) }
        sigprocmask(SIG_UNBLOCK, &held, nil)
    }

    /// From here on a signal has a step, or what is alike, to wait for.
    static func waitForStep() {
        waits.store(true, ordering: .relaxed)
        install()
    }

    private static func address(_ handler: __sighandler_t?) -> Int {
        unsafeBitCast(handler, to: Int.self)
    }
}
