import Foundation

/// The control groups that a process lies in, which may grant it less than the machine has.
enum ControlGroups {
    /// Where they are mounted.
    static let root = "/sys/fs/cgroup"

    /// The lines of `/proc/self/cgroup`; where that cannot be read, the root groups.
    static func ofProcess(controller: String) -> String {
        text("/proc/self/cgroup") ?? "0::/\n1:\(controller):/"
    }

    /// The folders of the groups and of those they lie in, for a controller.
    ///
    /// - Parameters:
    ///   - groups: The lines of `/proc/self/cgroup`: `0::/a/b` (cgroup 2) or `4:cpu,cpuacct:/a/b` (cgroup 1).
    ///   - names: What the folder of the controller may be called in cgroup 1, with a slash before it.
    static func folders(
        of groups: String, mountedAt root: String, controller: Substring, names: [String]
    ) -> [(path: String, isSecond: Bool)] {
        var folders: [(path: String, isSecond: Bool)] = []
        for line in groups.split(separator: "\n") {
            let fields = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
            guard fields.count == 3 else { continue }
            let controllers = fields[1].split(separator: ",")
            guard controllers.isEmpty || controllers.contains(controller) else { continue }
            // In a container the path may be the host's, which is not there; the root then is its group.
            var parts = fields[2].split(separator: "/")
            repeat {
                let path = parts.map { "/" + $0 }.joined()
                folders += (controllers.isEmpty ? ["", "/unified"] : names).map {
                    (path: root + $0 + path, isSecond: controllers.isEmpty)
                }
            } while parts.popLast() != nil
        }
        return folders
    }

    static func text(_ path: String) -> String? {
        try? String(contentsOfFile: path, encoding: .utf8)
    }
}
