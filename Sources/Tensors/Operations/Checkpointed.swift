extension Tensor {
    /// `body(self)`; on a tape with gradient checkpointing only `self` is kept of it, and the backward pass
    /// computes `body` again: less memory for a third more time.
    ///
    /// Chen et al. 2016, arXiv:1604.06174.
    public func checkpointed(_ body: @escaping (Tensor) -> Tensor) -> Tensor {
        guard let tape, tape.hasGradientCheckpointing else { return body(self) }
        // A tape of its own, with the same seed both times: the same dropout.
        let seed = tape.nextRandomKey()
        let y = body(Tape(seed: seed).watch(self))
        return .result(y.shape, y.storage, of: [self]) {
            [shape, storage, slot, outputShape = y.shape] in
            { dy, gradients in
                let tape = Tape(seed: seed)
                let x = tape.watch(Tensor(shape, storage))
                let inner = tape.backward(from: body(x), gradient: Tensor(outputShape, dy))
                if let dx = inner[x] { gradients.add(dx.storage, to: slot) }
            }
        }
    }
}
