/// What a held-out file may take from the training file's options.
///
/// They describe the training file. A held-out file with options of its own takes none of them, one
/// whose format or header says what is where takes only what these do not say (the range of the
/// scores, the order of numeric labels, quoting, filters, decimal commas), a format that others
/// publish not even that, and any other file is read as the training file is.
public struct TrainingFileOptions: Sendable, Equatable {
    /// The options of the training file.
    public let options: PairFileOptions
    /// The columns it has: numbers of columns mean the same only in files with as many.
    public let columnCount: Int

    /// Creates the options of a training file with so many columns.
    public init(options: PairFileOptions, columnCount: Int) {
        self.options = options
        self.columnCount = columnCount
    }

    /// Creates the options of a training file that was read as the report says.
    public init(_ options: PairFileOptions, _ report: ReadReport) {
        self.init(options: options, columnCount: report.columnCount)
    }

    /// The options for three parallel held-out files, which have no columns.
    func parallelOptions(
        _ own: PairFileOptions, path: String
    ) throws(PairFileError) -> PairFileOptions {
        for key in Self.layout(.label) + [.quoting, .filters] where own.stated.contains(key) {
            throw .uselessOption(path: path, key: key)
        }
        return own.overlaid(
            with: options, own.stated.isEmpty ? Self.common + [.labelOrder] : Self.common
        )
        .overlaid(with: own)
    }

    /// What hold for all files of a run.
    static let common: [PairFileOptions.Key] = [.labels, .skippedLabels, .maxRejectedShare]

    /// What a file may leave unsaid whose columns are known.
    fileprivate static func unsaid(_ target: PairTarget) -> [PairFileOptions.Key] {
        [.quoting, .filters] + (target == .score ? [.scoreRange, .decimalComma] : [.labelOrder])
    }

    /// What says where to find the columns.
    fileprivate static func layout(_ target: PairTarget) -> [PairFileOptions.Key] {
        [.format, .delimiter, .header, .first, .second, target.key]
    }
}

/// A pair file whose format and columns have been found.
struct OpenedFile {
    var source: any RecordSource
    let layout: PairLayout
    /// The options in effect, with those taken from the training file.
    let options: PairFileOptions
    /// What else the quotes of the file could be.
    let scan: QuotingScan?

    /// Recognises the format and the columns from the first lines.
    init(
        _ lines: LineStream, _ options: PairFileOptions, _ training: TrainingFileOptions?,
        _ target: PairTarget
    ) throws(PairFileError) {
        let finder = FormatFinder(path: lines.path, sample: try lines.firstLines(), target: target)
        let reading = try Self.reading(finder, options, training)
        (source, scan) = try reading.source(lines)
        layout = reading.layout
        self.options = reading.options
        guard (0...1).contains(self.options.maxRejectedShare ?? 0) else {
            throw .badOption(
                path: lines.path,
                reason: "the share of rejected lines allowed is "
                    + "\(self.options.maxRejectedShare ?? 0); it must lie in 0...1")
        }
    }

    private static func reading(
        _ finder: FormatFinder, _ own: PairFileOptions, _ training: TrainingFileOptions?
    ) throws(PairFileError) -> FileReading {
        guard let training else { return try finder.find(own) }
        let common = PairFileOptions().overlaid(with: training.options, TrainingFileOptions.common)
        let isStated = own.stated.contains { !TrainingFileOptions.common.contains($0) }
        let plain = common.overlaid(with: own)
        if isStated { return try finder.find(plain) }
        if let reading = try? finder.find(plain), reading.layout.isPublished { return reading }

        let layout = TrainingFileOptions.layout(finder.target)
        let unsaid = TrainingFileOptions.unsaid(finder.target)
        // A file that has the columns which are stated by name is laid out like the training file.
        if training.namesColumns,
            let reading = try? training.share(unsaid + layout, plain, finder)
        {
            return reading
        }
        // First as little as possible from the training file, then the column of the score or label,
        // at last all.
        let target = finder.target.key
        var (failure, last): (PairFileError?, PairFileError?) = (nil, nil)
        for added in [[], [target], layout] {
            guard added.isEmpty || training.options.stated.contains(where: added.contains) else {
                continue
            }
            do throws(PairFileError) {
                return try training.share(unsaid + added, plain, finder)
            } catch {
                last = failure == nil ? nil : error
                failure = failure ?? error
            }
        }
        guard let failure else { return try finder.find(plain) }
        guard let last else { throw failure }
        throw .notLikeTrainingFile(failure, other: last)
    }
}

extension TrainingFileOptions {
    private var columns: [(PairFileOptions.Key, PairColumn?)] {
        [
            (.first, options.first), (.second, options.second), (.score, options.score),
            (.label, options.label),
        ]
    }

    /// Whether a column of the training file is stated by its name.
    fileprivate var namesColumns: Bool {
        columns.contains { if case .name = $0.1 { true } else { false } }
    }

    /// Reads a file with some options of the training file.
    fileprivate func share(
        _ keys: [PairFileOptions.Key], _ own: PairFileOptions, _ finder: FormatFinder
    ) throws(PairFileError) -> FileReading {
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
