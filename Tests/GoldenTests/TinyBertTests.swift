import Foundation
import Simile
import Testing

/// A small random BERT: forward pass, gradients of both losses, three optimizer steps.
struct TinyBert {
    // swift-format-ignore: AlwaysUseLowerCamelCase
    struct Values: Decodable {
        // swift-format-ignore: AlwaysUseLowerCamelCase
        struct Step: Decodable {
            let loss: Float
            let grad_norm: Double
            let lr: Float
        }
        // swift-format-ignore: AlwaysUseLowerCamelCase
        struct AdamWRun: Decodable {
            let lr: Float
            let weight_decay: Float
            let max_grad_norm: Double
            let warmup_steps: Int
            let total_steps: Int
            let trace: [Step]
        }
        let a_ids: [[Int32]]
        let a_mask: [[Int]]
        let b_ids: [[Int32]]
        let b_mask: [[Int]]
        let score: [Float]
        let label: [Int32]
        let cosine_loss: Float
        let softmax_loss: Float
        let adamw: AdamWRun
    }

    let values: Values
    let bert: Bert
    let parameters: ParameterStore
    let classifier: ParameterStore
    let softmax: SoftmaxLoss

    init() throws {
        values = try Golden.decode(Values.self, from: "tinybert/golden.json")
        let configuration = try Golden.decode(BertConfiguration.self, from: "tinybert/config.json")
        let weights = try Self.file("model")
        // One file holds the encoder and the classifier; each reads its own.
        parameters = ParameterStore(
            source: .weights(weights.named { !$0.hasPrefix("classifier.") }))
        bert = Bert(configuration, in: parameters.root)
        try parameters.validate()
        classifier = ParameterStore(
            source: .weights(weights.named { $0.hasPrefix("classifier.") }))
        softmax = try SoftmaxLoss(
            .init(),
            LossContext(
                dimension: configuration.hiddenSize, columns: 2, classNames: ["0", "1", "2"]),
            in: classifier.root)
        try classifier.validate()
    }

    static func file(_ name: String) throws -> SafetensorsFile {
        try SafetensorsFile(Golden.folder.appending(path: "tinybert/\(name).safetensors"))
    }

    var a: [[Int32]] { unpadded(values.a_ids, values.a_mask) }
    var b: [[Int32]] { unpadded(values.b_ids, values.b_mask) }

    private func unpadded(_ ids: [[Int32]], _ mask: [[Int]]) -> [[Int32]] {
        zip(ids, mask).map { ids, mask in zip(ids, mask).filter { $1 == 1 }.map(\.0) }
    }

    func cosine(_ embeddings: [Tensor], labels: [Float]) throws -> Tensor {
        let context = LossContext(dimension: embeddings[0].shape[1], columns: 2)
        let loss = try CosineSimilarityLoss(
            .init(), context, in: ParameterStore(source: .random(seed: 0)).root)
        return loss(embeddings, labels: labels)
    }

    /// The embeddings of both sides, on a tape.
    func embeddings(on tape: Tape) -> (u: Tensor, v: Tensor) {
        let batch = TokenBatch(a + b)
        let pooled = bert(batch, on: tape).segmentMean(batch.layout)
        return (pooled.slice(0..<a.count), pooled.slice(a.count..<a.count + b.count))
    }

    /// Every trained array with its name: the pooler is not one of them.
    var trained: [(parameter: Parameter, part: Parameter.Part)] {
        (Array(parameters) + Array(classifier)).flatMap { parameter in
            parameter.parts.map { (parameter, $0) }
        }.filter { !$0.1.name.hasPrefix("pooler.") }
    }
}

