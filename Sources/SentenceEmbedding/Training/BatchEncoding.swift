import NeuralNetwork
import Tensors

/// What the encoder makes of a step's sequences, and the way back through it.
///
/// A batch of up to `size` sequences is computed once and its tape kept. A larger one is computed in parts of that size,
/// each twice: first without keeping anything but its outputs, then, when the gradients of those are known, again on a
/// tape of its own with the same dropout. Memory is that of one part; values and gradients are those of the whole.
/// GradCache: Gao et al. 2021, arXiv:2101.06983.
///
/// Of several processes each computes its share; all get the outputs of the whole batch.
struct BatchEncoding {
    /// Which rows an output has.
    enum Rows {
        /// One for each sequence.
        case sequences
        /// One for each token.
        case tokens

        func range(of part: BatchPart) -> Range<Int> {
            switch self {
            case .sequences: part.sequences
            case .tokens: part.tokens
            }
        }
    }

    /// What is computed, and how.
    struct Computation {
        /// The most sequences that are computed at a time; nil for all.
        var size: Int?
        /// Decides the dropout.
        var seed: UInt64
        var gradientCheckpointing: Bool
        /// What is kept of the encoder's activations.
        var activations: Tape.ActivationPrecision
        var rows: Rows
        /// The numbers in a row.
        var width: Int
        /// How many outputs there are.
        var outputCount: Int
        /// The outputs, each of [rows, width].
        var outputs: (TokenBatch, Tape) -> [Tensor]
    }

    /// Each output for the whole batch, off the tape.
    let outputs: [Tensor]
    private let parts: [BatchPart]
    private let encode: (BatchPart, Tape) -> [Tensor]
    private let tape: (BatchPart?, _ isRecording: Bool) -> Tape
    private let rows: Rows
    /// The outputs on their tape, where the batch, or this process's share of it, is one part.
    private let recorded: [Tensor]?

    /// Computes the outputs of some sequences.
    ///
    /// - Parameter observer: Hears how far the last part's backward pass is.
    init(
        _ sequences: [[Int32]], _ shares: BatchShares, _ computation: Computation,
        observer: BackwardObserver?
    ) {
        let own = shares.own
        let isWhole = shares.parts.count == 1
        let parts = Self.parts(
            of: own, sequences, size: computation.size ?? max(1, sequences.count))
        let encode = { (part: BatchPart, tape: Tape) in
            computation.outputs(TokenBatch(Array(sequences[part.sequences])), tape)
        }
        let tape = { (part: BatchPart?, isRecording: Bool) in
            Tape(
                seed: computation.seed, gradientCheckpointing: computation.gradientCheckpointing,
                recording: isRecording, part: part,
                observer: part == nil || part == parts.last ? observer : nil,
                activations: computation.activations)
        }
        (self.parts, self.encode, self.tape, rows) = (parts, encode, tape, computation.rows)
        let ownOutputs: [Tensor]
        if parts.count == 1 {
            let recorded = encode(parts[0], tape(isWhole ? nil : parts[0], true))
            self.recorded = recorded
            ownOutputs = recorded.map { $0.detached() }
        } else {
            recorded = nil
            let each = parts.map { encode($0, tape($0, false)) }
            ownOutputs = (0..<computation.outputCount).map { output in
                parts.isEmpty
                    ? .zeros([0, computation.width])
                    : .concatenated(each.map { $0[output].detached() })
            }
        }
        outputs = ownOutputs.map {
            shares.gathered($0, width: computation.width, computation.rows.range)
        }
    }

    /// Adds to the gradients of the encoder's parameters, from those of the outputs of the whole batch; nil is zero.
    func backward(_ gradients: [Tensor?]) {
        // A frozen encoder has none.
        guard gradients.contains(where: { $0 != nil }) else { return }
        for part in parts {
            let outputs = recorded ?? encode(part, tape(part, true))
            let known = zip(outputs, gradients).compactMap { output, gradient in
                output.requiresGradient
                    ? gradient.map { (output, share(of: part, in: $0)) } : nil
            }
            // A frozen encoder has nothing to go back to, in any part.
            guard let tape = known.first?.0.tape else { return }
            tape.backward(from: known.map(\.0), gradients: known.map(\.1))
        }
    }

    private func share(of part: BatchPart, in gradient: Tensor) -> Tensor {
        let range = rows.range(of: part)
        return range.count == gradient.shape[0] ? gradient : gradient.slice(range)
    }

    private static func parts(
        of share: BatchPart, _ sequences: [[Int32]], size: Int
    ) -> [BatchPart] {
        var token = share.tokens.lowerBound
        return stride(from: share.sequences.lowerBound, to: share.sequences.upperBound, by: size)
            .map { first in
                let range = first..<min(first + size, share.sequences.upperBound)
                let start = token
                token += sequences[range].reduce(0) { $0 + $1.count }
                return BatchPart(tokens: start..<token, sequences: range)
            }
    }
}
