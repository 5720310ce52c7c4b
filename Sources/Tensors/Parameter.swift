import Kernels

/// A trainable array with its gradient and its names in checkpoints.
///
/// Usually one array has one name. Arrays that are computed with together (query, key and value) are kept
/// side by side as the `parts` of one parameter, and keep their own names in files.
public final class Parameter {
    /// A named range of rows.
    public struct Part: Sendable {
        /// The name in checkpoints, as in Hugging Face's files.
        public let name: String
        /// The shape in checkpoints.
        public let shape: Shape
        /// Elements before this part.
        public let offset: Int

        /// Creates a part.
        package init(name: String, shape: Shape, offset: Int) {
            self.name = name
            self.shape = shape
            self.offset = offset
        }
    }

    /// The name of the first part.
    public var name: String { parts[0].name }
    /// The whole array's shape.
    public let shape: Shape
    /// The named arrays that make it up, in order.
    public let parts: [Part]
    /// Whether training leaves it alone.
    ///
    /// To be set between steps: between a forward and its backward pass only freezing is sure to have an effect.
    public var isFrozen = false
    /// What the numbers of `linear`'s products with this weight, forward and backward, are rounded to; the values
    /// themselves, their gradient and every sum stay float32. It must be available on this processor.
    public var precision = GEMM.Precision.float32

    /// Whether gradients mostly arrive for a few rows at a time, as in an embedding table.
    package let isRowSparse: Bool
    /// Set while the optimizer still owes updates to some rows; see `value` and `rows(_:)`.
    package weak var pendingUpdates: (any PendingRowUpdates)?
    private let storage: Storage
    /// The values as the right side of products, until they change.
    package private(set) var packed: PackedMatrix?
    private var gradientStorage: Storage?
    private var rowIsTouched: [Bool] = []
    /// The rows that have a gradient, ascending within each addition; only for row-sparse parameters.
    package private(set) var touchedRows: [Int32] = []
    /// False until the first backward pass after `clearGradient()`: that one overwrites.
    package private(set) var hasGradient = false

    /// Creates a parameter; its values are undefined until written.
    ///
    /// Without `hasValues` it has no memory, only names and shapes: nothing may be read or written.
    package init(parts: [Part], shape: Shape, isRowSparse: Bool = false, hasValues: Bool = true) {
        precondition(!parts.isEmpty && parts.reduce(0) { $0 + $1.shape.count } == shape.count)
        self.parts = parts
        self.shape = shape
        self.isRowSparse = isRowSparse
        storage = Storage(hasValues ? shape.count : 0)
    }

    /// Creates a parameter with one name and the given values.
    public convenience init(_ name: String, _ value: Tensor) {
        self.init(parts: [Part(name: name, shape: value.shape, offset: 0)], shape: value.shape)
        storage.base.update(from: value.base, count: value.count)
    }

    /// The values, all up to date.
    package var value: Storage {
        pendingUpdates?.bringAllUpToDate()
        return storage
    }

    /// The values, of which only `rows` are sure to be up to date.
    package func value(ofRows rows: [Int32]) -> Storage {
        pendingUpdates?.bringUpToDate(rows)
        return storage
    }

    /// The values as they lie in memory, for the optimizer that owes the updates.
    package var rawValue: Storage {
        packed = nil
        return storage
    }

    /// Packs a weight [out, in] once for all of `linear`'s products without a tape, in numbers of a precision, until its
    /// values change; nil: no longer.
    package func pack(_ precision: GEMM.Precision?) {
        packed = precision.map {
            PackedMatrix(value.base, n: shape[0], k: shape.count / shape[0], precision: $0)
        }
    }

    /// A copy of the values.
    public var tensor: Tensor {
        let copy = Storage(shape.count)
        copy.base.update(from: value.base, count: shape.count)
        return Tensor(shape, copy)
    }

    /// Replaces the values of a part.
    public func setValues<Failure: Error>(
        of part: Part, _ body: (inout MutableSpan<Float>) throws(Failure) -> Void
    ) throws(Failure) {
        packed = nil
        let buffer = UnsafeMutableBufferPointer(
            start: value.base + part.offset, count: part.shape.count)
        var span = buffer.mutableSpan
        try body(&span)
    }

    /// Replaces the values by those of a parameter of the same shape.
    public func copyValues(of other: Parameter) {
        precondition(shape == other.shape, "\(name) \(shape): copied from \(other.shape)")
        packed = nil
        value.base.update(from: other.value.base, count: shape.count)
    }

    /// Lends the values of a part.
    public func withValues<Result, Failure: Error>(
        of part: Part, _ body: (Span<Float>) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try body(UnsafeBufferPointer(start: value.base + part.offset, count: part.shape.count).span)
    }

    /// This parameter as a tensor for general operations, recorded when there is a tape.
    public func callAsFunction(on tape: Tape?) -> Tensor {
        guard let tape, tape.isRecording, !isFrozen else {
            return Tensor(shape, value, tape: tape, slot: nil)
        }
        precondition(!isRowSparse, "\(name) is an embedding table: look rows up instead")
        return tape.record(shape, value) { [self] output, _ in
            accumulateGradient { sum, beta in
                if beta == 0 {
                    sum.update(from: output.base, count: output.count)
                } else {
                    VectorKernels.best.add(sum, output.base, output.count)
                }
            }
        }
    }
}

