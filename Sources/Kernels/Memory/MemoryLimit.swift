import Foundation

/// How much memory this process may use.
public enum MemoryLimit {
    /// The fewest bytes that a control group of the process grants; nil when none sets a limit.
    public static var ofControlGroups: Int? {
        bytes(of: ControlGroups.ofProcess(controller: "memory"), mountedAt: ControlGroups.root)
    }

    static func bytes(of groups: String, mountedAt root: String) -> Int? {
        ControlGroups.folders(
            of: groups, mountedAt: root, controller: "memory", names: ["/memory"]
        ).compactMap { folder in
            let name = folder.isSecond ? "memory.max" : "memory.limit_in_bytes"
            let text = ControlGroups.text("\(folder.path)/\(name)") ?? ""
            let bytes = Int(text.filter { !$0.isWhitespace })
            // Without a limit, cgroup 1 gives the largest number of whole pages.
            return bytes.flatMap { (1..<1 << 62).contains($0) ? $0 : nil }
        }.min()
    }
}
