import Foundation
import JSON
import Kernels
import Support

/// The programs and the machine of a run.
enum RunEnvironment {
    /// Versions, processor, threads, who multiplies, and the machine's memory.
    static var json: JSONValue {
        .object([
            JSONValue.Member("simile", .string(Version.simile)),
            JSONValue.Member("swift", .string(Version.swift)),
            JSONValue.Member("system", .string(system)),
            JSONValue.Member("processor", .string(processor)),
            JSONValue.Member("threads", .integer(ThreadPool.shared.count)),
            JSONValue.Member("kernels", .string(String(cString: VectorKernels.best.name))),
            JSONValue.Member("products", .string(products)),
            JSONValue.Member(
                "memory_mib",
                .integer(Int(clamping: ProcessInfo.processInfo.physicalMemory >> 20))),
        ])
    }

    private static var system: String {
        var names = utsname()
        guard uname(&names) == 0 else { return "" }
        func text<T>(_ field: T) -> String {
            withUnsafeBytes(of: field) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
        }
        return "\(text(names.sysname)) \(text(names.release)) \(text(names.machine))"
    }

    private static var processor: String {
        let line = (try? String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8))?
            .split(separator: "\n").first { $0.hasPrefix("model name") }
        return line?.split(separator: ":").last?.trimmingCharacters(in: .whitespaces) ?? ""
    }

    private static var products: String {
        guard GEMM.Engine.preferred == .library, case .success(let blas) = BLAS.shared else {
            return "own kernels"
        }
        return blas.library
    }
}
