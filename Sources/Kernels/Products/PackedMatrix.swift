import CKernels

/// A weight [n, k] as the right side of products x · weightᵀ, packed once instead of at each product.
///
/// A row of a product does not depend on the other rows, nor on the number of threads. In float32 and bfloat16 its bits are
/// those of `GEMM` with our own kernels. In int8 each column of the weight is quantised to -127...127 by a scale of its own,
/// and each row of x, when it comes, to 0...255 by a scale and a zero of its own; sums are exact.
public final class PackedMatrix: @unchecked Sendable {
    // Sendable, because nothing changes once it is made.
    private let panels: Storage
    private let kernels: Kernels
    private let n: Int
    private let k: Int

    private enum Kernels {
        case floats(simile_product_kernels)
        case int8(simile_int8_products, scales: Storage, sums: [Int32])
    }

    /// Panels of the left side that a task packs at a time.
    private static let mostBands = 8

    /// Packs a weight [n, k].
    public convenience init(
        _ weight: UnsafePointer<Float>, n: Int, k: Int, precision: GEMM.Precision
    ) {
        precondition(
            precision.isAvailable, "this processor does not multiply \(precision) numbers")
        if precision == .int8 {
            self.init(weight, n: n, k: k, int8: .ofProcessor)
        } else {
            self.init(weight, n: n, k: k, floats: precision.kernels)
        }
    }

    init(_ weight: UnsafePointer<Float>, n: Int, k: Int, floats kernels: simile_product_kernels) {
        (self.n, self.k) = (n, k)
        self.kernels = .floats(kernels)
        let wordsOfUnit = kernels.shape.panels(n) * kernels.shape.right_words
        panels = Storage(kernels.shape.sizeOfRight(n, k))
        for block in Self.blocks(of: k, kernels) {
            let numbers = kernels.shape.numbers(block, of: k)
            kernels.pack_right(
                panels.base + block.lowerBound * wordsOfUnit, weight + numbers.lowerBound, k, n,
                numbers.count, 1)
        }
    }

    init(_ weight: UnsafePointer<Float>, n: Int, k: Int, int8 kernels: simile_int8_products) {
        (self.n, self.k) = (n, k)
        let shape = kernels.shape
        let width = shape.panels(n) * shape.columns
        panels = Storage(shape.sizeOfRight(n, k))
        let scales = Storage(width)
        var sums = [Int32](repeating: 0, count: width)
        simile_int8_pack_weights(panels.base, scales.base, &sums, shape, weight, n, k)
        self.kernels = .int8(kernels, scales: scales, sums: sums)
    }

    /// Bytes of the packed weight.
    public var byteCount: Int { panels.count * MemoryLayout<Float>.stride }

    /// y[m, n] = f(x)[m, k] · weightᵀ + bias, on all threads.
    public func multiply(
        _ x: UnsafePointer<Float>, rows m: Int, bias: UnsafePointer<Float>?,
        activation: GEMM.ElementFunction? = nil, into y: UnsafeMutablePointer<Float>
    ) {
        if m == 0 { return }
        let pool = ThreadPool.shared
        let (shape, tall) = (shape, shape.rows)
        let (bands, panelCount) = (shape.bands(m), shape.panels(n))
        // Some tasks for each thread, by cutting the columns too where there are few rows.
        let wanted = GEMM.isSmall(m * n * k) ? 1 : 4 * pool.count
        let rowTasks = min(bands, max(wanted, (bands + Self.mostBands - 1) / Self.mostBands))
        let columnTasks = min(panelCount, (wanted + rowTasks - 1) / rowTasks)
        let bandsOfTask = (bands + rowTasks - 1) / rowTasks
        let wordsOfLeft = bandsOfTask * shape.left_words * unitsOfBlock
        // A multiple of 16: the panels of every worker begin with a cache line.
        let scratchOfTask = wordsOfLeft + (bandsOfTask * tall * k + 15) / 16 * 16
        let scratch = Storage(scratchOfTask * pool.count)
        func perform(_ task: Int, _ worker: Int) {
            let (rowTask, columnTask) = task.quotientAndRemainder(dividingBy: columnTasks)
            let own = ThreadPool.piece(rowTask, of: rowTasks, count: bands)
            let rows = own.lowerBound * tall..<min(own.upperBound * tall, m)
            multiply(
                Rows(
                    x: x + rows.lowerBound * k, y: y + rows.lowerBound * n, count: rows.count,
                    bias: bias, activation: activation),
                ThreadPool.piece(columnTask, of: columnTasks, count: panelCount),
                left: scratch.base + worker * scratchOfTask,
                activated: scratch.base + worker * scratchOfTask + wordsOfLeft)
        }
        if wanted == 1 {
            for task in 0..<rowTasks * columnTasks { perform(task, 0) }
        } else {
            pool.run(rowTasks * columnTasks, perform)
        }
    }

