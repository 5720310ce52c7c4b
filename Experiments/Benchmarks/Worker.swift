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
            rounds {
                _ = model.encode(work.sentences)
                return work.sentences.count
            }
        case .train where work.loss == SoftmaxLoss.name:
            let pairs = (0..<work.first.count).map {
                SentencePair(work.first[$0], work.second[$0], label: Int32(work.labels[$0]))
            }
            let loss = SoftmaxLoss(
                dimension: model.embeddingDimension,
                labels: ["contradiction", "entailment", "neutral"], source: .random(seed: 1))
            try train(work, model, loss, pairs) { PairDataset(name: "pairs", pairs: $0) }
        default:
            let pairs = (0..<work.first.count).map {
                SentencePair(work.first[$0], work.second[$0], label: work.labels[$0])
            }
            try train(work, model, CosineSimilarityLoss(), pairs) {
                PairDataset(name: "pairs", pairs: $0)
            }
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

    private func train<L: Loss>(
        _ work: Work, _ model: SentenceTransformer, _ loss: L,
        _ pairs: [SentencePair<L.Label>],
        dataset: ([SentencePair<L.Label>]) -> PairDataset<L.Label>
    ) throws {
        var configuration = TrainingConfiguration()
        configuration.batchSize = work.batchSize
        configuration.epochs = 1_000_000
        // The trainer shuffles: put each pair where its turn comes as it does in the peer.
        let turns = ShuffledBatchSampler(
            batchSize: work.batchSize, seed: configuration.seed
        ).batches(of: SamplerInput(count: pairs.count), epoch: 0).joined()
        var placed = pairs
        for (turn, place) in turns.enumerated() { placed[place] = pairs[turn] }
        let trainer = try Trainer(
            model: model, loss: loss, pairs: dataset(placed), configuration: configuration)
        // The trainer runs on; between rounds it waits in here for the next line.
        var (steps, pairCount, start) = (-1, 0, ContinuousClock.now)
        _ = try trainer.run(onEvent: { event in
            guard case .stepped(let step) = event else { return .proceed }
            steps += 1
            pairCount += step.pairs
            if steps == 0 {
                say("ready")
            } else if steps < work.stepsPerRound {
                return .proceed
            } else {
                answer(start.duration(to: .now) / .seconds(1), pairCount)
            }
            guard readLine() != nil else { return .stop }
            (steps, pairCount, start) = (0, 0, .now)
            return .proceed
        })
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
        let round = Round(seconds: seconds, units: units, peakMiB: Self.peakMiB)
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
