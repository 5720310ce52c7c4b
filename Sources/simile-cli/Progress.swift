import Foundation
import JSON
import Simile

/// Shows a run: a bar on a terminal, plain lines elsewhere, JSON lines for machines.
final class Progress: TrainingCallback {
    private let json: Bool
    private let interval: Int
    /// The latest step.
    private(set) var step = 0
    private var totalSteps = 0
    private var started = ContinuousClock.now
    private var firstStep = 0
    private var rows = 0
    private var tokens = 0
    private var losses: [Float] = []

    init(json: Bool, interval: Int) {
        self.json = json
        self.interval = interval
    }

    func handle(_ event: TrainingEvent, _ trainer: Trainer) -> TrainingControl {
        step = trainer.state.step
        show(event, trainer.state)
        return Interruption.isRequested ? .stop : .proceed
    }

    private func show(_ event: TrainingEvent, _ state: TrainingState) {
        switch event {
        case .started(let total, let perEpoch):
            // From here on a signal has a step to wait for; before, it ends the process.
            Interruption.install()
            totalSteps = total
            firstStep = state.step
            started = .now
            Console.note("\(total) steps, \(perEpoch) an epoch")
        case .stepped(let step):
            rows += step.rows
            tokens += step.tokens
            losses.append(step.loss)
            let isLast = state.step == totalSteps
            if Console.isTerminal && !json {
                Console.progress(line(step, state))
                if isLast { Console.endProgress() }
            } else if state.step % interval == 0 || isLast {
                if json {
                    emit([
                        "event": .string("step"), "step": .integer(state.step),
                        "loss": .number(Double(losses.reduce(0, +)) / Double(losses.count)),
                        "learning_rate": .number(Double(step.learningRate)),
                        "gradient_norm": .number(step.gradientNorm),
                        "pairs_per_second": .number(rate(rows)),
                        "tokens_per_second": .number(rate(tokens)),
                    ])
                } else {
                    Console.note(line(step, state))
                }
                losses.removeAll()
            }
            if losses.count > interval { losses.removeFirst() }
        case .evaluated(let evaluation, let isBest):
            let start = state.beatsStart == false ? ", but no better than the start" : ""
            evaluated(
                state.step == 0
                    ? "before training, dev"
                    : "step \(state.step), dev\(isBest ? " (best\(start))" : "")",
                evaluation, step: state.step)
        case .evaluationFailed(let reason):
            let when = state.step == 0 ? "before training" : "step \(state.step)"
            Console.note("\(when): no evaluation: \(reason)")
        case .regressed(let regression):
            if json {
                emit([
                    "event": .string("regressed"), "step": .integer(state.step),
                    "evaluation": .string(regression.evaluation),
                    "before": .number(regression.before), "now": .number(regression.now),
                ])
            }
            Console.note("step \(state.step): \(regression)")
        case .notSaved(let reason):
            Console.note("step \(state.step): no checkpoint, but the run goes on: \(reason)")
        case .saving, .ended: break
        case .saved(let path):
            if json {
                emit([
                    "event": .string("saved"), "step": .integer(state.step), "path": .string(path),
                ])
            }
        }
    }

    private func evaluated(_ what: String, _ evaluation: Evaluation, step: Int) {
        for problem in evaluation.problems { Console.note("\(what): \(problem)") }
        if json {
            var values: [String: JSONValue] = [
                "event": .string("evaluated"), "step": .integer(step),
            ]
            for figure in evaluation.figures { values[figure.name] = .number(figure.value) }
            return emit(values)
        }
        // The figures that lead: each evaluator's first.
        let text = evaluation.headlines.map { "\($0.name) \($0.value.figure)" }
        Console.note("\(what): \(text.joined(separator: "  "))")
    }

    func finished(_ results: RunResults) throws {
        if json {
            let event = ["event": JSONValue.string("finished")]
            return try Console.json(.sorted(results.values.merging(event) { $1 }))
        }
        try Console.print(figures: results.figures)
    }

    private func line(_ step: StepReport, _ state: TrainingState) -> String {
        let done = state.step - firstStep
        let left = Int(seconds / Double(max(done, 1)) * Double(totalSteps - state.step))
        let loss = Double(losses.reduce(0, +)) / Double(max(losses.count, 1))
        var text = "step \(state.step)/\(totalSteps)  loss \(loss.fixed(4))"
        text += "  lr \(String(format: "%.2e", step.learningRate))"
        text += "  \(rate(rows).fixed(0)) pairs/s  \(rate(tokens).fixed(0)) tokens/s"
        text += "  \(left / 60):\(String(format: "%02d", left % 60)) left"
        guard Console.isTerminal else { return text }
        let filled = state.step * 20 / max(totalSteps, 1)
        return "[" + String(repeating: "#", count: filled)
            + String(repeating: ".", count: 20 - filled) + "] " + text
    }

    private var seconds: Double { max((ContinuousClock.now - started) / .seconds(1), 1e-9) }
    private func rate(_ count: Int) -> Double { Double(count) / seconds }
    private func emit(_ values: [String: JSONValue]) { try? Console.json(.sorted(values)) }
}
