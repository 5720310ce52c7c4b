import Synchronization

extension GEMM {
    /// Depth of the blocks of k: a panel of the left side stays in the first-level cache.
    fileprivate static var mostDepth: Int { 512 }
    /// Rows of the blocks of m.
    fileprivate static var mostRows: Int { 2016 }
    /// Panels of the right side that a task packs at a time: they stay in its second-level cache.
    fileprivate static var mostPanels: Int { 6 }

    /// With our own kernels: the threads pack the left sides together, and each packs some columns of a
    /// right side and multiplies them while they are in its cache.
    ///
    /// Every element of c is a sum in the order of k, so neither the number of threads nor the other rows of
    /// `a` change a bit of it.
    static func runPacked(_ products: [Product]) {
        let scratch = PackingScratch.take(workers: ThreadPool.shared.count)
        defer { PackingScratch.giveBack(scratch) }
        let stages = products.map(PackedStage.stages(of:))
        for turn in 0..<(stages.map(\.count).max() ?? 0) {
            // Together go a stage of each product, as far as there is room for their left sides.
            var job: [(stage: PackedStage, left: UnsafeMutablePointer<Float>)] = []
            var used = 0
            for stages in stages where turn < stages.count {
                let stage = stages[turn]
                if used + stage.sizeOfLeft > scratch.sizeOfLeft {
                    run(job, scratch)
                    job = []
                    used = 0
                }
                job.append((stage, scratch.left + used))
                used += stage.sizeOfLeft
            }
            run(job, scratch)
        }
    }

    /// Runs the tasks of some stages: those that pack left sides, then those that multiply.
    private static func run(
        _ job: [(stage: PackedStage, left: UnsafeMutablePointer<Float>)], _ scratch: PackingScratch
    ) {
        let packers = job.flatMap { part in (0..<part.stage.packers).map { (part, $0) } }
        let multipliers = job.flatMap { part in (0..<part.stage.multipliers).map { (part, $0) } }
        func run(_ task: Int, _ worker: Int) {
            if task < packers.count {
                let (part, piece) = packers[task]
                part.stage.pack(piece, into: part.left, activated: scratch.right(of: worker))
            } else {
                let (part, piece) = multipliers[task - packers.count]
                part.stage.multiply(piece, part.left, packing: scratch.right(of: worker))
            }
        }
        let tasks = packers.count + multipliers.count
        if isSmall(job.reduce(0) { $0 + $1.stage.product.work }) {
            for task in 0..<tasks { run(task, 0) }
        } else {
            ThreadPool.shared.run(tasks, run)
        }
    }
}

/// What some blocks of k contribute to some rows of a product.
private final class PackedStage {
    let product: GEMM.Product
    private let rows: Range<Int>
    private let depths: [Range<Int>]
    /// Tasks that pack the left side.
    let packers: Int
    /// Tasks that multiply; they wait for the packers.
    let multipliers: Int
    private let packed = Atomic(0)
    /// Panels of the right side, for each task of the same rows.
    private let columns: [Range<Int>]
    private let rowTasks: Int

    private static var kernels: simile_kernel_table { VectorKernels.best }
    /// Rows in a panel of the left side.
    private static var tall: Int { Int(kernels.product_rows) }
    /// Columns in a panel of the right side.
    private static var wide: Int { Int(kernels.product_columns) }
    /// Floats in a panel of the left side for each of its columns.
    private static var leftWidth: Int { wide / 2 }
    private static func bands(_ rows: Int) -> Int { (rows + tall - 1) / tall }

    /// The stages of a product, one after the other.
    static func stages(of product: GEMM.Product) -> [PackedStage] {
        let rowBlocks = (product.m + GEMM.mostRows - 1) / GEMM.mostRows
        let depthBlocks = (product.k + GEMM.mostDepth - 1) / GEMM.mostDepth
        let depths = (0..<depthBlocks).map {
            ThreadPool.piece($0, of: depthBlocks, count: product.k)
        }
        return (0..<rowBlocks).flatMap { rowBlock in
            let rows = ThreadPool.piece(rowBlock, of: rowBlocks, count: product.m)
            // Few rows leave room for more blocks of k.
            let together = max(1, GEMM.mostRows / (bands(rows.count) * tall))
            return stride(from: 0, to: depthBlocks, by: together).map { first in
                PackedStage(
                    product, rows, Array(depths[first..<min(first + together, depthBlocks)]))
            }
        }
    }

    private init(_ product: GEMM.Product, _ rows: Range<Int>, _ depths: [Range<Int>]) {
        self.product = product
        self.rows = rows
        self.depths = depths
        // Two tasks or more for each thread, if it must be by cutting the rows too.
        let wanted = GEMM.isSmall(product.work) ? 1 : 2 * ThreadPool.shared.count
        let bands = Self.bands(rows.count)
        packers = min(bands, wanted)
        columns = Self.columnTasks((product.n + Self.wide - 1) / Self.wide, wanted: wanted)
        rowTasks = min(bands, (wanted + columns.count - 1) / columns.count)
        multipliers = columns.count * rowTasks
    }

