import CSystemCalls
import Foundation

/// How many processors this process may use.
public enum ProcessorCount {
    /// The smaller of the scheduler's affinity mask and the control groups' quota, at least 1.
    public static let available: Int = {
        let affinity = Int(simile_affinity_count())
        let allowed = affinity > 0 ? affinity : ProcessInfo.processInfo.activeProcessorCount
        let groups = ControlGroups.ofProcess(controller: "cpu")
        return max(1, min(allowed, quota(of: groups, mountedAt: ControlGroups.root) ?? allowed))
    }()

    /// Whether the scheduler keeps this process to some of the machine's processors.
    public static let isBound =
        (1..<ProcessInfo.processInfo.processorCount).contains(Int(simile_affinity_count()))

    /// The least processors that a control group of the process, or one that it lies in, grants, rounded up;
    /// nil when none sets a limit.
    ///
    /// - Parameters:
    ///   - groups: The lines of `/proc/self/cgroup`: `0::/a/b` (cgroup 2) or `4:cpu,cpuacct:/a/b` (cgroup 1).
    ///   - root: Where the groups are mounted.
    static func quota(of groups: String, mountedAt root: String) -> Int? {
        ControlGroups.folders(
            of: groups, mountedAt: root, controller: "cpu", names: ["/cpu", "/cpu,cpuacct"]
        ).compactMap { $0.isSecond ? quota2($0.path) : quota1($0.path) }
            .min().map { Int($0.rounded(.up)) }
    }

    /// Processors granted by `cpu.max` (cgroup 2): quota and period, or `max` for no limit.
    private static func quota2(_ folder: String) -> Double? {
        let numbers = text(folder + "/cpu.max")?.split(whereSeparator: \.isWhitespace) ?? []
        guard numbers.count == 2 else { return nil }
        return ratio(numbers[0], numbers[1])
    }

    /// Processors granted by `cpu.cfs_quota_us` (cgroup 1), which is -1 for no limit.
    private static func quota1(_ folder: String) -> Double? {
        guard let quota = text(folder + "/cpu.cfs_quota_us"),
            let period = text(folder + "/cpu.cfs_period_us")
        else { return nil }
        return ratio(quota[...], period[...])
    }

    private static func ratio(_ quota: Substring, _ period: Substring) -> Double? {
        let numbers = [quota, period].map { Double($0.filter { !$0.isWhitespace }) ?? 0 }
        return numbers.allSatisfy { $0 > 0 && $0.isFinite } ? numbers[0] / numbers[1] : nil
    }

    private static func text(_ path: String) -> String? { ControlGroups.text(path) }
}