extension Golden {
    @Test func forwardPass() throws {
        let tiny = try TinyBert()
        let expected = try TinyBert.file("forward")
        let batch = TokenBatch(tiny.a)
        let hidden = tiny.bert(batch)
        let width = hidden.shape[1]

        // The reference is padded; its real rows are ours.
        let padded = try expected.values("last_hidden_state")
        let longest = tiny.values.a_ids[0].count
        let real = batch.layout.lengths.enumerated().flatMap { sequence, length in
            padded[sequence * longest * width..<(sequence * longest + length) * width]
        }
        Golden.expectClose(hidden.values, real, tolerance: 1e-5, "last_hidden_state")
        Golden.expectClose(
            hidden.segmentMean(batch.layout).values, try expected.values("mean_pooled"),
            tolerance: 1e-5,
            "mean_pooled")
    }

    @Test(arguments: ["cosine", "softmax"])
    func gradients(_ loss: String) throws {
        let tiny = try TinyBert()
        let tape = Tape()
        let (u, v) = tiny.embeddings(on: tape)
        let value =
            loss == "cosine"
            ? try tiny.cosine([u, v], labels: tiny.values.score)
            : tiny.softmax([u, v], labels: tiny.values.label)
        let expectedLoss = loss == "cosine" ? tiny.values.cosine_loss : tiny.values.softmax_loss
        #expect(abs(value.item() - expectedLoss) < 1e-5)
        tape.backward(from: value)

        let expected = try TinyBert.file("grad_\(loss)")
        let largest = try expected.names.flatMap { try expected.values($0).map(abs) }.max() ?? 1
        var compared: Set<String> = []
        for (parameter, part) in tiny.trained where expected.names.contains(part.name) {
            let gradient = try #require(parameter.gradient, "\(part.name)").values
            let values = try expected.values(part.name)
            // Relative to the array's largest entry; where all are rounding noise, to the largest of all.
            Golden.expectClose(
                Array(gradient[part.offset..<part.offset + part.shape.count]), values,
                tolerance: 1e-4,
                scale: max(values.map(abs).max() ?? 0, 1e-3 * largest), part.name)
            compared.insert(part.name)
        }
        #expect(compared == Set(expected.names))
    }

    @Test func threeOptimizerSteps() throws {
        let tiny = try TinyBert()
        let run = tiny.values.adamw
        let parameters = Array(tiny.parameters) + Array(tiny.classifier)
        var configuration = AdamW.Configuration()
        configuration.weightDecay = run.weight_decay
        let optimizer = AdamW(parameters, configuration)
        let schedule = LearningRateSchedule(
            peak: run.lr, warmupSteps: run.warmup_steps, totalSteps: run.total_steps)
        for (step, expected) in run.trace.enumerated() {
            let tape = Tape()
            let (u, v) = tiny.embeddings(on: tape)
            let loss = tiny.softmax([u, v], labels: tiny.values.label)
            tape.backward(from: loss)
            let norm = parameters.gradientNorm()
            #expect(abs(loss.item() - expected.loss) < 1e-5, "loss of step \(step)")
            #expect(
                abs(norm - expected.grad_norm) < 1e-4 * max(1, expected.grad_norm),
                "norm of step \(step)")
            #expect(abs(schedule(step) - expected.lr) < 1e-8, "learning rate of step \(step)")
            optimizer.step(
                learningRate: schedule(step),
                gradientScale: Float(min(1, run.max_grad_norm / (norm + 1e-6))))
            parameters.clearGradients()
        }
        let expected = try TinyBert.file("after3")
        var compared: Set<String> = []
        // A key bias moves all scores of a query alike, which softmax does not see: its gradient is zero but
        // for rounding, and Adam makes full steps of that. It can be anywhere within the steps' reach.
        let reach = run.trace.reduce(0) { $0 + $1.lr } * 2
        for (parameter, part) in tiny.trained {
            Golden.expectClose(
                Array(parameter.tensor.values[part.offset..<part.offset + part.shape.count]),
                try expected.values(part.name),
                tolerance: part.name.hasSuffix("attention.self.key.bias") ? reach : 1e-5, part.name)
            compared.insert(part.name)
        }
        #expect(compared == Set(expected.names))
    }
}
