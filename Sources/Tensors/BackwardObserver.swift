/// Hears how far a tape has run backwards, so that gradients can be sent on while others are computed.
public struct BackwardObserver {
    /// The gradients of an encoder's layers from this one up, counted from 0, are complete.
    let layerIsDone: (_ layer: Int) -> Void
    /// Something was computed.
    let operationIsDone: () -> Void

    /// Makes an observer.
    public init(
        layerIsDone: @escaping (_ layer: Int) -> Void, operationIsDone: @escaping () -> Void
    ) {
        self.layerIsDone = layerIsDone
        self.operationIsDone = operationIsDone
    }
}

extension Tensor {
    /// The same tensor as the input of a layer; the tape's observer hears when the gradient has come back to it.
    package func asInput(ofLayer layer: Int) -> Tensor {
        guard let tape, tape.isRecording, let observer = tape.observer, requiresGradient else {
            return self
        }
        return tape.record(shape, storage, recomputed: recomputed) { [slot] output, gradients in
            gradients.add(output, to: slot)
            observer.layerIsDone(layer)
        }
    }
}
