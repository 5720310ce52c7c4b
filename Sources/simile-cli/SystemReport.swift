import CCurl
import CHDF5
import CZlib
import Foundation
import Kernels

/// What a person who reads of a fault needs to know about the machine.
enum SystemReport {
    /// The kernel's own words.
    static func kernel() -> (system: String, release: String, machine: String) {
        var names = utsname()
        uname(&names)
        func text<Field>(_ field: Field) -> String {
            withUnsafeBytes(of: field) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
        }
        return (text(names.sysname), text(names.release), text(names.machine))
    }

    /// The distribution: `Debian GNU/Linux 12 (bookworm)`.
    static var distribution: String {
        value(of: "PRETTY_NAME", in: "/etc/os-release", separator: "=")?
            .trimmingCharacters(in: ["\""]) ?? "unknown"
    }

    static var processor: String {
        value(of: "model name", in: "/proc/cpuinfo", separator: ":") ?? "unknown"
    }

    /// Those of the processor's features that kernels ask for.
    static var features: [String] {
        let all = value(of: "flags", in: "/proc/cpuinfo", separator: ":") ?? ""
        let has = Set(all.split(separator: " "))
        return [
            "avx2", "fma", "f16c", "avx512f", "avx512bw", "avx512vl", "avx512_vnni", "avx512_bf16",
        ]
        .filter { has.contains($0[...]) }
    }

    /// Bytes of memory in the machine, and of those the bytes that are free for programs.
    static var memory: (total: Int, available: Int) {
        func bytes(_ name: String) -> Int {
            let text = value(of: name, in: "/proc/meminfo", separator: ":") ?? ""
            return (text.split(separator: " ").first.flatMap { Int($0) } ?? 0) * 1024
        }
        return (bytes("MemTotal"), bytes("MemAvailable"))
    }

    /// The libraries that are linked, with their versions.
    static var libraries: [(key: String, name: String, version: String)] {
        var numbers: (UInt32, UInt32, UInt32) = (0, 0, 0)
        H5get_libversion(&numbers.0, &numbers.1, &numbers.2)
        let curl = String(cString: curl_version()).split(separator: " ").first ?? "unknown"
        return [
            ("hdf5", "HDF5", "\(numbers.0).\(numbers.1).\(numbers.2)"),
            ("zlib", "zlib", String(cString: zlibVersion())),
            ("curl", "curl", String(curl.replacing("libcurl/", with: ""))),
        ]
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
