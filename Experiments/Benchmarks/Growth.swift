import ArgumentParser
import Foundation
import Kernels
import Simile

/// How time for each token and memory grow with threads, batch, length and width.
struct Growth: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Measures training over threads, batch size, length and width.")

    @OptionGroup var inputs: Inputs

    /// One measurement.
    struct Point: Codable {
        let series: String
        let x: Int
        let microsecondsPerToken: Double
        let gigaflops: Double
        let peakMiB: Double
    }

    func run() throws {
        let sentences = try inputs.scored(inputs.sts).flatMap { [$0.0, $0.1] }
        let tokenizer = try BertTokenizer(folder: URL(filePath: inputs.model))
        let miniLM = [384, 6, 12]
        var points: [Point] = []
        say(
            "series".column(22, right: false) + "x".column(6) + "us/token".column(10)
                + "GFLOP/s".column(10) + "MiB".column(8))
        func measure(
            _ series: String, _ x: Int, sizes: [Int], threads: Int, batch: Int, length: Int
        ) throws {
            var inputs = inputs
            inputs.threads = threads
            let pairs = (0..<batch * 2).map { i in
                (
                    longText(sentences, tokens: length, from: 7 * i),
                    longText(sentences, tokens: length, from: 7 * i + 3), Float(i % 5) / 4
                )
            }
            // About the same number of tokens in each round.
            let work = trainingWork(
                series, .init(folder: inputs.model, sizes: sizes), pairs, inputs: inputs,
                maxLength: length, batchSize: batch, steps: max(1, 8192 / (2 * batch * length)))
            let worker = try WorkerProcess(work, peerPython: nil)
            var (times, peak): ([Double], Double) = ([], 0)
            for _ in 0..<inputs.rounds {
                let round = try worker.round()
                times.append(round.seconds / Double(round.units * 2 * length))
                peak = round.peakMiB
            }
            let operations = try work.operationsPerUnit(tokenizer: tokenizer) / Double(2 * length)
            let point = Point(
                series: series, x: x, microsecondsPerToken: 1e6 * median(times),
                gigaflops: 1e-9 * operations / median(times), peakMiB: peak)
            points.append(point)
            say(
                series.column(22, right: false) + "\(x)".column(6)
                    + point.microsecondsPerToken.fixed(1).column(10)
                    + point.gigaflops.fixed(0).column(10) + point.peakMiB.fixed(0).column(8))
        }
        let threads = inputs.threads
        for count in [1, 2, 4, 8, 16, 32] {
            try measure("threads", count, sizes: miniLM, threads: count, batch: 16, length: 16)
        }
        for batch in [8, 32, 128, 512] {
            try measure("batch", batch, sizes: miniLM, threads: threads, batch: batch, length: 16)
        }
        for length in [16, 32, 64, 128, 256, 512] {
            try measure(
                "length", length, sizes: miniLM, threads: threads, batch: 16, length: length)
        }
        for (hidden, heads) in [(384, 12), (768, 12), (1024, 16)] {
            try measure(
                "hidden size", hidden, sizes: [hidden, 6, heads], threads: threads, batch: 16,
                length: 16)
        }
        let series = Dictionary(grouping: points, by: \.series).sorted { $0.key < $1.key }
        try inputs.write(
            points, "growth",
            svg: lineChart(
                "microseconds a token",
                series.map { ($0.key, $0.value.map { (Double($0.x), $0.microsecondsPerToken) }) }))
    }
}
