import Foundation
import Testing

@testable import Kernels

/// What the control groups of a process leave it of the machine.
@Suite struct ControlGroupTests {
    /// A folder that stands in for `/sys/fs/cgroup`.
    private let root = FileManager.default.temporaryDirectory
        .appending(path: "simile-\(UUID().uuidString)").path

    private func limit(
        _ files: [String: String], _ read: (_ root: String) -> Int?
    ) throws -> Int? {
        defer { try? FileManager.default.removeItem(atPath: root) }
        for (path, text) in files {
            let file = URL(filePath: root + "/" + path)
            try FileManager.default.createDirectory(
                at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
            try Data(text.utf8).write(to: file)
        }
        return read(root)
    }

    @Test func thereIsAProcessor() {
        #expect((1...ProcessInfo.processInfo.processorCount).contains(ProcessorCount.available))
    }

    @Test(
        arguments: [
            // The root of a container.
            ("0::/", ["cpu.max": "250000 100000\n"], 3),
            // A systemd slice with CPUQuota=, above a service without.
            (
                "0::/a.slice/b.service",
                [
                    "a.slice/cpu.max": "200000 100000\n",
                    "a.slice/b.service/cpu.max": "max 100000\n",
                ], 2
            ),
            // The least of all counts.
            ("0::/a/b", ["cpu.max": "900000 100000", "a/b/cpu.max": "50000 100000"], 1),
            // Another group's quota does not.
            ("0::/a/b", ["a/c/cpu.max": "100000 100000", "b/cpu.max": "100000 100000"], nil),
            // A host's path, which a container does not see.
            ("0::/docker/0123", ["cpu.max": "400000 100000"], 4),
            ("0::/../other", ["cpu.max": "400000 100000"], 4),
            // cgroup 1.
            (
                "12:memory:/x\n4:cpu,cpuacct:/x/y\n1:name=systemd:/z",
                [
                    "cpu,cpuacct/x/cpu.cfs_quota_us": "150000\n",
                    "cpu,cpuacct/x/cpu.cfs_period_us": "50000\n",
                    "cpu,cpuacct/x/y/cpu.cfs_quota_us": "-1\n",
                    "cpu,cpuacct/x/y/cpu.cfs_period_us": "100000\n",
                    "cpu,cpuacct/z/cpu.cfs_quota_us": "10000\n",
                    "cpu,cpuacct/z/cpu.cfs_period_us": "100000\n",
                ], 3
            ),
            // Both, as systemd's hybrid layout has them: cpu under cgroup 1, the rest under cgroup 2.
            (
                "4:cpu:/x\n0::/y",
                [
                    "cpu/x/cpu.cfs_quota_us": "700000", "cpu/x/cpu.cfs_period_us": "100000",
                    "unified/y/cpu.max": "max 100000", "cpu/y/cpu.cfs_quota_us": "100000",
                    "cpu/y/cpu.cfs_period_us": "100000",
                ], 7
            ),
            // Nothing that can be understood.
            ("0::/", ["cpu.max": "0 0"], nil), ("0::/", ["cpu.max": "many"], nil), ("", [:], nil),
        ] as [(String, [String: String], Int?)])
    func theLeastQuotaOnTheWayUpCounts(
        _ groups: String, _ files: [String: String], _ expected: Int?
    ) throws {
        let quota = try limit(files) { ProcessorCount.quota(of: groups, mountedAt: $0) }
        #expect(quota == expected)
    }

    @Test(
        arguments: [
            ("0::/", ["memory.max": "1073741824\n"], 1 << 30),
            // A slice with MemoryMax=, above a service without.
            (
                "0::/a.slice/b.service",
                ["a.slice/memory.max": "5000000\n", "a.slice/b.service/memory.max": "max\n"],
                5_000_000
            ),
            (
                "4:memory:/a.slice/b.service\n0::/",
                [
                    "memory/a.slice/memory.limit_in_bytes": "700002304\n",
                    "memory/a.slice/b.service/memory.limit_in_bytes": "9223372036854771712\n",
                ], 700_002_304
            ),
            ("0::/a", ["a/memory.max": "max\n"], nil), ("0::/", ["memory.max": "much"], nil),
        ] as [(String, [String: String], Int?)])
    func theLeastMemoryOnTheWayUpCounts(
        _ groups: String, _ files: [String: String], _ expected: Int?
    ) throws {
        let bytes = try limit(files) { MemoryLimit.bytes(of: groups, mountedAt: $0) }
        #expect(bytes == expected)
    }
}
