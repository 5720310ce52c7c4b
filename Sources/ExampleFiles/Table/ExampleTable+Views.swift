import Support

/// Other tables of the same rows; texts stay where they are.
extension ExampleTable {
    /// A table of some of the columns, which may repeat: `[0, 0]` is the data of SimCSE (Gao et al. 2021,
    /// arXiv:2104.08821), where a text is its own positive.
    public func using(_ columns: [Int]) -> ExampleTable {
        precondition(!columns.isEmpty, "a table has one or more columns")
        precondition(
            columns.allSatisfy(columnNames.indices.contains),
            "columns \(columns) of a table of \(columnNames.count)")
        guard columns != Array(columnNames.indices) else { return self }
        var digest = ContentDigest(after: digest)
        for column in columns { digest.add(UInt64(column)) }
        return ExampleTable(
            columnNames: columns.map { columnNames[$0] }, labels: labels, digest: digest.value,
            parts: parts.map { part in
                Part(name: part.name, columns: columns.map { part.columns[$0] }, end: part.end)
            }, selection: selection)
    }

    /// A table of the same texts with other labels, as many as there are rows.
    ///
    /// Of vectors, which may be a large file, no more than a thousand enter the digest.
    public func labelled(by labels: LabelColumn) -> ExampleTable {
        precondition(labels.count ?? count == count, "\(count) rows, \(labels.count ?? 0) labels")
        var digest = ContentDigest(after: digest)
        let step = if case .vectors = labels { max(1, count / 1000) } else { 1 }
        if labels.count != nil {
            for row in stride(from: 0, to: count, by: step) {
                labels.forEachBits(of: row) { digest.add($0) }
            }
        }
        return ExampleTable(
            columnNames: columnNames, labels: labels, digest: digest.value, parts: parts,
            selection: selection)
    }

    /// A table of some of the rows, in the order given; it costs 4 bytes a row.
    public func rows(_ indices: [Int]) -> ExampleTable {
        precondition(indices.allSatisfy { $0 >= 0 && $0 < count }, "rows of a table of \(count)")
        let chosen = indices.map { index in selection?[index] ?? UInt32(index) }
        var digest = ContentDigest(after: digest)
        for index in indices { digest.add(UInt64(index)) }
        return ExampleTable(
            columnNames: columnNames, labels: labels.rows(indices), digest: digest.value,
            parts: parts, selection: chosen)
    }

    /// Two tables: the rows to train on, and about `share` of them, in 0...1, held out.
    ///
    /// A row's texts and the seed decide, so that rows of the same texts always fall on the same side, whatever the
    /// order and whatever else there is. Both keep the order of the rows.
    public func split(
        share: Double, seed: UInt64
    ) -> (training: ExampleTable, heldOut: ExampleTable) {
        precondition((0...1).contains(share), "a share of \(share): it must lie in 0...1")
        let limit = Int(share * Double(1 << 32))
        var (training, heldOut): ([Int], [Int]) = ([], [])
        forEachRow { row, texts in
            var digest = ContentDigest()
            for text in texts { digest.add(ContentDigest(trimmed: text ?? "").value) }
            var generator = SplitMix64(seed: digest.value, stream: seed)
            if Int(generator.next() >> 32) < limit {
                heldOut.append(row)
            } else {
                training.append(row)
            }
        }
        return (rows(training), rows(heldOut))
    }
}

extension LabelColumn {
    /// The labels of some rows.
    func rows(_ indices: [Int]) -> LabelColumn {
        switch self {
        case .none: return .none
        case .scores(let scores): return .scores(indices.map { scores[$0] })
        case .classes(let ids, let names):
            return .classes(indices.map { ids[$0] }, names: names)
        case .vectors(let vector, _, let width):
            let chosen = indices.map { UInt32(clamping: $0) }
            return .vectors({ vector(Int(chosen[$0])) }, count: chosen.count, width: width)
        }
    }
}
