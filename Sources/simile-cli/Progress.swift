import Foundation
import JSON
import Simile
import Support

/// Shows a run: a bar on a terminal, plain lines elsewhere, JSON lines for machines.
final class Progress: TrainingCallback {
    private let json: Bool
    private let interval: Int
    /// The latest step.
    private(set) var step = 0
    private var totalSteps = 0
    /// The steps after which an evaluation is still to come.
    private var evaluationSteps: ArraySlice<Int> = []
    private var pace = Pace()
    private var evaluationStart = ContinuousClock.now
    private var rows = 0
    private var tokens = 0
    private var losses: [Float] = []

    init(json: Bool, interval: Int) {
        self.json = json
        self.interval = interval
    }

    func handle(_ event: TrainingEvent, _ trainer: Trainer) -> TrainingControl {
        step = trainer.state.step
        switch event {
        case .started(let total, let perEpoch): started(total, perEpoch, trainer)
        case .stepped(let step): stepped(step, trainer.state)
        default: show(event, trainer.state)
        }
        return Interruption.isRequested ? .stop : .proceed
    }

    private func started(_ total: Int, _ perEpoch: Int, _ trainer: Trainer) {
        Interruption.waitForStep()
        totalSteps = total
        let interval = trainer.configuration.evaluateEvery
        evaluationSteps =
            step < total
            ? ((step + 1)...total).filter {
                $0 % perEpoch == 0 || $0 == total || interval.isDue(after: $0, of: total)
            }[...] : []
        Console.note("\(total) steps, \(perEpoch) an epoch")
    }

    private func stepped(_ step: StepReport, _ state: TrainingState) {
        pace.step(took: step.seconds)
        rows += step.rows
        tokens += step.tokens
        losses.append(step.loss)
        evaluationSteps = evaluationSteps.drop { $0 < state.step }
        let isLast = state.step == totalSteps
        if Console.isTerminal && !json {
            Console.progress(line(step, state).text(width: Console.width))
            if isLast { Console.endProgress() }
        } else if state.step % interval == 0 || isLast {
            if json {
                emit([
                    "event": .string("step"), "step": .integer(state.step),
                    "epoch": .number(step.epoch),
                    "loss": .number(Double(losses.reduce(0, +)) / Double(losses.count)),
                    "learning_rate": .number(Double(step.learningRate)),
                    "gradient_norm": .number(step.gradientNorm),
                    "pairs_per_second": .number(pace.rate(rows)),
                    "tokens_per_second": .number(pace.rate(tokens)),
                    "seconds_left": .number(left(state)),
                    "memory_mib": .integer(ProcessMemory.mebibytes(ProcessMemory.resident)),
                ])
            } else {
                Console.note(line(step, state).text())
            }
            losses.removeAll()
        }
        if losses.count > interval { losses.removeFirst() }
    }

    private func show(_ event: TrainingEvent, _ state: TrainingState) {
        switch event {
        case .evaluating:
            evaluationStart = .now
            Console.note(
                .doing(
                    state.step == 0
                        ? "measuring dev before training" : "step \(state.step): measuring dev"))
        case .evaluated(let evaluation, let isBest):
            measured()
            let start = state.beatsStart == false ? ", but no better than the start" : ""
            evaluated(
                state.step == 0
                    ? "before training, dev"
                    : "step \(state.step), dev\(isBest ? " (best\(start))" : "")",
                evaluation, step: state.step)
        case .evaluationFailed(let reason):
            measured()
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
        case .saved(let path):
            if json {
                emit([
                    "event": .string("saved"), "step": .integer(state.step), "path": .string(path),
                ])
            }
        case .started, .stepped, .saving, .ended: break
        }
    }

    private func measured() {
        pace.evaluation(took: (ContinuousClock.now - evaluationStart) / .seconds(1))
        evaluationSteps = evaluationSteps.drop { $0 <= step }
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

    private func left(_ state: TrainingState) -> Double {
        pace.left(steps: totalSteps - state.step, evaluations: evaluationSteps.count)
    }

    private func line(_ step: StepReport, _ state: TrainingState) -> ProgressLine {
        let loss = Double(losses.reduce(0, +)) / Double(max(losses.count, 1))
        let filled = state.step * 20 / max(totalSteps, 1)
        let memory = ProcessMemory.mebibytes(ProcessMemory.resident)
        var line = ProgressLine()
        line.add("\(ProgressLine.time(left(state))) left", rank: 0)
        if Console.isTerminal && !json {
            let bar =
                String(repeating: "#", count: filled) + String(repeating: ".", count: 20 - filled)
            line.add("[\(bar)]", rank: 4)
        }
        line.add("step \(state.step)/\(totalSteps)", rank: 1)
        line.add("loss \(loss.fixed(4))", rank: 2)
        line.add("\(pace.rate(rows).fixed(0)) pairs/s", rank: 3)
        line.add("\(memory) MiB", rank: 5)
        line.add("lr \(String(format: "%.2e", step.learningRate))", rank: 6)
        line.add("\(pace.rate(tokens).fixed(0)) tokens/s", rank: 7)
        return line
    }

    private func emit(_ values: [String: JSONValue]) { try? Console.json(.sorted(values)) }
}