/// An optimizer that puts off what it owes to rows nobody reads.
package protocol PendingRowUpdates: AnyObject {
    func bringUpToDate(_ rows: [Int32])
    func bringAllUpToDate()
}

// MARK: - Gradients

extension Parameter {
    /// The gradient, or nil when there is none; dense also for row-sparse parameters.
    public var gradient: Tensor? {
        guard hasGradient, let gradientStorage else { return nil }
        guard isRowSparse else {
            let copy = Storage(shape.count)
            copy.base.update(from: gradientStorage.base, count: shape.count)
            return Tensor(shape, copy)
        }
        let dense = Tensor.zeros(shape)
        let width = shape.count / max(shape[0], 1)
        for row in touchedRows {
            (dense.base + Int(row) * width)
                .update(from: gradientStorage.base + Int(row) * width, count: width)
        }
        return dense
    }

    /// The gradient's memory; rows that are not touched hold leftovers when row-sparse.
    package var rawGradient: Storage? { hasGradient ? gradientStorage : nil }

    /// Forgets the gradient; writes no memory.
    public func clearGradient() {
        hasGradient = false
        for row in touchedRows { rowIsTouched[Int(row)] = false }
        touchedRows.removeAll(keepingCapacity: true)
    }

    /// Lets `write` put a gradient of all rows straight into place: with beta 0 it overwrites, with 1 it adds.
    ///
    /// The memory stays valid, so it may do so later, before the gradient is next read or cleared.
    package func accumulateGradient(
        _ write: (_ sum: UnsafeMutablePointer<Float>, _ beta: Float) -> Void
    ) {
        if isFrozen { return }
        if isRowSparse { touchAllRows() }
        write(gradientMemory().base, hasGradient ? 1 : 0)
        hasGradient = true
    }

    /// Adds the gradients of looked-up rows: entry i of `source` [rows, width] belongs to row `ids[i]`.
    package func accumulateRowGradients(_ ids: [Int32], _ source: UnsafePointer<Float>) {
        if isFrozen { return }
        let width = shape.count / max(shape[0], 1)
        let sum = gradientMemory().base
        if !isRowSparse && !hasGradient { sum.update(repeating: 0, count: shape.count) }

        // Entries grouped by row, so that each row is summed by one task in a fixed order.
        let order = ids.indices.sorted { (ids[$0], $0) < (ids[$1], $1) }
        var starts = order.indices.filter { $0 == 0 || ids[order[$0]] != ids[order[$0 - 1]] }
        let groups = starts.count
        starts.append(order.count)
        let isNew = starts.dropLast().map { isRowSparse && touch(ids[order[$0]]) }
        let pieces = min(groups, ThreadPool.shared.count * 4)
        ThreadPool.shared.run(pieces) { piece, _ in
            for group in ThreadPool.piece(piece, of: pieces, count: groups) {
                let row = sum + Int(ids[order[starts[group]]]) * width
                if isNew[group] { row.update(repeating: 0, count: width) }
                for entry in starts[group]..<starts[group + 1] {
                    VectorKernels.best.add(row, source + order[entry] * width, width)
                }
            }
        }
        hasGradient = true
    }

    /// The gradient as dense memory that may be written, zeros where there is none; it counts as a gradient from
    /// `declareGradient()` on. Not for row-sparse parameters.
    package func gradientToWrite() -> Storage {
        precondition(!isRowSparse, "\(name): has a gradient for some rows alone")
        let memory = gradientMemory()
        if !hasGradient { memory.base.update(repeating: 0, count: shape.count) }
        return memory
    }

    /// Says that what was written to `gradientToWrite()` is the gradient.
    package func declareGradient() { hasGradient = true }

    /// Replaces a row-sparse parameter's gradient: entry i of `values` [rows, width] is that of row `rows[i]`, and the other
    /// rows have none.
    package func replaceRowGradients(_ rows: [Int32], _ values: UnsafePointer<Float>) {
        clearGradient()
        let width = shape.count / max(shape[0], 1)
        let memory = gradientMemory()
        for (entry, row) in rows.enumerated() {
            _ = touch(row)
            (memory.base + Int(row) * width).update(from: values + entry * width, count: width)
        }
        hasGradient = true
    }

    /// Marks a row as having a gradient; true when it had none.
    private func touch(_ row: Int32) -> Bool {
        if rowIsTouched.isEmpty { rowIsTouched = Array(repeating: false, count: shape[0]) }
        if rowIsTouched[Int(row)] { return false }
        rowIsTouched[Int(row)] = true
        touchedRows.append(row)
        return true
    }

    /// Marks all rows as having a gradient: of those that had none it is 0.
    private func touchAllRows() {
        guard touchedRows.count < shape[0] else { return }
        let width = shape.count / max(shape[0], 1)
        for row in 0..<shape[0] where touch(Int32(row)) && hasGradient {
            (gradientMemory().base + row * width).update(repeating: 0, count: width)
        }
    }

    private func gradientMemory() -> Storage {
        if let gradientStorage { return gradientStorage }
        let new = Storage(shape.count)
        gradientStorage = new
        return new
    }
}
