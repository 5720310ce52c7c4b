import Kernels

/// The record of one forward pass, replayed backwards once: reverse-mode differentiation.
///
/// Entries are popped as they are replayed, so an activation is freed as soon as its last use is over.
public final class Tape {
    /// Runs with the gradient of an operation's output and adds to the gradients of its inputs.
    typealias Backward = (_ output: Storage, _ gradients: inout Gradients) -> Void

    private var entries: [(slot: Int32, backward: Backward)] = []
    private var slotCount: Int32 = 0
    private var isSpent = false
    private let seed: UInt64
    private var randomKeys: UInt64 = 0
    /// The number of operations that it will replay.
    var operationCount: Int { entries.count }
    /// Whether `Tensor.checkpointed` saves memory here.
    let hasGradientCheckpointing: Bool
    /// Whether operations are kept for a backward pass.
    let isRecording: Bool
    /// Which part of a batch is computed; nil for all of it.
    let part: BatchPart?
    /// Hears how far the backward pass is.
    let observer: BackwardObserver?
    /// What operations that mind no rounding keep activations in.
    let activations: ActivationPrecision

    /// What a forward pass keeps for the backward pass.
    public enum ActivationPrecision: Sendable {
        /// The numbers as they are.
        case float32
        /// Half their bits, to nearest even, of what the operations of an encoder keep: gradients are those at rounded
        /// numbers, the forward pass is the same.
        case bfloat16
    }

    /// Creates an empty tape; random operations recorded on it depend on `seed` and their order alone.
    ///
    /// - Parameters:
    ///   - recording: Whether there will be a backward pass. Without one nothing is kept, but dropout acts all the same:
    ///     a tape that records, with the same seed, computes the same later.
    ///   - part: Which part of a batch is computed; nil for all of it.
    ///   - observer: Hears how far the backward pass is.
    ///   - activations: What is kept of activations.
    public init(
        seed: UInt64 = 0, gradientCheckpointing: Bool = false, recording: Bool = true,
        part: BatchPart? = nil, observer: BackwardObserver? = nil,
        activations: ActivationPrecision = .float32
    ) {
        self.seed = seed
        self.activations = recording ? activations : .float32
        self.part = part
        self.observer = observer
        hasGradientCheckpointing = gradientCheckpointing
        isRecording = recording
    }

    /// Puts a tensor on the tape, so that its gradient can be asked for after `backward(from:)`.
    public func watch(_ tensor: Tensor) -> Tensor {
        precondition(isRecording, "watch: the tape does not record, so there will be no gradient")
        return Tensor(tensor.shape, tensor.storage, tape: self, slot: newSlot())
    }

    /// Makes a tensor part of the forward pass without wanting its gradient: dropout acts on it and what comes of it.
    public func constant(_ tensor: Tensor) -> Tensor {
        Tensor(tensor.shape, tensor.storage, tape: self, slot: nil)
    }

    func record(
        _ shape: Shape, _ storage: Storage, recomputed: (() -> Storage)? = nil,
        backward: @escaping Backward
    ) -> Tensor {
        let slot = newSlot()
        entries.append((slot, backward))
        return Tensor(shape, storage, tape: self, slot: slot, recomputed: recomputed)
    }

    /// A key for the random numbers of one operation.
    func nextRandomKey() -> UInt64 {
        defer { randomKeys += 1 }
        return simile_mix(seed, randomKeys)
    }

    /// Replays the tape, once, from a scalar, whose gradient is 1 (or `scale`).
    ///
    /// Gradients of parameters go to the parameters; those of watched tensors are in the result.
    @discardableResult
    public func backward(from loss: Tensor, scale: Float = 1) -> Gradients {
        precondition(loss.count == 1, "backward starts from a scalar, got shape \(loss.shape)")
        let seed = Storage(1)
        seed.base[0] = scale
        return backward(from: loss, gradient: Tensor(loss.shape, seed))
    }

