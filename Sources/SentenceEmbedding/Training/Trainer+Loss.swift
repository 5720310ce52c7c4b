import Communication
import Kernels
import Losses
import NeuralNetwork
import Tensors

extension Trainer {
    /// The loss of a step, and `scale` times its gradient with respect to each of the encoder's outputs; nil is zero.
    ///
    /// Several processes share out the terms of a loss that is a mean over rows. Any other every process computes as a whole.
    func loss(
        of step: PreparedStep, _ values: [Tensor], seed: UInt64, scale: Float
    ) -> (value: Float, gradients: [Tensor?]) {
        let tape = Tape(seed: seed)
        // Nothing asks for the gradients of a frozen encoder's outputs: they are not formed, and do not travel.
        let isTrained = encoderIsTrained
        let outputs = values.map(isTrained ? tape.watch : tape.constant)
        func backward(from value: Tensor) -> [Tensor?] {
            guard value.requiresGradient else { return outputs.map { _ in nil } }
            let gradients = tape.backward(from: value, scale: scale)
            return outputs.map { isTrained ? gradients[$0] : nil }
        }
        // With fewer rows than processes some would have no term.
        if let processes, let lossOfShare = step.lossOfShare, step.rows.count >= processes.size {
            let value = lossOfShare(outputs, LossShare(processes.rank, of: processes.size))
            let gradients = backward(from: value)
            guard isTrained else {
                return (processes.sums(of: [value.detached()])[0].item(), gradients)
            }
            let sums = processes.sums(
                of: [value.detached()] + zip(gradients, outputs).map { $0 ?? .zeros($1.shape) })
            return (sums[0].item(), Array(sums.dropFirst()))
        }
        return withWholeLoss {
            let value = step.loss(outputs)
            return (value.item(), backward(from: value))
        }
    }

    private var encoderIsTrained: Bool { model.allParameters.contains(where: \.isTrained) }

    /// Calls `body`, which computes the whole batch's loss and goes back through it, as every process does; only in the first
    /// one do parameters get gradients by that, so that sums have them once.
    private func withWholeLoss<Result>(_ body: () -> Result) -> Result {
        guard let processes, processes.rank > 0 else { return body() }
        let trained = optimizer.parameters.filter { !$0.isFrozen }
        for parameter in trained { parameter.isFrozen = true }
        defer { for parameter in trained { parameter.isFrozen = false } }
        return body()
    }
}

extension Communicator {
    /// The sum of each tensor over all processes.
    fileprivate func sums(of tensors: [Tensor]) -> [Tensor] {
        // Sums are formed where the numbers lie, and two of the tensors may lie in one place.
        // Open MPI is slow to sum fewer numbers than there are processes: zeros make them enough.
        let packed = Tensor.concatenated(
            tensors.map { $0.reshaped([$0.count]) } + [.zeros([size])])
        startSum(UnsafeMutableBufferPointer(start: packed.base, count: packed.count))
        finishSums()
        var first = 0
        return tensors.map { tensor in
            defer { first += tensor.count }
            return packed.slice(first..<first + tensor.count).reshaped(tensor.shape)
        }
    }
}
