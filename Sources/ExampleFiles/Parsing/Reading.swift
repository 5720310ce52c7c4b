/// Reads the records of a file, or of parallel ones, whose layout is known into a table.
struct Reading {
    /// The file that messages name.
    let path: String
    let layout: ExampleLayout
    let options: ExampleFileOptions
    let request: ExampleRequest
    /// What else the quotes of the file could be.
    var scan: QuotingScan?
    /// The file, or parallel ones, of which each holds the texts of a column.
    let files: [FileContents]
    /// How to find a record again.
    let format: RecordFormat
    /// About how many rows there are.
    var estimatedRows = 0
    /// Rows whose positions are in memory.
    var rowsInMemory = RowPositions.mostInMemory

    /// Reads all records of the source.
    func read(
        _ source: any RecordSource
    ) throws(ExampleFileError) -> (table: ExampleTable, report: ReadReport) {
        if case .none = layout.target { return try read(source, NoLabelParser()) }
        switch request.labels {
        case .none: return try read(source, NoLabelParser())
        case .scores, .optionalScores:
            return try read(source, ScoreParser(path: path, known: layout.knownRange, options))
        case .rawScores, .vectors:
            let areVectors = request.labels == .vectors
            return try read(source, NumberParser(options, areVectors: areVectors))
        case .classes:
            let isPairs = layout.texts.count == 2 && layout.negatives == nil
            let stated = options.labels ?? (isPairs ? .inference : nil)
            guard let stated else { return try read(source, FoundClassParser(options)) }
            return try read(source, ClassParser(path: path, stated, options))
        }
    }

    private func read<Parser: TargetParser>(
        _ source: any RecordSource, _ parser: Parser
    ) throws(ExampleFileError) -> (table: ExampleTable, report: ReadReport) {
        var reader = RowReader(
            path: path, layout: layout, parser: parser, options: options, request: request,
            scan: scan,
            positions: files.map { RowPositions(of: $0.path, inMemory: rowsInMemory) })
        reader.reserve(estimatedRows)
        try reader.readAll(source)
        var report = reader.report
        report.unpackedTo = files.compactMap(\.unpackedTo).first
        let labels = reader.parser.labels
        if parser is FoundClassParser, case .classes(_, let names) = labels {
            report.classNames = names
        }
        let columns = columns(reader.positions, negatives: reader.negatives.columns)
        let hasTarget = if case .none = layout.target { false } else { true }
        let table = ExampleTable(
            columnNames: ExampleLayout.roles(columns.count, hasTarget: hasTarget),
            labels: labels, digest: reader.digest.value(labels),
            parts: [.init(name: files[0].path, columns: columns, end: reader.count)],
            rowsDigest: reader.digest.rows)
        return (table, report)
    }

    /// Where the texts of each column of the table are.
    private func columns(
        _ positions: [RowPositions], negatives: Int
    ) -> [(rows: any RowStore, column: Int)] {
        guard files.count == 1 else {
            return files.indices.map { index in
                (
                    FileRows(
                        files[index], format, [.field(0)], positions[index], firstColumn: index), 0
                )
            }
        }
        let list = layout.negatives.map { field in
            (0..<negatives).map { TextPlace.element(field: field, $0) }
        }
        let places = layout.texts + (list ?? [])
        let rows = FileRows(files[0], format, places, positions[0])
        return places.indices.map { (rows, $0) }
    }
}
