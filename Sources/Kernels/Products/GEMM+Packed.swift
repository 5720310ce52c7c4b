import CKernels
import Synchronization

extension GEMM {
    /// Rows of the blocks of m.
    fileprivate static var mostRows: Int { 2016 }
    /// Panels of the right side that a task packs at a time: they stay in its second-level cache.
    static var mostPanels: Int { 6 }

    /// With our own kernels: the threads pack the left sides together, and each packs some columns of a
    /// right side and multiplies them while they are in its cache.
    ///
    /// Every element of c is a sum in an order that depends on k alone, so neither the number of threads nor the other rows of
    /// `a` change a bit of it.
    static func runPacked(
        _ products: [Product],
        kernels: (Precision) -> simile_product_kernels = { $0.kernels }
    ) {
        let scratch = PackingScratch.take(workers: ThreadPool.shared.count)
        defer { PackingScratch.giveBack(scratch) }
        let stages = products.map { PackedStage.stages(of: $0, kernels($0.precision)) }
        for turn in 0..<(stages.map(\.count).max() ?? 0) {
            // Together go a stage of each product, as far as there is room for their left sides.
            var job: [PlacedStage] = []
            var used = 0
            for stages in stages where turn < stages.count {
                let stage = stages[turn]
                if used + stage.sizeOfLeft > scratch.sizeOfLeft || job.count == scratch.counters {
                    runTogether(job, scratch)
                    job = []
                    used = 0
                }
                job.append((stage, (scratch.left + used, scratch.counter(job.count))))
                used += stage.sizeOfLeft
            }
            runTogether(job, scratch)
        }
    }

    /// Runs the tasks of some stages: those that pack left sides, then those that multiply.
    private static func runTogether(_ job: [PlacedStage], _ scratch: PackingScratch) {
        func perform(_ task: Int, _ worker: Int) {
            var task = task
            let own = scratch.right(of: worker)
            for (stage, place) in job {
                if task < stage.packers { return stage.pack(task, at: place, activated: own) }
                task -= stage.packers
            }
            for (stage, place) in job {
                if task < stage.multipliers { return stage.multiply(task, at: place, right: own) }
                task -= stage.multipliers
            }
        }
        let tasks = job.reduce(0) { $0 + $1.stage.packers + $1.stage.multipliers }
        if isSmall(job.reduce(0) { $0 + $1.stage.product.work }) {
            for task in 0..<tasks { perform(task, 0) }
        } else {
            ThreadPool.shared.run(tasks, perform)
        }
    }
}

/// Where the left side of a stage is packed, and how many packers are done.
private typealias Place = (
    left: UnsafeMutablePointer<Float>, packed: UnsafeMutablePointer<Atomic<Int>>
)
private typealias PlacedStage = (stage: PackedStage, place: Place)

/// What some blocks of k contribute to some rows of a product.
///
/// It holds no references: threads that count those to the same object take its cache line from each other.
private struct PackedStage {
    let product: GEMM.Product
    private let kernels: simile_product_kernels
    private let rows: Range<Int>
    /// Of the `depthBlocks` blocks of k.
    private let blocks: Range<Int>
    private let depthBlocks: Int
    /// Tasks that pack the left side.
    let packers: Int
    /// Tasks that multiply; they wait for the packers.
    let multipliers: Int
    private let rowTasks: Int
    /// Tasks that the panels of the right side are cut into, while many are left.
    private let wanted: Int

    /// The stages of a product, one after the other.
    static func stages(
        of product: GEMM.Product, _ kernels: simile_product_kernels
    ) -> [PackedStage] {
        let shape = kernels.shape
        let rowBlocks = (product.m + GEMM.mostRows - 1) / GEMM.mostRows
        let depthBlocks = kernels.blocks(product.k)
        return (0..<rowBlocks).flatMap { rowBlock in
            let rows = ThreadPool.piece(rowBlock, of: rowBlocks, count: product.m)
            // Few rows leave room for more blocks of k.
            let together = max(1, GEMM.mostRows / (shape.bands(rows.count) * shape.rows))
            return stride(from: 0, to: depthBlocks, by: together).map { first in
                PackedStage(
                    product, kernels, rows, first..<min(first + together, depthBlocks),
                    of: depthBlocks)
            }
        }
    }

