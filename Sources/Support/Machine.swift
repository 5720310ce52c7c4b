import Foundation

/// The machine and its system, in words for people who read of a run or a fault on it.
package enum Machine {
    /// The kernel's own words.
    package static var kernel: (system: String, release: String, architecture: String) {
        var names = utsname()
        uname(&names)
        func text<Field>(_ field: Field) -> String {
            withUnsafeBytes(of: field) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
        }
        return (text(names.sysname), text(names.release), text(names.machine))
    }

    /// The distribution: `Debian GNU/Linux 12 (bookworm)`.
    package static var distribution: String {
        value(of: "PRETTY_NAME", in: "/etc/os-release", separator: "=")?
            .trimmingCharacters(in: ["\""]) ?? "unknown"
    }

    package static var processor: String {
        value(of: "model name", in: "/proc/cpuinfo", separator: ":") ?? "unknown"
    }

    /// Those of the processor's features that kernels ask for.
    package static var features: [String] {
        let all = value(of: "flags", in: "/proc/cpuinfo", separator: ":") ?? ""
        let has = Set(all.split(separator: " "))
        return [
            "avx2", "fma", "f16c", "avx512f", "avx512bw", "avx512vl", "avx512_vnni", "avx512_bf16",
            "amx_tile", "amx_bf16", "amx_int8",
        ]
        .filter { has.contains($0[...]) }
    }

    /// Bytes of memory in the machine, and of those the bytes that are free for programs.
    package static var memory: (total: Int, available: Int) {
        let kibibytes = value(of: "MemAvailable", in: "/proc/meminfo", separator: ":")?
            .split(separator: " ").first.flatMap { Int($0) }
        return (Int(clamping: ProcessInfo.processInfo.physicalMemory), (kibibytes ?? 0) * 1024)
    }

    /// The text after a name, in a file of names and values; that of the first line with this name.
    private static func value(of name: String, in path: String, separator: Character) -> String? {
        guard let text = try? String(contentsOfFile: path, encoding: .utf8) else { return nil }
        for line in text.split(separator: "\n") {
            let parts = line.split(separator: separator, maxSplits: 1)
            if parts.count == 2, parts[0].trimmingCharacters(in: .whitespaces) == name {
                return parts[1].trimmingCharacters(in: .whitespaces)
            }
        }
        return nil
    }
}
