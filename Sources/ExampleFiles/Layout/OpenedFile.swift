/// A file whose format and columns have been found.
struct OpenedFile {
    var source: any RecordSource
    let layout: ExampleLayout
    let format: RecordFormat
    /// The options in effect, with those taken from the training file.
    let options: ExampleFileOptions
    /// What else the quotes of the file could be.
    let scan: QuotingScan?

    /// The number of lines and of bytes in the sample.
    private let sample: (lines: Int, bytes: Int)

    /// Recognises the format and the columns from the first lines.
    init(
        _ lines: LineStream, _ options: ExampleFileOptions, _ training: TrainingFileOptions?,
        _ request: ExampleRequest
    ) throws(ExampleFileError) {
        let finder = FormatFinder(
            path: lines.path, sample: try lines.firstLines(), request: request)
        sample = (finder.sample.count { $0 == 0x0a }, finder.sample.count)
        let reading = try Self.reading(finder, options, training)
        for key in reading.recordFormat.uselessOptions where options.stated.contains(key) {
            throw .uselessForFormat(path: lines.path, key: key, format: reading.layout.format)
        }
        (source, scan) = try reading.source(lines)
        layout = reading.layout
        format = reading.recordFormat
        self.options = reading.options
        guard (0...1).contains(self.options.maxRejectedShare ?? 0) else {
            throw .badOption(
                path: lines.path,
                reason: "the share of rejected lines allowed is "
                    + "\(self.options.maxRejectedShare ?? 0); it must lie in 0...1")
        }
    }

    /// About how many rows a file of so many bytes has, rather more than less: memory asked for and not used costs
    /// nothing.
    func estimatedRows(_ bytes: Int) -> Int {
        guard sample.bytes > 0 else { return 0 }
        // A sample of hardly more than line ends says nothing about the rest.
        return min(
            bytes / 16, Int(Double(bytes) / Double(sample.bytes) * Double(sample.lines + 1) * 1.25))
    }

    private static func reading(
        _ finder: FormatFinder, _ own: ExampleFileOptions, _ training: TrainingFileOptions?
    ) throws(ExampleFileError) -> FileReading {
        guard let training else { return try finder.find(own) }
        let common = ExampleFileOptions().overlaid(
            with: training.options, TrainingFileOptions.common)
        let isStated = own.stated.contains { !TrainingFileOptions.common.contains($0) }
        let plain = common.overlaid(with: own)
        if isStated { return try finder.find(plain) }
        if let reading = try? finder.find(plain), reading.layout.isPublished { return reading }

        let layout = TrainingFileOptions.layout(finder.request)
        let unsaid = TrainingFileOptions.unsaid(finder.request)
        // A file that has the columns which are stated by name is laid out like the training file.
        if training.namesColumns,
            let reading = try? training.share(unsaid + layout, plain, finder)
        {
            return reading
        }
        // First as little as possible from the training file, then the column of the score or label,
        // at last all.
        let target = finder.request.labels.keys
        var (failure, last): (ExampleFileError?, ExampleFileError?) = (nil, nil)
        for added in [[], target, layout] {
            guard failure == nil || training.options.stated.contains(where: added.contains) else {
                continue
            }
            do throws(ExampleFileError) {
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
