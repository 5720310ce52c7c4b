import Communication
import Kernels
import Tensors

/// How the sequences of a batch are dealt out to the processes of a run: to each some in a row, with about as many tokens as
/// the others have.
struct BatchShares {
    /// The part of each process; that of the only one is all.
    let parts: [BatchPart]
    private let communicator: (any Communicator)?

    init(of sequences: [[Int32]], among communicator: (any Communicator)?) {
        self.communicator = communicator
        let count = communicator?.size ?? 1
        let ends = sequences.reduce(into: [0]) { $0.append($0[$0.count - 1] + $1.count) }
        let total = ends[sequences.count]
        var (first, parts) = (0, [BatchPart]())
        for number in 1...count {
            let wanted = total * number
            var end = first
            // The nearest boundary.
            while end < sequences.count, wanted * 2 >= (ends[end] + ends[end + 1]) * count {
                end += 1
            }
            if number == count { end = sequences.count }
            parts.append(
                BatchPart(tokens: ends[first]..<ends[end], sequences: first..<end))
            first = end
        }
        self.parts = parts
    }

    /// This process's.
    var own: BatchPart { parts[communicator?.rank ?? 0] }

    /// The rows of all processes in the order of the batch, of which this one has computed its own.
    ///
    /// - Parameters:
    ///   - rows: [own rows, width].
    ///   - range: Which rows of the batch a part has: those of its tokens or of its sequences.
    func gathered(_ rows: Tensor, width: Int, _ range: (BatchPart) -> Range<Int>) -> Tensor {
        guard let communicator, communicator.size > 1 else { return rows }
        let count = range(parts[parts.count - 1]).upperBound
        let all = Storage(count * width)
        let bytes = width * MemoryLayout<Float>.stride
        communicator.gather(
            UnsafeRawBufferPointer(start: rows.base, count: rows.shape[0] * bytes),
            into: UnsafeMutableRawBufferPointer(start: all.base, count: count * bytes),
            counts: parts.map { range($0).count * bytes })
        return Tensor([count, width], all)
    }
}
