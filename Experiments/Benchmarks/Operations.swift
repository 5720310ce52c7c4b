import ArgumentParser
import Foundation
import Kernels
import Simile

/// Each operation alone, at the shapes of a training step.
struct Operations: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Measures every operation, forward and backward.")

    @OptionGroup var inputs: Inputs
    @Option(help: "Tokens in the batch.")
    var tokens = 448
    @Option(help: "Width of the model.")
    var hidden = 384

    func run() throws {
        ThreadPool.configure(threads: inputs.threads)
        _ = try BLAS.shared.get()
        let (hidden, wide, heads) = (hidden, 4 * hidden, hidden / 32)
        let rate = MatrixProductBenchmark.gigaflops()
        say("sgemm \(rate.fixed(0)) GFLOP/s; [\(tokens), \(hidden)], medians\n")
        say(
            "operation".column(34, right: false) + "forward us".column(11)
                + "backward us".column(12) + "GFLOP/s".column(9))
        let x = random([tokens, hidden])
        let y = random([tokens, wide])
        for outputs in [hidden, 3 * hidden, wide] {
            let weight = Parameter("w", random([outputs, hidden]))
            let bias = Parameter("b", random([outputs]))
            time("linear \(hidden) to \(outputs)", 2 * tokens * hidden * outputs, x) {
                $0.linear(weight: weight, bias: bias)
            }
        }
        let down = Parameter("w", random([hidden, wide]))
        let bias = Parameter("b", random([hidden]))
        time("geluLinear \(wide) to \(hidden)", 2 * tokens * hidden * wide, y) {
            $0.geluLinear(weight: down, bias: bias)
        }
        for length in [14, 32, 128, 512] {
            let count = max(1, tokens / length)
            let layout = SequenceLayout(lengths: Array(repeating: length, count: count))
            time(
                "attention, \(count) of length \(length)", 4 * count * length * length * hidden,
                random([count * length, 3 * hidden])
            ) { $0.packedSelfAttention(layout, heads: heads, dropout: 0.1) }
        }
        let (gamma, beta) = (Parameter("g", random([hidden])), Parameter("h", random([hidden])))
        let residual = random([tokens, hidden])
        time("addNorm with dropout", 0, x) {
            $0.addNorm(residual: residual, weight: gamma, bias: beta, epsilon: 1e-12, dropout: 0.1)
        }
        let layout = SequenceLayout(lengths: Array(repeating: 14, count: tokens / 14))
        let packed = random([layout.rowCount, hidden])
        time("segmentMean", 0, packed) { $0.segmentMean(layout) }
        for (name, operation) in [
            ("gelu", { $0.gelu() }), ("exp", { $0.exp() }), ("tanh", { $0.tanh() }),
            ("softmax", { $0.softmax() }), ("dropout", { $0.dropout(0.1) }),
            ("add", { $0 + $0 }), ("multiply", { $0 * $0 }),
        ] as [(String, (Tensor) -> Tensor)] {
            time("\(name) [\(tokens), \(wide)]", 0, y, operation)
        }
    }

    private func random(_ shape: Shape) -> Tensor {
        Tensor((0..<shape.count).map { Float(($0 * 7919) % 1000) / 1000 - 0.5 }, shape)
    }

    private func time(
        _ name: String, _ operations: Int, _ x: Tensor, _ operation: (Tensor) -> Tensor
    ) {
        let forward = seconds { _ = operation(x) }
        // A backward pass begins with a number, so there is a sum to take off again.
        let result = operation(x)
        let sum = seconds {
            let tape = Tape()
            tape.backward(from: tape.watch(result).sum())
        }
        let summed = seconds {
            let tape = Tape()
            tape.backward(from: operation(tape.watch(x)).sum())
        }
        let backward = max(0, summed - sum - forward)
        let speed = 1e-9 * Double(3 * operations) / (forward + backward)
        say(
            name.column(34, right: false) + (1e6 * forward).fixed(0).column(11)
                + (1e6 * backward).fixed(0).column(12)
                + (operations > 0 ? speed.fixed(0) : "-").column(9))
    }

    private func seconds(_ body: () -> Void) -> Double {
        let clock = ContinuousClock()
        var times: [Double] = []
        body()
        let start = clock.now
        repeat {
            times.append(clock.measure(body) / .seconds(1))
        } while times.count < 5
            || clock.now - start < .seconds(0.3)
        return median(times)
    }
}
