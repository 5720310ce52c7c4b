import ArgumentParser
import Foundation
import JSON
import Kernels
import Simile
import Support

struct Doctor: Subcommand {
    static let examples = ["simile doctor", "simile doctor --json --seconds 0.1"]
    static let configuration = CommandConfiguration(
        abstract: "Shows version, machine, libraries and kernels, with measured rates.",
        discussion: "A report of a fault should hold what this prints.", examples: examples)

    @Flag(help: "Print JSON.")
    var json = false
    @Option(help: "Seconds to measure each rate for.")
    var seconds = 1.0
    @OptionGroup var compute: ComputeOptions
    @OptionGroup var console: ConsoleOptions

    func validate() throws {
        guard (0.01...3600).contains(seconds) else {
            throw ValidationError("--seconds is \(seconds); expected 0.01...3600")
        }
    }

    func run() throws {
        try compute.prepare()
        let rows = program + machine + libraries + kernels
        if json {
            return try Console.json(
                .sorted(Dictionary(uniqueKeysWithValues: rows.map { ($0.key, $0.value) })))
        }
        for row in rows { try Console.print(row.line) }
    }

    private var program: [ReportRow] {
        [
            ReportRow("simile", "simile", Version.simile),
            ReportRow(
                "commit", "commit", .string(Version.commit ?? ""), Version.commit ?? "unknown"),
            ReportRow("swift", "Swift", Version.swift),
        ]
    }

    private var machine: [ReportRow] {
        let kernel = Machine.kernel
        let memory = Machine.memory
        let limit = MemoryLimit.ofControlGroups
        func size(_ bytes: Int) -> String { "\((Double(bytes) / 1e9).fixed(1)) GB" }
        let features = Machine.features
        return [
            ReportRow("os", "system", Machine.distribution),
            ReportRow(
                "kernel", "kernel", "\(kernel.system) \(kernel.release) \(kernel.architecture)"),
            ReportRow("processor", "processor", Machine.processor),
            ReportRow(
                "features", "features", .array(features.map(JSONValue.string)),
                features.joined(separator: " ")),
            ReportRow(
                "processors", "processors", .integer(ProcessorCount.available),
                "\(ProcessorCount.available) available of \(ProcessInfo.processInfo.processorCount)"
            ),
            ReportRow(
                "memory_bytes", "memory", .integer(memory.total),
                "\(size(memory.total)), \(size(memory.available)) available"),
            ReportRow(
                "memory_limit_bytes", "memory limit", limit.map(JSONValue.integer) ?? .null,
                limit.map { "\(size($0)), of a control group" } ?? "none"),
        ]
    }

    private var libraries: [ReportRow] {
        LinkedLibraries.all.map { ReportRow($0.key, $0.name, $0.version) }
    }

    private var kernels: [ReportRow] {
        let threads = ThreadPool.shared.count
        let engine = GEMM.Engine.preferred
        func row(_ key: String, _ label: String, _ rate: Double, _ unit: String) -> ReportRow {
            ReportRow(
                key, label, .number(rate),
                "\(rate.fixed(0)) \(unit) on \(threads) thread\(threads == 1 ? "" : "s") (1024 x 1024 x 1024)"
            )
        }
        func rate(
            _ key: String, _ label: String, of engine: GEMM.Engine,
            _ precision: GEMM.Precision = .float32
        ) -> ReportRow {
            row(
                key, label,
                MatrixProductBenchmark.gigaflops(engine, precision: precision, seconds: seconds),
                "GFLOP/s")
        }
        var rows = [
            ReportRow("instruction_set", "instruction set", KernelSettings.instructionSetName),
            ReportRow("vector_kernels", "vector kernels", String(cString: VectorKernels.best.name)),
            ReportRow(
                "threads", "threads", .integer(threads),
                "\(threads) of \(ProcessorCount.available) available"),
            ReportRow(
                "products", "products by", .string(engine.rawValue),
                engine == .own ? "our own kernels" : "the BLAS library"),
            rate("own_gflops", "own kernels", of: .own),
            GEMM.Precision.bfloat16.isAvailable
                ? rate("bf16_gflops", "bf16 products", of: .own, .bfloat16)
                : ReportRow("bf16_gflops", "bf16 products", .null, "none: no AVX512-BF16"),
            GEMM.Precision.int8.isAvailable
                ? row(
                    "int8_gops", "int8 products",
                    MatrixProductBenchmark.gigaopsPacked(.int8, seconds: seconds), "Gop/s")
                : ReportRow("int8_gops", "int8 products", .null, "none: no AVX512-VNNI"),
        ]
        switch BLAS.shared {
        case .success(let blas):
            rows += [
                ReportRow("library", "BLAS library", blas.library),
                ReportRow(
                    "version", "version", .string(blas.version ?? ""), blas.version ?? "unknown"),
                ReportRow(
                    "core_type", "core type", .string(blas.coreType ?? ""),
                    blas.coreType ?? "chosen by the library"),
                rate("sgemm_gflops", "sgemm", of: .library),
            ]
        case .failure(let error):
            rows.append(
                ReportRow(
                    "library", "BLAS library", .string(""), "none, and none needed (\(error))"))
        }
        return rows
    }
}
