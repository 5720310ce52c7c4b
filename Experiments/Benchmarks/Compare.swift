import ArgumentParser
import Foundation
import Kernels
import Simile

/// Ours and the peers' in turn on the same work, each at its defaults and at its best.
struct Compare: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract:
            "Measures the main jobs, in turn with the settings and engines that a careful user of Python would try."
    )

    @OptionGroup var inputs: Inputs
    @Option(
        help:
            "A Python with sentence-transformers, onnxruntime, openvino and, if there, llama-cpp-python; without it only ours is measured."
    )
    var peerPython: String?
    @Option(help: "Only works whose names contain this.")
    var only: String?

    /// A piece of work, and how fast each setting of each program did it.
    struct Row: Codable {
        let name: String
        let unit: String
        /// 10⁹ operations in matrix products that a unit needs, of real tokens alone.
        let gigaoperations: Double
        let results: [Result]
        /// Of our fastest setting in each kind of numbers to the peer's fastest in the same, or in wider ones.
        let ratios: [Ratio]
    }

    /// What a setting did.
    struct Result: Codable {
        let setting: Setting
        /// Units a second: of each round, and the median.
        let rounds: [Double]
        let rate: Double
        let peakMiB: Double
        let startSeconds: Double
    }

    struct Ratio: Codable {
        let ours: String
        let peer: String
        /// Median of ours / peer, round by round.
        let ratio: Double
        /// Share of what our kernels do with 1024 x 1024 matrices of the same numbers; nil where that is not measured.
        let shareOfPeak: Double?
    }

    struct Report: Codable {
        let processor: String
        let threads: Int
        let rounds: Int
        /// 10⁹ operations a second of 1024 x 1024 products, by kind of numbers: medians over all rounds.
        let gigaflops: [String: Double]
        let rows: [Row]
    }

    func run() throws {
        ThreadPool.configure(threads: inputs.threads)
        let tokenizer = try BertTokenizer(folder: URL(filePath: inputs.model))
        var peaks: [Setting.Numbers: [Double]] = [:]
        var rows: [Row] = []
        for work in try works() where only.map({ work.name.contains($0) }) ?? true {
            let row = try measure(work, tokenizer, &peaks)
            rows.append(row)
            print(row)
        }
        let report = Report(
            processor: Self.processor, threads: inputs.threads, rounds: inputs.rounds,
            gigaflops: Dictionary(
                uniqueKeysWithValues: peaks.map { ($0.key.rawValue, median($0.value)) }),
            rows: rows)
        for (numbers, rate) in report.gigaflops.sorted(by: { $0.key > $1.key }) {
            say("products of \(numbers): \(rate.fixed(0)) GFLOP/s on \(inputs.threads) threads")
        }
        let bars = rows.flatMap { row in
            row.ratios.map { ("\(row.name): \($0.ours)", $0.ratio) }
        }
        try inputs.write(
            report, "compare", svg: barChart("times the fastest peer in the same numbers", bars))
    }

    private func print(_ row: Row) {
        say("\n\(row.name)")
        for result in row.results {
            say(
                "  " + result.setting.name.column(36, right: false)
                    + (result.rate.fixed(1) + " \(row.unit)/s").column(22)
                    + (result.peakMiB.fixed(0) + " MiB").column(11)
                    + "  started in \(result.startSeconds.fixed(2)) s")
        }
        for ratio in row.ratios {
            let share = ratio.shareOfPeak.map { ", \((100 * $0).fixed(0)) % of the products' peak" }
            say("  \(ratio.ours): \(ratio.ratio.fixed(2)) times \(ratio.peer)\(share ?? "")")
        }
    }

    private static var processor: String {
        let lines = (try? String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8)) ?? ""
        let fields = ["model name", "cpu family", "model"].compactMap { field in
            lines.split(separator: "\n").first { $0.split(separator: "\t").first == field[...] }
        }
        return fields.joined(separator: ", ").replacing("\t", with: " ")
    }

    /// The model as files for those of the peer's engines that are there.
    private func exported() throws -> Work.Model {
        var result = Work.Model(folder: inputs.model)
        if peerPython == nil { return result }
        let folder = FileManager.default.temporaryDirectory
        let model = try SentenceTransformer(path: inputs.model)
        let onnx = folder.appending(path: "simile-benchmark.onnx")
        try model.writeONNX(to: onnx)
        result.onnx = onnx.path
        if try !peerHas("llama_cpp") { return result }
        let gguf = folder.appending(path: "simile-benchmark.gguf")
        try model.writeGGUF(to: gguf)
        let small = folder.appending(path: "simile-benchmark-q8.gguf")
        try model.writeGGUF(to: small, type: .q8)
        (result.gguf, result.smallGGUF) = (gguf.path, small.path)
        return result
    }

    /// Whether the peer's Python has a module.
    private func peerHas(_ module: String) throws -> Bool {
        guard let peerPython else { return false }
        let process = Process()
        process.executableURL = URL(filePath: peerPython)
        process.arguments = ["-c", "import \(module)"]
        process.standardError = FileHandle.nullDevice
        try process.run()
        process.waitUntilExit()
        return process.terminationStatus == 0
    }

    private func works() throws -> [Work] {
        let sts = try inputs.scored(inputs.sts)
        let nli = try inputs.labelled(inputs.nli)
        let sentences = sts.flatMap { [$0.0, $0.1] }
        // Each once: a sentence that occurs again costs us nothing, and the peer its full price.
        let dev = Set(try inputs.scored(inputs.dev).flatMap { [$0.0, $0.1] }).sorted()
        let miniLM = try exported()
        let base = Work.Model(folder: inputs.model, sizes: [768, 12, 12])
        let long = (0..<200).map { i in
            (
                longText(sentences, tokens: 128, from: 20 * i),
                longText(sentences, tokens: 128, from: 20 * i + 10), Float(i % 5) / 4
            )
        }
        func encoding(_ name: String, _ sentences: [String], maxLength: Int) -> Work {
            Work(
                name: name, kind: .encode, model: miniLM, maxLength: maxLength,
                threads: inputs.threads, sentences: sentences)
        }
        var baseBy64 = trainingWork(
            "bert-base, STS, batches of 64", base, sts, inputs: inputs, batchSize: 64, steps: 4)
        var baseLong = trainingWork(
            "bert-base, all at 128 tokens, batches of 16", base, long, inputs: inputs, steps: 1)
        // All settings' processes live at the same time, and for all of these 24 GiB are too little: with batches of 16 the
        // compiler did not help and the peer's float32 is far behind, and texts of one length need no grouping.
        baseBy64.settings = Setting.all(for: .train).filter {
            $0.engine == .simile || $0.isFused && !$0.isCompiled
        }
        baseLong.settings = Setting.all(for: .train).filter { !$0.isGrouped }
        return [
            trainingWork("MiniLM, STS, batches of 16", miniLM, sts, inputs: inputs, steps: 20),
            trainingWork(
                "MiniLM, STS, batches of 64", miniLM, sts, inputs: inputs, batchSize: 64, steps: 6),
            trainingWork(
                "MiniLM, NLI, softmax, batches of 16", miniLM, nli, inputs: inputs,
                loss: SoftmaxLoss.name, steps: 20),
            trainingWork(
                "MiniLM, all at 128 tokens, batches of 16", miniLM, long, inputs: inputs, steps: 2),
            trainingWork("bert-base, STS, batches of 16", base, sts, inputs: inputs, steps: 6),
            baseBy64, baseLong,
            encoding("encode STS dev sentences, MiniLM", dev, maxLength: 128),
            encoding(
                "encode 256 to 512 tokens, MiniLM",
                (0..<64).map { longText(sentences, tokens: 256 + 4 * $0, from: 40 * $0) },
                maxLength: 512),
            Work(
                name: "tokenise, one thread", kind: .tokenize, model: miniLM, maxLength: 128,
                threads: 1, sentences: sentences),
        ]
    }

    /// All settings in turn, round by round, each in a process of its own.
    private func measure(
        _ work: Work, _ tokenizer: BertTokenizer, _ peaks: inout [Setting.Numbers: [Double]]
    ) throws -> Row {
        let settings = (work.settings ?? Setting.all(for: work.kind)).filter { setting in
            switch setting.engine {
            case .simile: setting.isAvailable
            case .llama: work.model.gguf != nil
            default: peerPython != nil
            }
        }
        let workers = try settings.map { setting in
            var work = work
            work.setting = setting
            return try WorkerProcess(work, peerPython: peerPython)
        }
        var rounds = [[Round]](repeating: [], count: settings.count)
        var rates: [Setting.Numbers: [Double]] = [:]
        for _ in 0..<inputs.rounds {
            if work.kind != .tokenize {
                for (numbers, precision) in [
                    (Setting.Numbers.float32, GEMM.Precision.float32), (.bf16, .bfloat16),
                ] where precision.isAvailable {
                    rates[numbers, default: []].append(
                        MatrixProductBenchmark.gigaflops(
                            .preferred, precision: precision, seconds: 0.2))
                }
            }
            for (index, worker) in workers.enumerated() {
                rounds[index].append(try worker.round())
                // PyTorch's threads spin on for a while.
                if settings[index].engine != .simile { Thread.sleep(forTimeInterval: 0.3) }
            }
        }
        peaks.merge(rates) { $0 + $1 }
        let results = settings.indices.map { index in
            let speeds = rounds[index].map { Double($0.units) / $0.seconds }
            return Result(
                setting: settings[index], rounds: speeds, rate: median(speeds),
                peakMiB: rounds[index].map(\.peakMiB).max() ?? 0,
                startSeconds: workers[index].startSeconds)
        }
        let operations = try work.operationsPerUnit(tokenizer: tokenizer) * 1e-9
        return Row(
            name: work.name, unit: work.kind == .train ? "pairs" : "sentences",
            gigaoperations: operations, results: results,
            ratios: ratios(results, operations, rates.mapValues(median)))
    }

    /// Each of ours against the fastest of the peer's that is at least as exact; our float32 against its float32.
    private func ratios(
        _ results: [Result], _ operations: Double, _ peaks: [Setting.Numbers: Double]
    ) -> [Ratio] {
        let exactness: [Setting.Numbers] = [.int8, .bf16, .float32]
        func rank(_ setting: Setting) -> Int { exactness.firstIndex(of: setting.numbers) ?? 0 }
        return results.filter { $0.setting.engine == .simile }.compactMap { ours in
            let peer = results.filter {
                $0.setting.engine != .simile && rank($0.setting) >= rank(ours.setting)
            }.max { $0.rate < $1.rate }
            guard let peer else { return nil }
            return Ratio(
                ours: ours.setting.name, peer: peer.setting.name,
                ratio: median(zip(ours.rounds, peer.rounds).map { $0 / $1 }),
                shareOfPeak: peaks[ours.setting.numbers].map { operations * ours.rate / $0 })
        }
    }
}

extension Setting {
    /// Whether this processor multiplies such numbers.
    var isAvailable: Bool {
        switch numbers {
        case .float32: true
        case .bf16: GEMM.Precision.bfloat16.isAvailable
        case .int8: GEMM.Precision.int8.isAvailable
        }
    }
}
