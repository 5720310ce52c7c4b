import ArgumentParser
import Foundation
import Kernels
import Simile

/// Ours and the peer's in turn on the same work.
struct Compare: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Measures the main jobs, in turn with sentence-transformers.")

    @OptionGroup var inputs: Inputs
    @Option(help: "A Python with sentence-transformers; without it only ours is measured.")
    var peerPython: String?
    @Option(help: "Only works whose names contain this.")
    var only: String?

    /// One line of the table.
    struct Row: Codable {
        let name: String
        let unit: String
        /// Units a second.
        let ours: Double
        let peer: Double?
        /// Median of ours / peer, round by round.
        let ratio: Double?
        /// Share of the product rate measured in the same rounds; nil where there are no products.
        let shareOfSgemm: Double?
        let ourPeakMiB: Double
        let peerPeakMiB: Double?
        let ourStartSeconds: Double
        let peerStartSeconds: Double?
    }

    struct Report: Codable {
        let threads: Int
        let rounds: Int
        let sgemmGigaflops: Double
        let rows: [Row]
    }

    func run() throws {
        ThreadPool.configure(threads: inputs.threads)
        _ = try BLAS.shared.get()
        let tokenizer = try BertTokenizer(folder: URL(filePath: inputs.model))
        let works = try works().filter { work in only.map { work.name.contains($0) } ?? true }
        var (rows, rates): ([Row], [Double]) = ([], [])
        say(
            "work".column(46, right: false) + "ours/s".column(10) + "peer/s".column(10)
                + "ratio".column(8) + "sgemm".column(8) + "MiB".column(8) + "peer".column(8)
                + "start s".column(9) + "peer".column(7))
        for work in works {
            let row = try measure(work, tokenizer, &rates)
            rows.append(row)
            func text(_ value: Double?, _ digits: Int) -> String {
                value.map { $0.fixed(digits) } ?? "-"
            }
            say(
                row.name.column(46, right: false) + row.ours.fixed(1).column(10)
                    + text(row.peer, 1).column(10) + text(row.ratio, 2).column(8)
                    + text(row.shareOfSgemm.map { 100 * $0 }, 0).column(7) + "%"
                    + row.ourPeakMiB.fixed(0).column(8) + text(row.peerPeakMiB, 0).column(8)
                    + row.ourStartSeconds.fixed(2).column(9)
                    + text(row.peerStartSeconds, 1).column(7))
        }
        let report = Report(
            threads: inputs.threads, rounds: inputs.rounds, sgemmGigaflops: median(rates),
            rows: rows)
        say("sgemm: \(report.sgemmGigaflops.fixed(0)) GFLOP/s on \(inputs.threads) threads")
        let bars = rows.compactMap { row in row.ratio.map { (row.name, $0) } }
        try inputs.write(
            report, "compare", svg: barChart("times sentence-transformers", bars))
    }

    private func works() throws -> [Work] {
        let sts = try inputs.scored(inputs.sts)
        let nli = try inputs.labelled(inputs.nli)
        let sentences = sts.flatMap { [$0.0, $0.1] }
        // Each once: a sentence that occurs again costs us nothing, and the peer its full price.
        let dev = Set(try inputs.scored(inputs.dev).flatMap { [$0.0, $0.1] }).sorted()
        let miniLM = Work.Model(folder: inputs.model)
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
        return [
            trainingWork("MiniLM, STS, cosine loss", miniLM, sts, inputs: inputs, steps: 10),
            trainingWork(
                "MiniLM, NLI, softmax loss", miniLM, nli, inputs: inputs, loss: SoftmaxLoss.name,
                steps: 10),
            trainingWork("bert-base, STS, cosine loss", base, sts, inputs: inputs, steps: 3),
            trainingWork(
                "bert-base, all at 128 tokens", base, long, inputs: inputs, steps: 1),
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

    private func measure(_ work: Work, _ tokenizer: BertTokenizer, _ rates: inout [Double]) throws
        -> Row
    {
        let ours = try WorkerProcess(work)
        let peer = try peerPython.map { try WorkerProcess(work, peerPython: $0) }
        let operations = try work.operationsPerUnit(tokenizer: tokenizer)
        var (speeds, peerSpeeds, shares): ([Double], [Double], [Double]) = ([], [], [])
        var (last, peerLast): (Round?, Round?)
        for _ in 0..<inputs.rounds {
            let rate = MatrixProductBenchmark.gigaflops(seconds: 0.2)
            rates.append(rate)
            let round = try ours.round()
            speeds.append(Double(round.units) / round.seconds)
            shares.append(operations * 1e-9 * Double(round.units) / round.seconds / rate)
            last = round
            if let peer {
                let round = try peer.round()
                peerSpeeds.append(Double(round.units) / round.seconds)
                peerLast = round
                // Its threads spin on for a while.
                Thread.sleep(forTimeInterval: 0.3)
            }
        }
        return Row(
            name: work.name,
            unit: work.kind == .train ? "pairs" : "sentences",
            ours: median(speeds), peer: peer == nil ? nil : median(peerSpeeds),
            ratio: peer == nil ? nil : median(zip(speeds, peerSpeeds).map { $0 / $1 }),
            shareOfSgemm: operations > 0 ? median(shares) : nil,
            ourPeakMiB: last?.peakMiB ?? 0, peerPeakMiB: peerLast?.peakMiB,
            ourStartSeconds: ours.startSeconds, peerStartSeconds: peer?.startSeconds)
    }
}
