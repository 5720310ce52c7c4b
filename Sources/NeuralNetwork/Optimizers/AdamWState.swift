import Kernels
import Tensors

/// What AdamW keeps for one parameter.
class ParameterState {
    let parameter: Parameter
    let weightDecay: Float
    let expAvg: Storage
    let expAvgSq: Storage

    init(_ parameter: Parameter, weightDecay: Float) {
        self.parameter = parameter
        self.weightDecay = weightDecay
        expAvg = Storage(untouchedZeros: parameter.shape.count)
        expAvgSq = Storage(untouchedZeros: parameter.shape.count)
    }

    func storage(_ moment: AdamW.Moment) -> Storage { moment == .expAvg ? expAvg : expAvgSq }
    /// The parts of a step, which may run on several threads at once.
    func updates(_ step: simile_adamw) -> [() -> Void] { [] }
    func momentsWereRestored() {}
}

/// A parameter whose every entry is updated at every step.
final class DenseState: ParameterState {
    private var areMomentsWritten = false

    override func updates(_ step: simile_adamw) -> [() -> Void] {
        guard let gradient = parameter.rawGradient else { return [] }
        let (value, chunk, areWritten) = (parameter.rawValue, 1 << 16, areMomentsWritten)
        areMomentsWritten = true
        return stride(from: 0, to: value.count, by: chunk).map { [expAvg, expAvgSq] i in
            {
                let count = min(chunk, value.count - i)
                if !areWritten {
                    expAvg.writeZeros(i..<i + count)
                    expAvgSq.writeZeros(i..<i + count)
                }
                VectorKernels.best.adamw(
                    value.base + i, gradient.base + i, expAvg.base + i, expAvgSq.base + i, count,
                    step)
            }
        }
    }

    override func momentsWereRestored() { areMomentsWritten = true }
}

/// An embedding table: rows that have had a gradient are updated at every step, as the definition asks;
/// the others change by weight decay alone, and their factors wait until somebody reads them.
///
/// The factors are then multiplied in one by one, so that the result is the dense one to the last bit.
final class EmbeddingState: ParameterState, PendingRowUpdates {
    private var isActive: [Bool]
    private var activeRows: [Int32] = []
    private var factors: [Float] = []
    /// How many of `factors` an inactive row has had.
    private var applied: [Int32]
    private var width: Int { parameter.shape.count / max(parameter.shape[0], 1) }

    override init(_ parameter: Parameter, weightDecay: Float) {
        isActive = Array(repeating: false, count: parameter.shape[0])
        applied = Array(repeating: 0, count: parameter.shape[0])
        super.init(parameter, weightDecay: weightDecay)
    }

    deinit { bringAllUpToDate() }

    override func updates(_ step: simile_adamw) -> [() -> Void] {
        guard let gradient = parameter.rawGradient else { return [] }
        if parameter.pendingUpdates !== self {
            // Another optimizer had the parameter before.
            parameter.pendingUpdates?.bringAllUpToDate()
            parameter.pendingUpdates = self
        }
        let touched = Set(parameter.touchedRows)
        for row in parameter.touchedRows where !isActive[Int(row)] {
            bringUpToDate([row])
            let entries = Int(row) * width..<(Int(row) + 1) * width
            expAvg.writeZeros(entries)
            expAvgSq.writeZeros(entries)
            isActive[Int(row)] = true
            activeRows.append(row)
        }
        if step.decay != 1 { factors.append(step.decay) }
        let (value, width, rows, chunk) = (parameter.rawValue, width, activeRows, 256)
        return stride(from: 0, to: rows.count, by: chunk).map { [expAvg, expAvgSq] first in
            {
                for row in rows[first..<min(first + chunk, rows.count)] {
                    let i = Int(row) * width
                    VectorKernels.best.adamw(
                        value.base + i,
                        touched.contains(row) ? UnsafePointer(gradient.base + i) : nil,
                        expAvg.base + i, expAvgSq.base + i, width, step)
                }
            }
        }
    }

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

    /// A row whose means are zero behaves as one that never had a gradient.
    override func momentsWereRestored() {
        bringAllUpToDate()
        activeRows = []
        for row in 0..<parameter.shape[0] {
            let i = row * width
            isActive[row] = (i..<i + width).contains {
                expAvg.base[$0] != 0 || expAvgSq.base[$0] != 0
            }
            if isActive[row] { activeRows.append(Int32(row)) }
        }
    }
}
