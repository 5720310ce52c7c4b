import Kernels
import Tensors

/// An embedding table: rows that have had a gradient are updated at every step, as the definition asks;
/// the others change by the rule's idle factor alone, and their factors wait until somebody reads them.
///
/// The factors are then multiplied in one by one, so that the result is the dense one to the last bit. Where
/// the rule has no such factor, every row counts as one that has had a gradient.
final class EmbeddingState: ParameterState, PendingRowUpdates {
    private var isActive: [Bool]
    private var activeRows: [Int32] = []
    private var factors: [Float] = []
    /// How many of `factors` an inactive row has had.
    private var applied: [Int32]
    private var width: Int { parameter.shape.count / max(parameter.shape[0], 1) }

    override init(_ parameter: Parameter, decays: Bool, bufferCount: Int) {
        isActive = Array(repeating: false, count: parameter.shape[0])
        applied = Array(repeating: 0, count: parameter.shape[0])
        super.init(parameter, decays: decays, bufferCount: bufferCount)
    }

    deinit { bringAllUpToDate() }

    override var isUntouched: Bool { !activeRows.contains { hasContents(entries(of: Int($0))) } }

    override func updates(_ update: RuleUpdate) -> [() -> Void] {
        guard let gradient = parameter.rawGradient else { return [] }
        if parameter.pendingUpdates !== self {
            // Another optimizer had the parameter before.
            parameter.pendingUpdates?.bringAllUpToDate()
            parameter.pendingUpdates = self
        }
        let touched = Set(parameter.touchedRows)
        for row in parameter.touchedRows { activate(row) }
        if let factor = update.idleFactor {
            if factor != 1 { factors.append(factor) }
        } else {
            for row in isActive.indices { activate(Int32(row)) }
        }
        let (value, width, rows, chunk) = (parameter.rawValue, width, activeRows, 256)
        let memory = memory
        return stride(from: 0, to: rows.count, by: chunk).map { first in
            {
                for row in rows[first..<min(first + chunk, rows.count)] {
                    let i = Int(row) * width
                    update.apply(
                        RuleEntries(
                            values: value.base + i,
                            gradient: touched.contains(row)
                                ? UnsafePointer(gradient.base + i) : nil,
                            count: width, firstBuffer: memory.base + i, bufferStride: value.count))
                }
            }
        }
    }

    private func activate(_ row: Int32) {
        guard !isActive[Int(row)] else { return }
        applyFactors(to: Int(row))
        Self.writeZeros(
            memory, entries(of: Int(row)), of: parameter.shape.count, buffers: bufferCount)
        isActive[Int(row)] = true
        activeRows.append(row)
    }

    private func entries(of row: Int) -> Range<Int> { row * width..<(row + 1) * width }

    func bringUpToDate(_ rows: [Int32]) {
        for row in rows where !isActive[Int(row)] { applyFactors(to: Int(row)) }
    }

    func bringAllUpToDate() {
        if factors.isEmpty { return }
        for row in 0..<parameter.shape[0] where !isActive[row] { applyFactors(to: row) }
        factors.removeAll()
        for row in applied.indices { applied[row] = 0 }
    }

    private func applyFactors(to row: Int) {
        let owed = factors.count - Int(applied[row])
        guard owed > 0 else { return }
        factors.withUnsafeBufferPointer { factors in
            guard let first = factors.baseAddress else { return }
            VectorKernels.best.multiply_in_turn(
                parameter.rawValue.base + row * width, width, first + Int(applied[row]), owed)
        }
        applied[row] = Int32(factors.count)
    }

    /// A row whose buffers are zero behaves as one that never had a gradient.
    override func buffersWereRestored() {
        bringAllUpToDate()
        activeRows = []
        for row in 0..<parameter.shape[0] {
            isActive[row] = hasContents(entries(of: row))
            if isActive[row] { activeRows.append(Int32(row)) }
        }
    }
}