    /// Cuts the panels of the right side into tasks, smaller ones towards the end, so that the threads end
    /// at about the same time even when one of them is slower.
    private static func columnTasks(_ panels: Int, wanted: Int) -> [Range<Int>] {
        var tasks: [Range<Int>] = []
        var next = 0
        while next < panels {
            let count = min(GEMM.mostPanels, max(1, (panels - next) / wanted))
            tasks.append(next..<next + count)
            next += count
        }
        return tasks
    }

    private var bands: Int { Self.bands(rows.count) }
    private var depth: Range<Int> { depths[0].lowerBound..<depths[depths.count - 1].upperBound }
    /// Floats of the packed left side.
    var sizeOfLeft: Int { bands * depth.count * Self.leftWidth }

    /// The panels of a block of k from a band on.
    private func panels(
        _ left: UnsafeMutablePointer<Float>, _ band: Int, _ block: Range<Int>
    ) -> UnsafeMutablePointer<Float> {
        let before = (block.lowerBound - depth.lowerBound) * bands + band * block.count
        return left + before * Self.leftWidth
    }

    /// The rows of some bands.
    private func rows(of own: Range<Int>) -> Range<Int> {
        let first = rows.lowerBound + own.lowerBound * Self.tall
        return first..<min(rows.lowerBound + own.upperBound * Self.tall, rows.upperBound)
    }

    func pack(
        _ piece: Int, into left: UnsafeMutablePointer<Float>,
        activated: UnsafeMutablePointer<Float>
    ) {
        let own = ThreadPool.piece(piece, of: packers, count: bands)
        for block in depths {
            product.packLeft(
                rows(of: own), block, into: panels(left, own.lowerBound, block),
                activated: activated)
        }
        packed.add(1, ordering: .releasing)
    }

    func multiply(
        _ piece: Int, _ left: UnsafeMutablePointer<Float>,
        packing right: UnsafeMutablePointer<Float>
    ) {
        let kernels = Self.kernels
        let (n, k, wide) = (product.n, product.k, Self.wide)
        let ownBands = ThreadPool.piece(piece / columns.count, of: rowTasks, count: bands)
        let ownRows = rows(of: ownBands)
        let panels = columns[piece % columns.count]
        let column = panels.lowerBound * wide
        let width = min(panels.upperBound * wide, n) - column
        for block in depths {
            let isPlain = product.opB == .plain
            let first = isPlain ? block.lowerBound * n + column : column * k + block.lowerBound
            kernels.pack(
                right, wide, wide, product.b + first, product.strideB, width, block.count,
                isPlain ? 0 : 1)
            ThreadPool.shared.wait { packed.load(ordering: .acquiring) == packers }
            kernels.product(
                product.c + ownRows.lowerBound * n + column, n,
                self.panels(left, ownBands.lowerBound, block), ownRows.count, right, width,
                block.count, block.lowerBound > 0 || product.beta == 1 ? 1 : 0,
                product.bias.map { $0 + column })
        }
    }
}

extension GEMM.Product {
    /// The panels of some rows of the left side, `depth` numbers of each row.
    fileprivate func packLeft(
        _ rows: Range<Int>, _ depth: Range<Int>, into panels: UnsafeMutablePointer<Float>,
        activated: UnsafeMutablePointer<Float>
    ) {
        let kernels = VectorKernels.best
        let (tall, width) = (Int(kernels.product_rows), Int(kernels.product_columns) / 2)
        guard opA == .plain else {
            kernels.pack(
                panels, width, tall, a + depth.lowerBound * m + rows.lowerBound, m, rows.count,
                depth.count, 0)
            return
        }
        guard let activation else {
            kernels.pack(
                panels, width, tall, a + rows.lowerBound * k + depth.lowerBound, k, rows.count,
                depth.count, 1)
            return
        }
        var next = panels
        for start in stride(from: rows.lowerBound, to: rows.upperBound, by: tall) {
            let count = min(tall, rows.upperBound - start)
            for row in 0..<count {
                activation(
                    activated + row * depth.count, a + (start + row) * k + depth.lowerBound,
                    depth.count)
            }
            kernels.pack(next, width, tall, activated, depth.count, count, depth.count, 1)
            next += width * depth.count
        }
    }
}

/// Memory for packed panels, which stays in the caches from one product to the next.
private struct PackingScratch: @unchecked Sendable {
    private static let free = Mutex<[PackingScratch]>([])
    private let storage: Storage
    let sizeOfLeft: Int
    private let sizeOfRight: Int

    private init(workers: Int) {
        let kernels = VectorKernels.best
        let (tall, wide) = (Int(kernels.product_rows), Int(kernels.product_columns))
        sizeOfLeft = (GEMM.mostRows + tall - 1) / tall * wide / 2 * GEMM.mostDepth
        sizeOfRight = GEMM.mostPanels * wide * GEMM.mostDepth
        storage = Storage(sizeOfLeft + workers * sizeOfRight)
    }

    /// The packed left sides, for all.
    var left: UnsafeMutablePointer<Float> { storage.base }
    /// A worker's own place.
    func right(of worker: Int) -> UnsafeMutablePointer<Float> {
        storage.base + sizeOfLeft + worker * sizeOfRight
    }

    static func take(workers: Int) -> PackingScratch {
        free.withLock { $0.popLast() } ?? PackingScratch(workers: workers)
    }

    static func giveBack(_ scratch: PackingScratch) { free.withLock { $0.append(scratch) } }
}
