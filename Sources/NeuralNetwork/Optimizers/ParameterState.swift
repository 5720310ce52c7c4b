import Kernels
import Tensors

/// What an elementwise optimizer keeps for one parameter.
class ParameterState {
    let parameter: Parameter
    let decays: Bool
    let bufferCount: Int
    private var allocated: Storage?

    init(_ parameter: Parameter, decays: Bool, bufferCount: Int) {
        self.parameter = parameter
        self.decays = decays
        self.bufferCount = bufferCount
    }

    /// The buffers one after the other, each of the parameter's size; zeros at first.
    var memory: Storage {
        if let allocated { return allocated }
        let new = Storage(untouchedZeros: bufferCount * parameter.shape.count)
        allocated = new
        return new
    }

    /// Whether the buffers are still all 0; judged by their contents, so that a resumed run sees the same.
    var isUntouched: Bool { true }
    /// The parts of a step, which may run on several threads at once.
    func updates(_ update: RuleUpdate) -> [() -> Void] { [] }
    func buffersWereRestored() {}

    /// Whether a buffer has a number that is not 0 in a range of entries.
    final func hasContents(_ entries: Range<Int>) -> Bool {
        guard let allocated else { return false }
        return (0..<bufferCount).contains { buffer in
            let start = allocated.base + buffer * parameter.shape.count
            return entries.contains { start[$0] != 0 }
        }
    }

    /// Writes the zeros of a range of entries in every buffer.
    static func writeZeros(_ memory: Storage, _ entries: Range<Int>, of size: Int, buffers: Int) {
        for buffer in 0..<buffers {
            memory.writeZeros(
                buffer * size + entries.lowerBound..<buffer * size + entries.upperBound)
        }
    }
}

/// A parameter whose every entry is updated at every step.
final class DenseState: ParameterState {
    private var areBuffersWritten = false
    private var hasBegun = false

    override var isUntouched: Bool {
        if !hasBegun { hasBegun = hasContents(0..<parameter.shape.count) }
        return !hasBegun
    }

    override func updates(_ update: RuleUpdate) -> [() -> Void] {
        guard let gradient = parameter.rawGradient else { return [] }
        let (value, chunk, areWritten) = (parameter.rawValue, 1 << 16, areBuffersWritten)
        let (memory, buffers) = (memory, bufferCount)
        areBuffersWritten = true
        return stride(from: 0, to: value.count, by: chunk).map { i in
            {
                let count = min(chunk, value.count - i)
                if !areWritten {
                    Self.writeZeros(memory, i..<i + count, of: value.count, buffers: buffers)
                }
                update.apply(
                    RuleEntries(
                        values: value.base + i, gradient: gradient.base + i, count: count,
                        firstBuffer: memory.base + i, bufferStride: value.count))
            }
        }
    }

    override func buffersWereRestored() {
        areBuffersWritten = true
        hasBegun = false
    }
}
