import ArgumentParser
import Foundation
import JSON
import Synchronization

/// Where the command writes: results on standard output, everything else on standard error.
enum Console {
    static let isTerminal = isatty(STDERR_FILENO) == 1
    /// Whether a line of progress stands at the cursor, for the next output to replace.
    private static let lineIsOpen = Atomic<Bool>(false)

    /// Prints a line for the person at the terminal.
    static func note(_ line: String) {
        let start = lineIsOpen.exchange(false, ordering: .relaxed) ? "\r\u{1B}[K" : ""
        FileHandle.standardError.write(Data((start + line + "\n").utf8))
    }

    /// Replaces the current line of the terminal, cut to its width: only one line can be replaced.
    static func progress(_ line: String) {
        var size = winsize()
        let width = ioctl(STDERR_FILENO, UInt(TIOCGWINSZ), &size) == 0 ? Int(size.ws_col) : 0
        let shown = line.prefix(width > 1 ? width - 1 : 79)
        lineIsOpen.store(true, ordering: .relaxed)
        FileHandle.standardError.write(Data("\r\u{1B}[K\(shown)".utf8))
    }

    /// Ends the line of progress, which stays on the terminal.
    static func endProgress() {
        if lineIsOpen.exchange(false, ordering: .relaxed) {
            FileHandle.standardError.write(Data("\n".utf8))
        }
    }

    /// Prints a line of results on standard output at once, so that a reader sees it when it is written.
    static func print(_ line: String) throws { try write(Array((line + "\n").utf8)) }

    /// Prints a value as one line of JSON on standard output.
    static func json(_ value: JSONValue) throws { try print(value.line) }

    /// Writes bytes to standard output; ends the command quietly when nobody reads any more, as with `| head`.
    static func write(_ bytes: [UInt8]) throws {
        signal(SIGPIPE, SIG_IGN)
        var rest = bytes[...]
        while !rest.isEmpty {
            let written = rest.withUnsafeBytes {
                Foundation.write(STDOUT_FILENO, $0.baseAddress, $0.count)
            }
            if written >= 0 {
                rest = rest.dropFirst(written)
            } else if errno == EPIPE {
                throw ExitCode.success
            } else if errno != EINTR {
                throw CommandError.outputUnwritable(
                    path: "standard output", reason: String(cString: strerror(errno)))
            }
        }
    }
}

extension Double {
    /// The number with a fixed count of digits after the point.
    func fixed(_ digits: Int) -> String { String(format: "%.\(digits)f", self) }
}

extension String {
    /// The text with spaces after it up to a width in characters.
    func padded(_ width: Int) -> String {
        self + String(repeating: " ", count: max(0, width - count))
    }
}

extension JSONValue {
    /// An object with its members in the order of their keys.
    static func sorted(_ members: [String: JSONValue]) -> JSONValue {
        .object(members.sorted { $0.key < $1.key }.map { Member($0.key, $0.value) })
    }
}
