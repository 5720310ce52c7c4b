import Kernels

extension Tensor {
    /// The sum of one row from each table: [ids] to [ids, width].
    ///
    /// Every list of ids has the same length, and every table the same width; ids are in 0..<rows.
    public static func embeddingSum(
        _ lookups: [(ids: [Int32], table: Parameter)], on tape: Tape?
    ) -> Tensor {
        guard let first = lookups.first else { preconditionFailure("embeddingSum needs a table") }
        let width = first.table.shape[1]
        let tokens = first.ids.count
        for (ids, table) in lookups {
            precondition(
                ids.count == tokens && table.shape.rank == 2 && table.shape[1] == width,
                "embeddingSum: \(ids.count) ids of \(table.name) \(table.shape) beside \(tokens) of width \(width)"
            )
            let bad = ids.first { $0 < 0 || $0 >= table.shape[0] }
            precondition(bad == nil, "embeddingSum: id \(bad ?? 0) of \(table.name) \(table.shape)")
        }
        let y = Storage(tokens * width)
        let tables = lookups.map { ($0.ids, $0.table.value(ofRows: $0.ids)) }
        ThreadPool.shared.ranges(tokens, grain: 64) { range in
            for token in range {
                let row = y.base + token * width
                for (i, (ids, table)) in tables.enumerated() {
                    let source = table.base + Int(ids[token]) * width
                    if i == 0 {
                        row.update(from: source, count: width)
                    } else {
                        VectorKernels.best.add(row, source, width)
                    }
                }
            }
        }
        let shape: Shape = [tokens, width]
        guard let tape, tape.isRecording, lookups.contains(where: { !$0.table.isFrozen }) else {
            return Tensor(shape, y, tape: tape, slot: nil)
        }
        return tape.record(shape, y) { dy, _ in
            for (ids, table) in lookups { table.accumulateRowGradients(ids, dy.base) }
        }
    }
}
