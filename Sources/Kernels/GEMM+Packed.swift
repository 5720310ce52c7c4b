import Synchronization

extension GEMM.Problem {
    /// Depth of the blocks of k: a panel of the left side stays in the first-level cache.
    private static var mostDepth: Int { 512 }
    /// Rows of the blocks of m, which bounds the memory for the packed left side.
    private static var mostRows: Int { 2016 }
    /// Panels of the right side that a task packs at a time: they stay in its second-level cache.
    private static var mostPanels: Int { 6 }

    /// With our own kernels: the threads pack the left side together, then each packs some columns of the
    /// right side and multiplies them while they are in its cache.
    ///
    /// Every element of c is a sum in the order of k, so neither the number of threads nor the other rows of
    /// `a` change a bit of it.
    func runPacked() {
        let kernels = VectorKernels.best
        let pool = ThreadPool.shared
        let (tall, wide) = (Int(kernels.product_rows), Int(kernels.product_columns))
        let leftWidth = wide / 2
        let panels = (n + wide - 1) / wide
        let rowBlocks = (m + Self.mostRows - 1) / Self.mostRows
        let depthBlocks = (k + Self.mostDepth - 1) / Self.mostDepth
        let scratch = PackingScratch.take(workers: pool.count)
        defer { PackingScratch.giveBack(scratch) }

        for rowBlock in 0..<rowBlocks {
            let rows = ThreadPool.piece(rowBlock, of: rowBlocks, count: m)
            let bands = (rows.count + tall - 1) / tall
            func rowsOf(_ own: Range<Int>) -> Range<Int> {
                rows.lowerBound + own.lowerBound
                    * tall..<min(rows.lowerBound + own.upperBound * tall, rows.upperBound)
            }
            // Two tasks or more for each thread, if it must be by cutting the rows too.
            let wanted = isSmall ? 1 : 2 * pool.count
            let columnTasks = max(
                (panels + Self.mostPanels - 1) / Self.mostPanels, min(panels, wanted))
            let rowTasks = min(bands, (wanted + columnTasks - 1) / columnTasks)
            for depthBlock in 0..<depthBlocks {
                let range = ThreadPool.piece(depthBlock, of: depthBlocks, count: k)
                let (first, depth) = (range.lowerBound, range.count)
                let packers = min(bands, wanted)
                pool.run(packers) { piece, worker in
                    let own = ThreadPool.piece(piece, of: packers, count: bands)
                    packLeft(
                        rowsOf(own), range,
                        into: scratch.left + own.lowerBound * leftWidth * depth,
                        activated: scratch.right(of: worker))
                }
                pool.run(columnTasks * rowTasks) { task, worker in
                    let own = ThreadPool.piece(task % columnTasks, of: columnTasks, count: panels)
                    let ownBands = ThreadPool.piece(task / columnTasks, of: rowTasks, count: bands)
                    let ownRows = rowsOf(ownBands)
                    let column = own.lowerBound * wide
                    let columns = min(own.upperBound * wide, n) - column
                    let right = scratch.right(of: worker)
                    kernels.pack(
                        right, wide, wide,
                        b + (opB == .plain ? first * n + column : column * k + first), strideB,
                        columns, depth, opB == .plain ? 0 : 1)
                    kernels.product(
                        c + ownRows.lowerBound * n + column, n,
                        scratch.left + ownBands.lowerBound * leftWidth * depth, ownRows.count,
                        right, columns, depth, depthBlock > 0 || beta == 1 ? 1 : 0,
                        bias.map { $0 + column })
                }
            }
        }
    }

    /// The panels of some rows of the left side, `depth` numbers of each row.
    private func packLeft(
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

    /// Memory for packed panels, which stays in the caches from one product to the next.
    private struct PackingScratch: @unchecked Sendable {
        private static let free = Mutex<[PackingScratch]>([])
        private let storage: Storage
        private let sizeOfLeft: Int
        private let sizeOfRight: Int

        private init(workers: Int) {
            let kernels = VectorKernels.best
            let (tall, wide) = (Int(kernels.product_rows), Int(kernels.product_columns))
            sizeOfLeft = (mostRows + tall - 1) / tall * wide / 2 * mostDepth
            sizeOfRight = mostPanels * wide * mostDepth
            storage = Storage(sizeOfLeft + workers * sizeOfRight)
        }

        /// The packed left side, for all.
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
}