    private init(
        _ product: GEMM.Product, _ kernels: simile_product_kernels, _ rows: Range<Int>,
        _ blocks: Range<Int>, of depthBlocks: Int
    ) {
        self.product = product
        self.kernels = kernels
        self.rows = rows
        self.blocks = blocks
        self.depthBlocks = depthBlocks
        // Two tasks or more for each thread, if it must be by cutting the rows too.
        wanted = GEMM.isSmall(product.work) ? 1 : 2 * ThreadPool.shared.count
        let bands = kernels.shape.bands(rows.count)
        packers = min(bands, wanted)
        let columnTasks = Self.columnTasks(
            kernels.shape.panels(product.n), wanted: wanted)
        rowTasks = min(bands, (wanted + columnTasks - 1) / columnTasks)
        multipliers = columnTasks * rowTasks
    }

    // The panels of the right side are cut into tasks that become smaller towards the end, so that the
    // threads end at about the same time even when one of them is slower.

    private static func columnTasks(_ panels: Int, wanted: Int) -> Int {
        var (tasks, next) = (0, 0)
        while next < panels {
            next += size(ofTaskWith: panels - next, wanted: wanted)
            tasks += 1
        }
        return tasks
    }

    private static func size(ofTaskWith panelsLeft: Int, wanted: Int) -> Int {
        min(GEMM.mostPanels, max(1, panelsLeft / wanted))
    }

    /// The columns of a task.
    private func columns(_ task: Int) -> Range<Int> {
        let panels = shape.panels(product.n)
        // All that have the full size, then the others one by one.
        let full = max(0, panels / GEMM.mostPanels - wanted + 1)
        var next = min(task, full) * GEMM.mostPanels
        for _ in min(task, full)..<task {
            next += Self.size(ofTaskWith: panels - next, wanted: wanted)
        }
        let end = next + Self.size(ofTaskWith: panels - next, wanted: wanted)
        return next * shape.columns..<min(end * shape.columns, product.n)
    }

    /// Words of the packed left side.
    var sizeOfLeft: Int {
        let depth =
            self.depth(blocks.upperBound - 1).upperBound - depth(blocks.lowerBound).lowerBound
        return bands * depth * shape.left_words
    }
    private var shape: simile_panel_shape { kernels.shape }
    private var bands: Int { shape.bands(rows.count) }
    /// The units of a block of k.
    private func depth(_ block: Int) -> Range<Int> {
        ThreadPool.piece(block, of: depthBlocks, count: shape.units(product.k))
    }

    /// The panels of a block of k from a band on.
    private func panels(
        _ left: UnsafeMutablePointer<Float>, _ band: Int, _ depth: Range<Int>
    ) -> UnsafeMutablePointer<Float> {
        let before = depth.lowerBound - self.depth(blocks.lowerBound).lowerBound
        return left + (before * bands + band * depth.count) * shape.left_words
    }

    /// The rows of some bands.
    private func rows(of own: Range<Int>) -> Range<Int> {
        let first = rows.lowerBound + own.lowerBound * shape.rows
        return first..<min(rows.lowerBound + own.upperBound * shape.rows, rows.upperBound)
    }

    /// Packs some rows of the left side; `activated` is scratch.
    func pack(_ task: Int, at place: Place, activated: UnsafeMutablePointer<Float>) {
        let own = ThreadPool.piece(task, of: packers, count: bands)
        for block in blocks {
            let depth = depth(block)
            product.packLeft(
                rows(of: own), shape.numbers(depth, of: product.k), with: kernels,
                into: panels(place.left, own.lowerBound, depth), activated: activated)
        }
        place.packed.pointee.add(1, ordering: .releasing)
    }

    /// Packs some columns of the right side into `right` and multiplies.
    func multiply(_ task: Int, at place: Place, right: UnsafeMutablePointer<Float>) {
        let (n, k) = (product.n, product.k)
        let (rowTask, columnTask) = task.quotientAndRemainder(dividingBy: multipliers / rowTasks)
        let ownBands = ThreadPool.piece(rowTask, of: rowTasks, count: bands)
        let ownRows = rows(of: ownBands)
        let columns = columns(columnTask)
        for block in blocks {
            let depth = depth(block)
            let numbers = shape.numbers(depth, of: k)
            let isPlain = product.opB == .plain
            let first =
                isPlain
                ? numbers.lowerBound * n + columns.lowerBound
                : columns.lowerBound * k + numbers.lowerBound
            kernels.pack_right(
                right, product.b + first, product.strideB, columns.count, numbers.count,
                isPlain ? 0 : 1)
            ThreadPool.wait { place.packed.pointee.load(ordering: .acquiring) == packers }
            kernels.product(
                product.c + ownRows.lowerBound * n + columns.lowerBound, n,
                panels(place.left, ownBands.lowerBound, depth), ownRows.count, right, columns.count,
                numbers.count, depth.lowerBound > 0 || product.beta == 1 ? 1 : 0,
                product.bias.map { $0 + columns.lowerBound })
        }
    }
}

