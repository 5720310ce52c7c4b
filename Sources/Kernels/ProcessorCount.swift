import CSystem
import Foundation

/// How many processors this process may use.
public enum ProcessorCount {
    /// The smaller of the scheduler's affinity mask and the control group's quota, at least 1.
    public static let available: Int = {
        let affinity = Int(simile_affinity_count())
        let allowed = affinity > 0 ? affinity : ProcessInfo.processInfo.activeProcessorCount
        return max(1, min(allowed, controlGroupQuota() ?? allowed))
    }()

    /// Processors granted by `cpu.max` (cgroup 2) or `cpu.cfs_quota_us` (cgroup 1), rounded up.
    private static func controlGroupQuota() -> Int? {
        func numbers(_ path: String) -> [Double]? {
            guard let text = try? String(contentsOfFile: path, encoding: .utf8) else { return nil }
            return text.split(whereSeparator: \.isWhitespace).map { Double($0) ?? -1 }
        }
        if let quota = numbers("/sys/fs/cgroup/cpu.max"), quota.count == 2, quota[0] > 0 {
            return Int((quota[0] / quota[1]).rounded(.up))
        }
        if let quota = numbers("/sys/fs/cgroup/cpu/cpu.cfs_quota_us")?.first, quota > 0,
            let period = numbers("/sys/fs/cgroup/cpu/cpu.cfs_period_us")?.first, period > 0
        {
            return Int((quota / period).rounded(.up))
        }
        return nil
    }
}
