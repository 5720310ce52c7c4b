import ArgumentParser
import Foundation
import Kernels
import Simile

struct Doctor: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Shows the processor, threads and BLAS library in use, with a measured rate.")

    @Flag(help: "Print JSON.")
    var json = false
    @Option(help: "Seconds to measure for.")
    var seconds = 1.0
    @OptionGroup var compute: ComputeOptions

    func validate() throws {
        guard (0.01...3600).contains(seconds) else {
            throw ValidationError("--seconds is \(seconds); expected 0.01...3600")
        }
    }

    func run() throws {
        try compute.prepare()
        let blas = try BLAS.load()
        let threads = ThreadPool.shared.count
        let rate = MatrixProductBenchmark.gigaflops(.library, seconds: seconds)
        let ownRate = MatrixProductBenchmark.gigaflops(.own, seconds: seconds)
        let engine = GEMM.Engine.preferred
        let rows: [(key: String, label: String, value: JSONValue, text: String)] = [
            ("library", "BLAS library", .string(blas.library), blas.library),
            ("version", "version", .string(blas.version ?? ""), blas.version ?? "unknown"),
            (
                "core_type", "core type", .string(blas.coreType ?? ""),
                blas.coreType ?? "chosen by the library"
            ),
            (
                "vector_kernels", "vector kernels",
                .string(String(cString: VectorKernels.best.name)),
                String(cString: VectorKernels.best.name)
            ),
            (
                "threads", "threads", .integer(threads),
                "\(threads) of \(ProcessorCount.available) available"
            ),
            (
                "sgemm_gflops", "sgemm", .number(rate),
                "\(rate.fixed(0)) GFLOP/s on \(threads) thread\(threads == 1 ? "" : "s") (1024 x 1024 x 1024)"
            ),
            (
                "own_gflops", "own kernels", .number(ownRate), "\(ownRate.fixed(0)) GFLOP/s"
            ),
            (
                "products", "products by", .string(engine.rawValue),
                engine == .own
                    ? "own kernels (SIMILE_BLAS=/path/lib.so takes a library)" : "the BLAS library"
            ),
        ]
        if json {
            return try Console.json(
                Dictionary(uniqueKeysWithValues: rows.map { ($0.key, $0.value) }))
        }
        for row in rows {
            try Console.print(row.label.padded(16) + row.text)
        }
    }
}
