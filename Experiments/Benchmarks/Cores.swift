import ArgumentParser
import Foundation
import Kernels
import Simile

/// What a training step would take on machines with more cores than this one, from the tasks that it would consist of there.
///
/// One thread does a step's tasks, cut as for so many threads, one after the other, and says what each took. A simulation then
/// gives them to so many cores as the pool does: in order, each to the core that is free first. It adds what cores have to
/// send each other; it does not know of memory that they share.
struct Cores: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract:
            "Expects what a training step takes on 1 to 64 cores, from what its tasks take here.")

    @OptionGroup var inputs: Inputs
    @Option(help: "Nanoseconds that a word written by one core takes to another.")
    var latency: [Double] = [100, 400]

    /// A step on so many cores.
    struct Point: Codable {
        let name: String
        let cores: Int
        /// Jobs and their tasks in a step.
        let jobs: Double
        let tasks: Double
        /// Milliseconds of a step outside of jobs, which one core does alone.
        let serial: Double
        /// Milliseconds of all tasks together.
        let busy: Double
        /// Milliseconds of a step, by the latency in nanoseconds.
        let step: [String: Double]
        /// Measured milliseconds of a step, for as many cores as there are here.
        let measured: Double?
    }

    func run() throws {
        let sts = try inputs.scored(inputs.sts)
        let miniLM = Work.Model(folder: inputs.model)
        let base = Work.Model(folder: inputs.model, sizes: [768, 12, 12])
        var points: [Point] = []
        for (name, model, batch, steps) in [
            ("MiniLM, 16", miniLM, 16, 8), ("MiniLM, 64", miniLM, 64, 3),
            ("MiniLM, 256", miniLM, 256, 1), ("bert-base, 16", base, 16, 2),
        ] {
            for cores in [1, 2, 4, 8, 16, 32, 64] {
                let point = try expect(name, model, sts, cores: cores, batch: batch, steps: steps)
                points.append(point)
                say(
                    name.column(16, right: false) + "\(cores) cores".column(9)
                        + "\(point.jobs.fixed(0)) jobs".column(11)
                        + "\(point.tasks.fixed(0)) tasks".column(14)
                        + "alone \(point.serial.fixed(2)) ms".column(18)
                        + latency.map { (point.step["\($0)"] ?? 0).fixed(2).column(9) }.joined()
                        + " ms" + (point.measured.map { ", measured \($0.fixed(2)) ms" } ?? ""))
            }
        }
        let series = Dictionary(grouping: points, by: \.name).sorted { $0.key < $1.key }
        try inputs.write(
            points, "cores",
            svg: lineChart(
                "times as fast as one core",
                series.map { name, points in
                    let times = points.map { $0.step["\(latency[0])"] ?? 0 }
                    return (name, zip(points, times).map { (Double($0.cores), times[0] / $1) })
                }))
    }

    private func expect(
        _ name: String, _ model: Work.Model, _ pairs: [(String, String, Float)], cores: Int,
        batch: Int, steps: Int
    ) throws -> Point {
        var inputs = inputs
        inputs.threads = cores
        var work = trainingWork(
            name, model, pairs, inputs: inputs, batchSize: batch, steps: steps)
        if GEMM.Precision.bfloat16.isAvailable { work.setting = .ours(.bf16) }
        let each = 1e3 / Double(steps)
        var measured: Double?
        if cores <= ProcessorCount.available {
            let worker = try WorkerProcess(work, peerPython: nil)
            measured = median(try rounds(worker).map(\.seconds)) * each
        }
        work.isRecorded = true
        let worker = try WorkerProcess(work, peerPython: nil)
        // The round in which the processor was disturbed least.
        let round = try rounds(worker).min { $0.seconds < $1.seconds }
        guard let round, let jobs = round.jobs else { throw WorkerProcess.Failure(work: name) }
        let busy = jobs.joined().reduce(0, +)
        let serial = round.seconds - busy
        return Point(
            name: name, cores: cores, jobs: Double(jobs.count) / Double(steps),
            tasks: Double(jobs.reduce(0) { $0 + $1.count }) / Double(steps), serial: serial * each,
            busy: busy * each,
            step: Dictionary(
                uniqueKeysWithValues: latency.map { latency in
                    let time = jobs.reduce(serial) {
                        $0 + Self.seconds(of: $1, cores: cores, latency: latency * 1e-9)
                    }
                    return ("\(latency)", time * each)
                }), measured: measured)
    }

    private func rounds(_ worker: WorkerProcess) throws -> [Round] {
        try (0..<inputs.rounds).map { _ in try worker.round() }
    }

    /// What a job takes on so many cores.
    ///
    /// Every task is claimed by adding to one word, which has to come from the core that claimed before; at the end each core adds
    /// to another, and the first sees the last sum.
    static func seconds(of job: [Double], cores: Int, latency: Double) -> Double {
        if cores == 1 { return job.reduce(0, +) }
        // The others see the job when its word has come to them.
        var free = [0] + [Double](repeating: latency, count: cores - 1)
        var (word, owner) = (0.0, 0)
        var worked = [Bool](repeating: false, count: cores)
        for task in job {
            let core = free.indices.min { free[$0] < free[$1] } ?? 0
            word = max(word, free[core]) + (core == owner ? 0 : latency)
            owner = core
            free[core] = word + task
            worked[core] = true
        }
        return zip(free, worked).filter(\.1).map(\.0).sorted().reduce(0) { max($0, $1) + latency }
    }
}
