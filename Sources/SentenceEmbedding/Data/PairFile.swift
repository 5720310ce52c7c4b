import Foundation

/// Reads files of scored or labelled sentence pairs.
///
/// TSV, CSV and JSON lines, plain or gzip-compressed, are recognised by their content, as are the
/// files of the STS benchmark, SICK, SNLI, MultiNLI and AllNLI. Nothing is guessed silently: scores
/// need a known or stated range, numeric labels a stated order, and damaged lines stop the reading
/// unless a share of them is allowed. Rows are in the order of the file.
public enum PairFile {
    /// Reads pairs with scores, scaled to 0...1.
    ///
    /// - Throws: `PairFileError` that names the file, the line and the likely fix.
    public static func readScored(
        _ path: String, options: PairFileOptions = .init()
    ) throws(PairFileError) -> (dataset: PairDataset<Float>, report: ReadReport) {
        try readScored(LineStream(path: path), options)
    }

    /// Reads pairs with scores from bytes; `name` stands for the path in messages.
    ///
    /// - Throws: `PairFileError` that names the file, the line and the likely fix.
    public static func readScored(
        contents: [UInt8], name: String, options: PairFileOptions = .init()
    ) throws(PairFileError) -> (dataset: PairDataset<Float>, report: ReadReport) {
        try readScored(LineStream(contents: contents, name: name), options)
    }

    /// Reads pairs with class labels.
    ///
    /// - Throws: `PairFileError` that names the file, the line and the likely fix.
    public static func readLabelled(
        _ path: String, options: PairFileOptions = .init()
    ) throws(PairFileError) -> (dataset: PairDataset<Int32>, report: ReadReport) {
        try readLabelled(LineStream(path: path), options)
    }

    /// Reads pairs with class labels from bytes; `name` stands for the path in messages.
    ///
    /// - Throws: `PairFileError` that names the file, the line and the likely fix.
    public static func readLabelled(
        contents: [UInt8], name: String, options: PairFileOptions = .init()
    ) throws(PairFileError) -> (dataset: PairDataset<Int32>, report: ReadReport) {
        try readLabelled(LineStream(contents: contents, name: name), options)
    }

    /// Reads pairs with class labels from three files whose lines of the same number belong
    /// together, such as `s1.train`, `s2.train` and `labels.train`.
    ///
    /// - Throws: `PairFileError` that names the file, the line and the likely fix.
    public static func readLabelled(
        first: String, second: String, labels: String, options: PairFileOptions = .init()
    ) throws(PairFileError) -> (dataset: PairDataset<Int32>, report: ReadReport) {
        var files: [LineStream] = []
        for path in [first, second, labels] { files.append(try LineStream(path: path)) }
        let layout = PairLayout(
            format: "parallel files", columns: [first, second, labels], first: 0, second: 1,
            target: 2)
        var reader = RowReader(
            path: labels, layout: layout, parser: try LabelParser(path: labels, options),
            maxRejectedShare: options.maxRejectedShare)
        var source = ParallelSource(files: files)
        let pairs = try reader.readAll(&source, startingWith: nil)
        return (PairDataset(name: first, pairs: pairs), reader.report)
    }

    private static func readScored(
        _ lines: LineStream, _ options: PairFileOptions
    ) throws(PairFileError) -> (dataset: PairDataset<Float>, report: ReadReport) {
        var opened = try OpenedFile(lines, options, .score)
        let parser = ScoreParser(
            path: lines.path, stated: options.scoreRange, known: opened.layout.knownRange)
        var reader = RowReader(
            path: lines.path, layout: opened.layout, parser: parser,
            maxRejectedShare: options.maxRejectedShare)
        let pairs = try reader.readAll(&opened.source, startingWith: opened.pending)
        return (PairDataset(name: lines.path, pairs: pairs), reader.report)
    }

    private static func readLabelled(
        _ lines: LineStream, _ options: PairFileOptions
    ) throws(PairFileError) -> (dataset: PairDataset<Int32>, report: ReadReport) {
        let parser = try LabelParser(path: lines.path, options)
        var opened = try OpenedFile(lines, options, .label)
        var reader = RowReader(
            path: lines.path, layout: opened.layout, parser: parser,
            maxRejectedShare: options.maxRejectedShare)
        let pairs = try reader.readAll(&opened.source, startingWith: opened.pending)
        return (PairDataset(name: lines.path, pairs: pairs), reader.report)
    }
}
