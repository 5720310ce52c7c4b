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
        let (words, width) = (kernels.words(k), kernels.panels(n) * kernels.columns)
        panels = Storage(words * width)
        for block in Self.blocks(of: words) {
            let numbers = kernels.numbers(block, of: k)
            kernels.pack(
                panels.base + block.lowerBound * width, kernels.columns, kernels.columns,
                weight + numbers.lowerBound, k, n, numbers.count, 1)
        }
    }

    init(_ weight: UnsafePointer<Float>, n: Int, k: Int, int8 kernels: simile_int8_products) {
        (self.n, self.k) = (n, k)
        let width = (n + kernels.columns - 1) / kernels.columns * kernels.columns
        panels = Storage(width * ((k + 3) / 4))
        let scales = Storage(width)
        var sums = [Int32](repeating: 0, count: width)
        simile_int8_pack_weights(
            panels.base, scales.base, &sums, kernels.columns, weight, n, k)
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
        let (tall, wide) = tile
        let (bands, panelCount) = ((m + tall - 1) / tall, (n + wide - 1) / wide)
        // Some tasks for each thread, by cutting the columns too where there are few rows.
        let wanted = GEMM.isSmall(m * n * k) ? 1 : 4 * pool.count
        let rowTasks = min(bands, max(wanted, (bands + Self.mostBands - 1) / Self.mostBands))
        let columnTasks = min(panelCount, (wanted + rowTasks - 1) / rowTasks)
        let bandsOfTask = (bands + rowTasks - 1) / rowTasks
        let scratchOfTask = bandsOfTask * (tall * k + wide / 2 * wordsOfBlock)
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
                scratch.base + worker * scratchOfTask)
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

    /// Some rows times some panels; scratch holds f(x) and its panels.
    private func multiply(
        _ rows: Rows, _ panels: Range<Int>, _ scratch: UnsafeMutablePointer<Float>
    ) {
        var x = rows.x
        if let activation = rows.activation {
            activation(scratch, x, rows.count * k)
            x = UnsafePointer(scratch)
        }
        let left = scratch + rows.count * k
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
                            self.panels.base + columns.lowerBound * ((k + 3) / 4),
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
        let (words, wide) = (kernels.words(k), kernels.columns)
        let width = kernels.panels(n) * wide
        for block in Self.blocks(of: words) {
            let numbers = kernels.numbers(block, of: k)
            kernels.pack(
                left, wide / 2, kernels.rows, x + numbers.lowerBound, k, rows.count, numbers.count,
                1)
            for columns in columns(of: panels) {
                kernels.product(
                    rows.y + columns.lowerBound, n, left, rows.count,
                    self.panels.base + block.lowerBound * width + columns.lowerBound * block.count,
                    columns.count, numbers.count, block.lowerBound > 0 ? 1 : 0,
                    rows.bias.map { $0 + columns.lowerBound })
            }
        }
    }

    /// Rows and columns of a tile.
    private var tile: (rows: Int, columns: Int) {
        switch kernels {
        case .floats(let kernels): (kernels.rows, kernels.columns)
        case .int8(let kernels, _, _): (kernels.rows, kernels.columns)
        }
    }

    /// Words of k that the left side is packed for at a time.
    private var wordsOfBlock: Int {
        switch kernels {
        case .floats(let kernels): min(kernels.words(k), GEMM.mostDepth)
        case .int8: (k + 3) / 4
        }
    }

    /// The blocks of words of k: sums are in the order of `GEMM`.
    private static func blocks(of words: Int) -> [Range<Int>] {
        let count = (words + GEMM.mostDepth - 1) / GEMM.mostDepth
        return (0..<count).map { ThreadPool.piece($0, of: count, count: words) }
    }

    /// The columns of some panels, by groups that are gone through while they are in the second-level cache.
    private func columns(of panels: Range<Int>) -> [Range<Int>] {
        let wide = tile.columns
        return stride(from: panels.lowerBound, to: panels.upperBound, by: GEMM.mostPanels).map {
            $0 * wide..<min(min($0 + GEMM.mostPanels, panels.upperBound) * wide, n)
        }
    }
}

extension simile_int8_products {
    /// Those of the processor; `GEMM.Precision.int8` is available.
    fileprivate static var ofProcessor: simile_int8_products {
        guard let kernels = simile_int8_products_of_processor() else {
            preconditionFailure("this processor does not multiply 8-bit numbers")
        }
        return kernels.pointee
    }
}
