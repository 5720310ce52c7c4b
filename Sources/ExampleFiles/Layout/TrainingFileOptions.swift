/// What a held-out file may take from the training file's options.
///
/// They describe the training file. A held-out file with options of its own takes none of them, one
/// whose format or header says what is where takes only what these do not say (the range of the
/// scores, the order of numeric labels, quoting, filters, decimal commas), a format that others
/// publish not even that, and any other file is read as the training file is.
public struct TrainingFileOptions: Sendable, Equatable {
    /// The options of the training file.
    public let options: ExampleFileOptions
    /// The columns it has: numbers of columns mean the same only in files with as many.
    public let columnCount: Int

    /// Creates the options of a training file with so many columns.
    public init(options: ExampleFileOptions, columnCount: Int) {
        self.options = options
        self.columnCount = columnCount
    }

    /// Creates the options of a training file that was read as the report says; the classes found in it are those of
    /// the run.
    public init(_ options: ExampleFileOptions, _ report: ReadReport) {
        var options = options
        if options.labels == nil, !report.classNames.isEmpty {
            options.labels = LabelSet(found: report.classNames)
        }
        self.init(options: options, columnCount: report.columnCount)
    }

    /// The options for parallel held-out files, which have no columns.
    func parallelOptions(
        _ own: ExampleFileOptions, _ request: ExampleRequest
    ) -> ExampleFileOptions {
        own.overlaid(
            with: options, own.stated.isEmpty ? Self.common + Self.values(request) : Self.common
        )
        .overlaid(with: own)
    }

    /// Refuses options that say nothing about parallel files, which have no columns.
    static func requireParallel(
        _ own: ExampleFileOptions, _ request: ExampleRequest, path: String
    ) throws(ExampleFileError) {
        for key in layout(request) + [.quoting, .filters] where own.stated.contains(key) {
            throw .uselessOption(path: path, key: key)
        }
    }

    /// What hold for all files of a run.
    static let common: [ExampleFileOptions.Key] = [.labels, .skippedLabels, .maxRejectedShare]

    /// What a file may leave unsaid whose columns are known.
    static func unsaid(_ request: ExampleRequest) -> [ExampleFileOptions.Key] {
        [.quoting, .filters] + values(request)
    }

    /// What says how to take scores or labels.
    private static func values(_ request: ExampleRequest) -> [ExampleFileOptions.Key] {
        switch request.labels {
        case .none: []
        case .scores, .optionalScores: [.scoreRange, .decimalComma]
        case .rawScores, .vectors: [.decimalComma]
        case .classes: [.labelOrder]
        }
    }

    /// What says where to find the columns.
    static func layout(_ request: ExampleRequest) -> [ExampleFileOptions.Key] {
        [.format, .delimiter, .header, .columns, .first, .second] + request.labels.keys
    }
}

extension TrainingFileOptions {
    private var columns: [(ExampleFileOptions.Key, ExampleColumn?)] {
        [
            (.first, options.first), (.second, options.second), (.score, options.score),
            (.label, options.label),
        ] + (options.columns ?? []).map { (.columns, $0) }
            + (options.scores ?? []).map { (.scores, $0) }
    }

    /// Whether a column of the training file is stated by its name.
    var namesColumns: Bool {
        columns.contains { if case .name = $0.1 { true } else { false } }
    }

    /// Reads a file with some options of the training file.
    func share(
        _ keys: [ExampleFileOptions.Key], _ own: ExampleFileOptions, _ finder: FormatFinder
    ) throws(ExampleFileError) -> FileReading {
        var reading = try finder.find(own.overlaid(with: options, keys))
        reading.layout.shared = options.stated.filter(keys.contains)
        let countsColumns = columns.contains { key, column in
            if case .number = column { keys.contains(key) } else { false }
        }
        guard !countsColumns || reading.layout.columns.count == columnCount else {
            throw .badOption(
                path: finder.path,
                reason:
                    "it has \(reading.layout.columns.count) columns, and the training file, whose "
                    + "columns are stated by number, \(columnCount)")
        }
        return reading
    }
}