extension GEMM.Product {
    /// The panels of some rows of the left side, `depth` numbers of each row.
    fileprivate func packLeft(
        _ rows: Range<Int>, _ depth: Range<Int>, with kernels: simile_product_kernels,
        into panels: UnsafeMutablePointer<Float>, activated: UnsafeMutablePointer<Float>
    ) {
        guard opA == .plain else {
            kernels.pack_left(
                panels, a + depth.lowerBound * m + rows.lowerBound, m, rows.count, depth.count, 0)
            return
        }
        guard let activation else {
            kernels.pack_left(
                panels, a + rows.lowerBound * k + depth.lowerBound, k, rows.count, depth.count, 1)
            return
        }
        let (shape, tall) = (kernels.shape, kernels.shape.rows)
        var next = panels
        for start in stride(from: rows.lowerBound, to: rows.upperBound, by: tall) {
            let count = min(tall, rows.upperBound - start)
            for row in 0..<count {
                activation(
                    activated + row * depth.count, a + (start + row) * k + depth.lowerBound,
                    depth.count)
            }
            kernels.pack_left(next, activated, depth.count, count, depth.count, 1)
            next += shape.units(depth.count) * shape.left_words
        }
    }
}

extension simile_panel_shape {
    /// Words of the panels of so many rows of the left side.
    package func sizeOfLeft(_ rows: Int, _ k: Int) -> Int { bands(rows) * units(k) * left_words }
    /// Words of the panels of so many columns of the right side.
    package func sizeOfRight(_ columns: Int, _ k: Int) -> Int {
        panels(columns) * units(k) * right_words
    }
    /// Panels of the left side that hold so many rows.
    func bands(_ rows: Int) -> Int { (rows + self.rows - 1) / self.rows }
    /// Panels of the right side that hold so many columns.
    package func panels(_ columns: Int) -> Int { (columns + self.columns - 1) / self.columns }
    /// Units that hold so many numbers of k.
    func units(_ k: Int) -> Int { (k + numbers - 1) / numbers }
    /// The numbers that some units of k hold.
    func numbers(_ units: Range<Int>, of k: Int) -> Range<Int> {
        units.lowerBound * numbers..<min(units.upperBound * numbers, k)
    }
}

extension simile_product_kernels {
    /// The blocks that so many numbers of k are multiplied in.
    func blocks(_ k: Int) -> Int { (shape.units(k) + most_units - 1) / most_units }
}

/// Memory for packed panels, which stays in the caches from one product to the next.
private struct PackingScratch: @unchecked Sendable {
    private static let free = Locked<[PackingScratch]>([])
    private let storage: Storage
    let sizeOfLeft: Int
    private let sizeOfRight: Int
    /// The most stages that run together.
    let counters = 64
    private let firstCounter: UnsafeMutablePointer<Atomic<Int>>

    private init(workers: Int) {
        // Every form of panels must find room: tests use some that are not this processor's.
        let forms = [
            VectorKernels.best.products, simile_bfloat16_products_emulated,
            simile_bfloat16_tiles_emulated,
        ]
        func size(_ words: (simile_panel_shape) -> Int) -> Int {
            forms.map { words($0.shape) * $0.most_units }.max() ?? 0
        }
        sizeOfLeft = size { $0.bands(GEMM.mostRows) * $0.left_words }
        sizeOfRight = size { GEMM.mostPanels * $0.right_words }
        storage = Storage(sizeOfLeft + workers * sizeOfRight)
        // Never freed: a scratch is used again as long as the process lives.
        firstCounter = .allocate(capacity: counters)
        for i in 0..<counters { (firstCounter + i).initialize(to: Atomic(0)) }
    }

    /// The packed left sides, for all.
    var left: UnsafeMutablePointer<Float> { storage.base }
    /// A worker's own place.
    func right(of worker: Int) -> UnsafeMutablePointer<Float> {
        storage.base + sizeOfLeft + worker * sizeOfRight
    }
    /// A counter that stands at 0.
    func counter(_ index: Int) -> UnsafeMutablePointer<Atomic<Int>> {
        firstCounter[index].store(0, ordering: .relaxed)
        return firstCounter + index
    }

    static func take(workers: Int) -> PackingScratch {
        free.withLock { $0.popLast() } ?? PackingScratch(workers: workers)
    }

    static func giveBack(_ scratch: PackingScratch) { free.withLock { $0.append(scratch) } }
}
