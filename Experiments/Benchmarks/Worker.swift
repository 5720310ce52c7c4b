import ArgumentParser
import Foundation
import Kernels
import Simile

/// Does a piece of work each time a line arrives on standard input, and says how long it took.
struct Worker: ParsableCommand {
    static let configuration = CommandConfiguration(shouldDisplay: false)

    @Argument var file: String

    func run() throws {
        let work = try JSONDecoder().decode(Work.self, from: Data(contentsOf: URL(filePath: file)))
        ThreadPool.configure(threads: work.threads)
        if work.isRecorded { ThreadPool.shared.recording = [] }
        let folder = URL(filePath: work.model.folder)
        if work.kind == .tokenize {
            let tokenizer = try BertTokenizer(folder: folder)
            rounds {
                for line in work.sentences { _ = tokenizer.encode(line, maxLength: work.maxLength) }
                return work.sentences.count
            }
            return
        }
        let model = try makeModel(work, folder)
        switch work.kind {
        case .encode:
            if work.setting.numbers != .float32 {
                model.packWeights(work.setting.numbers == .bf16 ? .bfloat16 : .int8)
            }
            rounds {
                _ = model.encode(work.sentences)
                return work.sentences.count
            }
        default: try train(work, model)
        }
    }

    private func makeModel(_ work: Work, _ folder: URL) throws -> SentenceTransformer {
        let model =
            work.model.sizes == nil
            ? try SentenceTransformer(folder: folder)
            : try SentenceTransformer(
                work.configuration(), tokenizer: BertTokenizer(folder: folder),
                source: .random(seed: 1))
        model.maxSequenceLength = work.maxLength
        return model
    }

    private func train(_ work: Work, _ model: SentenceTransformer) throws {
        var configuration = TrainingConfiguration()
        configuration.batchSize = work.batchSize
        configuration.epochs = 1_000_000
        configuration.bf16 = work.setting.numbers == .bf16
        // The trainer shuffles: put each pair where its turn comes as it does in the peer.
        let turns = ShuffledBatchSampler(
            batchSize: work.batchSize, seed: configuration.seed
        ).batches(of: SamplerInput(count: work.first.count), epoch: 0).joined()
        var (first, second, labels) = (work.first, work.second, work.labels)
        for (turn, place) in turns.enumerated() {
            first[place] = work.first[turn]
            second[place] = work.second[turn]
            labels[place] = work.labels[turn]
        }
        let isClassifier = work.loss == SoftmaxLoss.name
        let table = ExampleTable(
            name: "pairs", columns: [("sentence1", first), ("sentence2", second)],
            labels: isClassifier
                ? .classes(
                    labels.map { Int32($0) }, names: ["contradiction", "entailment", "neutral"])
                : .scores(labels))
        let trainer = try Trainer(
            model: model,
            objective: EmbeddingObjective(named: work.loss, data: table, model: model, seed: 1),
            configuration: configuration)
        // The trainer runs on; between rounds it waits in here for the next line.
        try trainer.run([Rounds(steps: work.stepsPerRound, answer: answer)])
    }

    /// Says how long so many steps took, and waits for the next line.
    private final class Rounds: TrainingCallback {
        private let stepsPerRound: Int
        private let answer: (_ seconds: Double, _ units: Int) -> Void
        private var (steps, rows, start) = (-1, 0, ContinuousClock.now)

        init(steps: Int, answer: @escaping (_ seconds: Double, _ units: Int) -> Void) {
            stepsPerRound = steps
            self.answer = answer
        }

        func handle(_ event: TrainingEvent, _ trainer: Trainer) -> TrainingControl {
            guard case .stepped(let step) = event else { return .proceed }
            steps += 1
            rows += step.rows
            if steps == 0 {
                say("ready")
            } else if steps < stepsPerRound {
                return .proceed
            } else {
                answer(start.duration(to: .now) / .seconds(1), rows)
            }
            guard readLine() != nil else { return .stop }
            ThreadPool.shared.recording?.removeAll()
            (steps, rows, start) = (0, 0, .now)
            return .proceed
        }
    }

    /// One round to warm up, then one for each line.
    private func rounds(_ body: () -> Int) {
        _ = body()
        say("ready")
        while readLine() != nil {
            let start = ContinuousClock.now
            let units = body()
            answer(start.duration(to: .now) / .seconds(1), units)
        }
    }

    private func answer(_ seconds: Double, _ units: Int) {
        let round = Round(
            seconds: seconds, units: units, peakMiB: Self.peakMiB,
            jobs: ThreadPool.shared.recording)
        if let data = try? JSONEncoder().encode(round) {
            say(String(decoding: data, as: UTF8.self))
        }
    }

    /// Peak resident memory of this process.
    static var peakMiB: Double {
        let status = (try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)) ?? ""
        let line = status.split(separator: "\n").first { $0.hasPrefix("VmHWM:") }
        return (line?.split(whereSeparator: \.isWhitespace)).flatMap { Double($0[1]) }.map {
            $0 / 1024
        } ?? 0
    }
}
