import NeuralNetwork
import Tensors

/// What the encoder makes of a step's sequences, and the way back through it.
///
/// A batch of up to `size` sequences is computed once and its tape kept. A larger one is computed in parts of that size,
/// each twice: first without keeping anything but its outputs, then, when the gradients of those are known, again on a
/// tape of its own with the same dropout. Memory is that of one part; values and gradients are those of the whole.
/// GradCache: Gao et al. 2021, arXiv:2101.06983.
struct BatchEncoding {
    /// Each output for the whole batch, off the tape.
    let outputs: [Tensor]
    private let parts: [BatchPart]
    private let encode: (BatchPart, Tape) -> [Tensor]
    private let tape: (BatchPart?, Bool) -> Tape
    /// The outputs on their tape, where the batch is one part.
    private let recorded: [Tensor]?

    /// Computes the outputs of some sequences.
    ///
    /// - Parameters:
    ///   - size: The most sequences that are computed at a time; nil for all.
    ///   - seed: Decides the dropout.
    ///   - compute: One tensor or several, with a row for each token or for each sequence.
    init(
        _ sequences: [[Int32]], size: Int?, seed: UInt64, gradientCheckpointing: Bool,
        compute: @escaping (TokenBatch, Tape) -> [Tensor]
    ) {
        parts = Self.parts(of: sequences, size: size ?? sequences.count)
        encode = { part, tape in compute(TokenBatch(Array(sequences[part.sequences])), tape) }
        tape = { part, recording in
            Tape(
                seed: seed, gradientCheckpointing: gradientCheckpointing, recording: recording,
                part: part)
        }
        if parts.count == 1 {
            let recorded = encode(parts[0], tape(nil, true))
            self.recorded = recorded
            outputs = recorded.map { $0.detached() }
        } else {
            recorded = nil
            let each = parts.map { [encode, tape] in encode($0, tape($0, false)) }
            outputs = each[0].indices.map { output in
                .concatenated(each.map { $0[output].detached() })
            }
        }
    }

    /// Adds to the gradients of the encoder's parameters, from those of the outputs; nil is zero.
    func backward(_ gradients: [Tensor?]) {
        func replay(_ outputs: [Tensor], _ gradients: [Tensor?]) {
            let known = zip(outputs, gradients).compactMap { output, gradient in
                output.requiresGradient ? gradient.map { (output, $0) } : nil
            }
            // Where all is frozen there is nothing to go back to.
            known.first?.0.tape?.backward(from: known.map(\.0), gradients: known.map(\.1))
        }
        if let recorded {
            replay(recorded, gradients)
            return
        }
        let tokens = parts.last?.tokens.upperBound
        for part in parts {
            let outputs = encode(part, tape(part, true))
            // A frozen encoder is so in every part.
            guard outputs.contains(where: \.requiresGradient) else { return }
            replay(
                outputs,
                gradients.map { gradient in
                    gradient.map { $0.slice($0.shape[0] == tokens ? part.tokens : part.sequences) }
                })
        }
    }

    private static func parts(of sequences: [[Int32]], size: Int) -> [BatchPart] {
        var token = 0
        return stride(from: 0, to: sequences.count, by: max(size, 1)).map { first in
            let range = first..<min(first + size, sequences.count)
            let start = token
            token += sequences[range].reduce(0) { $0 + $1.count }
            return BatchPart(tokens: start..<token, sequences: range)
        }
    }
}
