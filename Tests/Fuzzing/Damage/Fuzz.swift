import Foundation
import Testing

/// Feeds damaged files to a reader.
///
/// It is to be done in a process of its own, an exit test: a trap then fails one test, and the memory
/// that the process needs is the reader's.
public enum Fuzz {
    /// Where each file is put before it is read, so that the one that traps or hangs is found there.
    private static let lastInput = ProcessInfo.processInfo.environment["SIMILE_FUZZ_INPUT"]

    /// Runs `read` on damaged copies of proper files; what goes wrong is recorded as an issue.
    ///
    /// - Parameters:
    ///   - seeds: The proper files; `read` is told which of them it gets.
    ///   - rounds: How many damaged files it gets.
    ///   - memory: What counts as memory needed, which may grow by `growthLimit` bytes.
    ///   - readShare: The share of the files that are read without an error; damage that always fails, or
    ///     never does, would test nothing.
    ///   - expects: Whether an error is one that the reader may throw.
    public static func run(
        _ seeds: [[UInt8]], rounds: Int = 500, memory: Peak = .asked, growthLimit: Int = 128 << 20,
        readShare: ClosedRange<Double> = 0.05...0.95, expects: (any Error) -> Bool,
        read: (_ bytes: [UInt8], _ index: Int) throws -> Void
    ) {
        let problem = problem(
            seeds, rounds: rounds, memory: memory, growthLimit: growthLimit, readShare: readShare,
            expects: expects, read: read)
        if let problem { Issue.record(Comment(rawValue: problem)) }
    }

    private static func problem(
        _ seeds: [[UInt8]], rounds: Int, memory: Peak, growthLimit: Int,
        readShare: ClosedRange<Double>,
        expects: (any Error) -> Bool, read: (_ bytes: [UInt8], _ index: Int) throws -> Void
    ) -> String? {
        for (index, proper) in seeds.enumerated() {
            do { try read(proper, index) } catch { return "proper file \(index): \(error)" }
        }
        let before = memory.bytes
        var mutator = Mutator(seed: 1)
        var count = 0
        for round in 0..<rounds {
            let index = round % seeds.count
            let bytes = mutator.damaged(seeds[index])
            if let lastInput { try? Data(bytes).write(to: URL(filePath: lastInput)) }
            do {
                try read(bytes, index)
                count += 1
            } catch  where expects(error) {
            } catch {
                return "round \(round), file \(index): unexpected error: \(error)"
            }
        }
        let share = Double(count) / Double(rounds)
        if !readShare.contains(share) { return "\(count) of \(rounds) files were read" }
        let growth = memory.bytes - before
        return growth > growthLimit ? "the process grew by \(growth) bytes" : nil
    }
}

/// What this process has needed at most so far.
public enum Peak: String {
    /// Memory asked for, used or not; in steps of 64 MiB at worst.
    case asked = "VmPeak:"
    /// Memory used.
    case used = "VmHWM:"

    /// The amount in bytes.
    public var bytes: Int {
        let status = (try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)) ?? ""
        let line = status.split(separator: "\n").first { $0.hasPrefix(rawValue) }
        let kilobytes = line?.split(whereSeparator: \.isWhitespace)[1]
        return (kilobytes.flatMap { Int($0) } ?? 0) << 10
    }
}
