import ArgumentParser
import Foundation
import JSON
import Kernels
import Simile

struct Doctor: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Shows the threads, kernels and BLAS library, with measured rates.")

    @Flag(help: "Print JSON.")
    var json = false
    @Option(help: "Seconds to measure each rate for.")
    var seconds = 1.0
    @OptionGroup var compute: ComputeOptions

    func validate() throws {
        guard (0.01...3600).contains(seconds) else {
            throw ValidationError("--seconds is \(seconds); expected 0.01...3600")
        }
    }

    func run() throws {
        try compute.prepare()
        let threads = ThreadPool.shared.count
        let engine = GEMM.Engine.preferred
        var rows: [(key: String, label: String, value: JSONValue, text: String)] = []
        func add(_ key: String, _ label: String, _ value: JSONValue, _ text: String) {
            rows.append((key, label, value, text))
        }
        func addRate(_ key: String, _ label: String, of engine: GEMM.Engine) {
            let rate = MatrixProductBenchmark.gigaflops(engine, seconds: seconds)
            add(
                key, label, .number(rate),
                "\(rate.fixed(0)) GFLOP/s on \(threads) thread\(threads == 1 ? "" : "s") (1024 x 1024 x 1024)"
            )
        }
        let kernels = String(cString: VectorKernels.best.name)
        add("vector_kernels", "vector kernels", .string(kernels), kernels)
        add(
            "threads", "threads", .integer(threads),
            "\(threads) of \(ProcessorCount.available) available")
        add(
            "products", "products by", .string(engine.rawValue),
            engine == .own ? "our own kernels" : "the BLAS library")
        addRate("own_gflops", "own kernels", of: .own)
        switch BLAS.shared {
        case .success(let blas):
            add("library", "BLAS library", .string(blas.library), blas.library)
            add("version", "version", .string(blas.version ?? ""), blas.version ?? "unknown")
            add(
                "core_type", "core type", .string(blas.coreType ?? ""),
                blas.coreType ?? "chosen by the library")
            addRate("sgemm_gflops", "sgemm", of: .library)
        case .failure(let error):
            add("library", "BLAS library", .string(""), "none, and none needed (\(error))")
        }
        if json {
            return try Console.json(
                .sorted(Dictionary(uniqueKeysWithValues: rows.map { ($0.key, $0.value) })))
        }
        for row in rows {
            try Console.print(row.label.padded(16) + row.text)
        }
    }
}
