extension Tensor {
    /// `body(self)`; on a tape with gradient checkpointing only `self` is kept of it, and the backward pass
    /// computes `body` again: less memory for a third more time.
    ///
    /// Where nothing requires a gradient nothing is kept, and nothing computed again.
    /// Chen et al. 2016, arXiv:1604.06174.
    public func checkpointed(_ body: @escaping (Tensor) -> Tensor) -> Tensor {
        guard let tape, tape.hasGradientCheckpointing else { return body(self) }
        // A tape of its own, with the same seed both times: the same dropout.
        let (seed, part, activations) = (tape.nextRandomKey(), tape.part, tape.activations)
        let input = { [x = detached(), requiresGradient] (tape: Tape) in
            requiresGradient ? tape.watch(x) : tape.constant(x)
        }
        let y = body(
            input(
                Tape(
                    seed: seed, recording: tape.isRecording, part: part, activations: activations)))
        guard y.requiresGradient else { return Tensor(y.shape, y.storage, tape: tape, slot: nil) }
        return tape.record(y.shape, y.storage) { [slot, outputShape = y.shape] dy, gradients in
            let tape = Tape(seed: seed, part: part, activations: activations)
            let x = input(tape)
            let y = body(x)
            // What was trained inside may have been frozen since.
            guard y.requiresGradient else { return }
            let inner = tape.backward(from: y, gradient: Tensor(outputShape, dy))
            if let dx = inner[x] { gradients.add(dx.storage, to: slot) }
        }
    }
}
