import ArgumentParser
import Foundation
import JSON
import Kernels
import Simile
import Synchronization

/// Where the command writes: results on standard output, everything else on standard error.
///
/// What cannot be written to standard error (its disk is full, its reader or its terminal is gone) is lost, and
/// ends nothing.
enum Console {
    /// How much is said on standard error; results and what is wrong are always said.
    enum Verbosity: Int {
        case quiet, normal, verbose
    }

    static let isTerminal = isatty(STDERR_FILENO) == 1
    private static let level = Atomic<Int>(Verbosity.normal.rawValue)
    /// Whether a line of progress stands at the cursor, for the next output to replace.
    private static let lineIsOpen = Atomic<Bool>(false)

    private static let mute = Atomic<Bool>(false)

    /// Whether nothing at all is written, as in all processes of a run but the first.
    static var isMute: Bool {
        get { mute.load(ordering: .relaxed) }
        set { mute.store(newValue, ordering: .relaxed) }
    }

    /// Makes the three standard files safe to use; to be called before any other file is opened.
    static func prepare() {
        // A reader that is gone is then an error of the write, and not the end of the process.
        signal(SIGPIPE, SIG_IGN)
        // So is a limit on the size of files (ulimit -f).
        signal(SIGXFSZ, SIG_IGN)
        // A closed one would give its number to the next file that is opened, which then would be written to.
        // What holds the number instead can be neither read from standard input nor written to by the others.
        for descriptor in Int32(0)...2 where fcntl(descriptor, F_GETFD) < 0 {
            _ = open("/dev/null", descriptor == STDIN_FILENO ? O_WRONLY : O_RDONLY)
        }
    }

    /// How much is said; to be set before anything is.
    static var verbosity: Verbosity {
        get { Verbosity(rawValue: level.load(ordering: .relaxed)) ?? .normal }
        set { level.store(newValue.rawValue, ordering: .relaxed) }
    }

    /// Prints a line for the person at the terminal.
    static func note(_ line: String) {
        if verbosity == .quiet { return }
        error(line)
    }

    /// Prints a line for who wants to know more.
    static func detail(_ line: String) {
        if verbosity == .verbose { error(line) }
    }

    /// Prints a line about what is wrong.
    static func error(_ line: String) {
        let start = lineIsOpen.exchange(false, ordering: .relaxed) ? "\r\u{1B}[K" : ""
        report(start + line + "\n")
    }

    /// Prints a note about a run, with the options as this command has them.
    static func note(_ note: TrainingNote) {
        switch note {
        case .read(let report, let role):
            // Recipes have absolute paths, which take more than a line of the terminal.
            let text = report.description(naming: FileNaming.naming(ofRole: role))
            let here = FileManager.default.currentDirectoryPath + "/"
            self.note(text.hasPrefix(here) ? String(text.dropFirst(here.count)) : text)
        case .doing(let text): if isTerminal { progress(text + " ...") }
        case .otherThreads(let before, _):
            let same =
                before > ProcessorCount.available
                ? "SIMILE_THREADS=\(before)" : "--threads \(before)"
            self.note("\(note) (\(same) avoids that)")
        case .otherProducts(let before, let now):
            self.note(
                "the run multiplied with \(before) kernels and goes on with \(now) ones ('simile doctor' shows why): its last bits may differ"
            )
        case .other(let text): self.note(text)
        }
    }

    /// The characters that a line of progress may have.
    static var width: Int {
        var size = winsize()
        let width = ioctl(STDERR_FILENO, UInt(TIOCGWINSZ), &size) == 0 ? Int(size.ws_col) : 0
        return width > 1 ? width - 1 : 79
    }

    /// Replaces the current line of the terminal, cut to its width: only one line can be replaced.
    static func progress(_ line: String) {
        if verbosity == .quiet { return }
        lineIsOpen.store(true, ordering: .relaxed)
        report("\r\u{1B}[K\(line.prefix(width))")
    }

    /// Ends the line of progress, which stays on the terminal.
    static func endProgress() {
        if lineIsOpen.exchange(false, ordering: .relaxed) { report("\n") }
    }

    private static func report(_ text: String) {
        _ = write(Array(text.utf8), to: STDERR_FILENO)
    }

    /// Prints a line of results on standard output at once, so that a reader sees it when it is written.
    static func print(_ line: String) throws { try write(Array((line + "\n").utf8)) }

    /// Prints figures one a line, their values below each other.
    static func print(figures: [Figure], width least: Int = 26) throws {
        let width = (figures.map(\.name.count).max() ?? 0) + 2
        for figure in figures {
            try print(figure.name.padded(max(width, least)) + figure.value.figure)
        }
    }

    /// Prints a value as one line of JSON on standard output.
    static func json(_ value: JSONValue) throws { try print(value.line) }

    /// Writes bytes to standard output; ends the command quietly when nobody reads any more, as with `| head`.
    static func write(_ bytes: [UInt8]) throws {
        switch write(bytes, to: STDOUT_FILENO) {
        case 0: return
        case EPIPE: throw ExitCode.success
        case let number:
            throw CommandError.outputUnwritable(
                path: "standard output", reason: String(cString: strerror(number)))
        }
    }

    /// Writes bytes to the end, and returns the number of the error that prevented it, or 0.
    private static func write(_ bytes: [UInt8], to descriptor: Int32) -> Int32 {
        if isMute { return 0 }
        var rest = bytes[...]
        while !rest.isEmpty {
            let written = rest.withUnsafeBytes {
                Foundation.write(descriptor, $0.baseAddress, $0.count)
            }
            if written >= 0 {
                rest = rest.dropFirst(written)
            } else if errno == EAGAIN {
                // The file does not block, and its reader is slow.
                var waited = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
                poll(&waited, 1, -1)
            } else if errno != EINTR {
                return errno
            }
        }
        return 0
    }
}

extension Double {
    /// A figure with four digits after the point.
    var figure: String { isFinite ? fixed(4) : "undefined" }

    /// The number with a fixed count of digits after the point.
    func fixed(_ digits: Int) -> String { String(format: "%.\(digits)f", self) }
}

extension String {
    /// The text with spaces after it up to a width in characters.
    func padded(_ width: Int) -> String {
        self + String(repeating: " ", count: max(0, width - count))
    }
}