    /// Replays the tape, once, from a tensor of any shape whose gradient is known and of the same shape.
    ///
    /// With it the gradient of a loss on one tape goes on to what another tape recorded:
    ///
    /// ```swift
    /// let leaf = lossTape.watch(embeddings.detached())
    /// if let gradient = lossTape.backward(from: loss(leaf))[leaf] {
    ///     tape.backward(from: embeddings, gradient: gradient)
    /// }
    /// ```
    @discardableResult
    public func backward(from output: Tensor, gradient: Tensor) -> Gradients {
        backward(from: [output], gradients: [gradient])
    }

    /// Replays the tape, once, from several tensors, the gradient of each known and of the tensor's shape.
    @discardableResult
    public func backward(from outputs: [Tensor], gradients known: [Tensor]) -> Gradients {
        precondition(
            outputs.count == known.count,
            "backward: \(known.count) gradients for \(outputs.count) tensors")
        precondition(
            !isSpent,
            "the tape has run backwards once and its entries are gone: record the loss on a new tape"
        )
        var gradients = Gradients(of: self, slotCount: Int(slotCount))
        for (output, gradient) in zip(outputs, known) {
            precondition(
                output.shape == gradient.shape,
                "backward: a gradient of shape \(gradient.shape) for a tensor of shape \(output.shape)"
            )
            precondition(
                output.tape === self, "the tensor is not on this tape: nothing to differentiate")
            guard let slot = output.slot else {
                preconditionFailure(
                    "all that led to the tensor is frozen or constant: check requiresGradient first"
                )
            }
            gradients.add(gradient.storage, to: slot)
        }
        isSpent = true
        while let entry = entries.popLast() {
            if let output = gradients.take(entry.slot) { entry.backward(output, &gradients) }
            observer?.operationIsDone()
        }
        return gradients
    }

    private func newSlot() -> Int32 {
        defer { slotCount += 1 }
        return slotCount
    }
}

/// Gradients by slot while a tape runs backwards; afterwards those of watched tensors.
public struct Gradients {
    private let tape: Tape
    private var slots: [Storage?]

    fileprivate init(of tape: Tape, slotCount: Int) {
        self.tape = tape
        slots = Array(repeating: nil, count: slotCount)
    }

    /// The gradient of a watched tensor, or nil when the loss does not depend on it.
    ///
    /// The tensor must not be on another tape than the loss was.
    public subscript(tensor: Tensor) -> Tensor? {
        guard let slot = tensor.slot.map(Int.init) else { return nil }
        precondition(
            tensor.tape === tape,
            "the tensor is on another tape than the loss: its gradient is not here")
        return slot < slots.count ? slots[slot].map { Tensor(tensor.shape, $0) } : nil
    }

    mutating func take(_ slot: Int32) -> Storage? {
        defer { slots[Int(slot)] = nil }
        return slots[Int(slot)]
    }

    /// Adds a finished gradient; the first one for a slot is moved in.
    mutating func add(_ gradient: Storage, to slot: Int32?) {
        guard let slot else { return }
        if slots[Int(slot)] == nil {
            slots[Int(slot)] = gradient
        } else {
            accumulate(gradient.count, to: slot) { sum, _ in
                let chunk = 1 << 15
                ThreadPool.shared.run((gradient.count + chunk - 1) / chunk) { task, _ in
                    let first = task * chunk
                    VectorKernels.best.add(
                        sum + first, gradient.base + first, min(chunk, gradient.count - first))
                }
            }
        }
    }

    /// Lets `write` put a gradient straight into the slot: with beta 0 it overwrites, with 1 it adds.
    ///
    /// The memory stays valid, so it may do so later, before the slot is next read or added to.
    mutating func accumulate(
        _ count: Int, to slot: Int32?,
        _ write: (_ sum: UnsafeMutablePointer<Float>, _ beta: Float) -> Void
    ) {
        guard let slot else { return }
        var (storage, beta): (Storage, Float) = (Storage(0), 0)
        if let existing = slots[Int(slot)] {
            slots[Int(slot)] = nil
            storage = existing
            beta = 1
        } else {
            storage = Storage(count)
        }
        if !isKnownUniquelyReferenced(&storage) {  // two slots were given the same gradient
            let copy = Storage(count)
            copy.base.update(from: storage.base, count: count)
            storage = copy
        }
        write(storage.base, beta)
        slots[Int(slot)] = storage
    }
}
