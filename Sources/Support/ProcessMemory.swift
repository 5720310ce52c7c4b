import Foundation

/// The memory of this process, in bytes; 0 where the system does not say.
package enum ProcessMemory {
    /// The addresses that are in use, whether memory stands behind them or not.
    package static var addressSpace: Int { pages(field: 0) }

    /// What is in the machine's memory now.
    package static var resident: Int { pages(field: 1) }

    private static func pages(field: Int) -> Int {
        let count = (try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8))
            .flatMap { $0.split(separator: " ").dropFirst(field).first }.flatMap { Int($0) }
        return (count ?? 0) * Int(getpagesize())
    }

    /// The most that was there at a time.
    package static var peak: Int {
        let line = (try? String(contentsOfFile: "/proc/self/status", encoding: .utf8))
            .flatMap { $0.split(separator: "\n").first { $0.hasPrefix("VmHWM:") } }
        return (line?.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0) * 1024
    }

    /// Bytes as mebibytes.
    package static func mebibytes(_ bytes: Int) -> Int { (bytes + 1 << 19) >> 20 }
}