    /// The rows of a task.
    private struct Rows {
        let x: UnsafePointer<Float>
        let y: UnsafeMutablePointer<Float>
        let count: Int
        let bias: UnsafePointer<Float>?
        let activation: GEMM.ElementFunction?
    }

    /// Some rows times some panels; scratch holds the rows' panels and f(x).
    private func multiply(
        _ rows: Rows, _ panels: Range<Int>, left: UnsafeMutablePointer<Float>,
        activated: UnsafeMutablePointer<Float>
    ) {
        var x = rows.x
        if let activation = rows.activation {
            activation(activated, x, rows.count * k)
            x = UnsafePointer(activated)
        }
        switch kernels {
        case .floats(let kernels): multiply(rows, x, panels, kernels, left)
        case .int8(let kernels, let scales, let sums):
            withUnsafeTemporaryAllocation(of: simile_int8_row.self, capacity: rows.count) { forms in
                guard let forms = forms.baseAddress else { return }
                kernels.pack_rows(left, forms, x, k, rows.count, k)
                for columns in columns(of: panels) {
                    sums.withUnsafeBufferPointer { sums in
                        guard let sums = sums.baseAddress else { return }
                        kernels.product(
                            rows.y + columns.lowerBound, n, left, forms, rows.count,
                            self.panels.base + word(ofColumn: columns.lowerBound, shape.units(k)),
                            scales.base + columns.lowerBound, sums + columns.lowerBound,
                            columns.count, k, rows.bias.map { $0 + columns.lowerBound })
                    }
                }
            }
        }
    }

    private func multiply(
        _ rows: Rows, _ x: UnsafePointer<Float>, _ panels: Range<Int>,
        _ kernels: simile_product_kernels, _ left: UnsafeMutablePointer<Float>
    ) {
        let wordsOfUnit = shape.panels(n) * shape.right_words
        for block in Self.blocks(of: k, kernels) {
            let numbers = shape.numbers(block, of: k)
            kernels.pack_left(left, x + numbers.lowerBound, k, rows.count, numbers.count, 1)
            for columns in columns(of: panels) {
                kernels.product(
                    rows.y + columns.lowerBound, n, left, rows.count,
                    self.panels.base + block.lowerBound * wordsOfUnit
                        + word(ofColumn: columns.lowerBound, block.count),
                    columns.count, numbers.count, block.lowerBound > 0 ? 1 : 0,
                    rows.bias.map { $0 + columns.lowerBound })
            }
        }
    }

    private var shape: simile_panel_shape {
        switch kernels {
        case .floats(let kernels): kernels.shape
        case .int8(let kernels, _, _): kernels.shape
        }
    }

    /// Where the panel that begins with a column begins, among panels of some units.
    private func word(ofColumn column: Int, _ units: Int) -> Int {
        column / shape.columns * units * shape.right_words
    }

    /// Units of k that the left side is packed for at a time.
    private var unitsOfBlock: Int {
        switch kernels {
        case .floats(let kernels): min(shape.units(k), kernels.most_units)
        case .int8: shape.units(k)
        }
    }

    /// The blocks of units of k: sums are in the order of `GEMM`.
    private static func blocks(of k: Int, _ kernels: simile_product_kernels) -> [Range<Int>] {
        let count = kernels.blocks(k)
        return (0..<count).map {
            ThreadPool.piece($0, of: count, count: kernels.shape.units(k))
        }
    }

    /// The columns of some panels, by groups that are gone through while they are in the second-level cache.
    private func columns(of panels: Range<Int>) -> [Range<Int>] {
        let wide = shape.columns
        return stride(from: panels.lowerBound, to: panels.upperBound, by: GEMM.mostPanels).map {
            $0 * wide..<min(min($0 + GEMM.mostPanels, panels.upperBound) * wide, n)
        }
    }
}

extension simile_int8_products {
    /// Those of the processor; `GEMM.Precision.int8` is available.
    fileprivate static var ofProcessor: simile_int8_products {
        guard let kernels = simile_int8_products_of(KernelSettings.current.instructionSet) else {
            preconditionFailure("this processor does not multiply 8-bit numbers")
        }
        return kernels.pointee
    }
}
