import Foundation

/// Reads files of scored or labelled sentence pairs.
///
/// TSV, CSV and JSON lines, plain or gzip-compressed, are recognised by their content, as are the
/// files of the STS benchmark, SICK, SNLI, MultiNLI and AllNLI. Nothing is guessed silently: scores
/// need a known or stated range, numeric labels a stated order, a column that two could be its name,
/// quotes of two meanings the one meant, and damaged lines stop the reading unless a share of them is
/// allowed. Rows are in the order of the file.
///
/// A held-out file may be read with the options of the `training` file where it leaves something open
/// and has no options of its own: see `TrainingFileOptions`.
public enum PairFile {
    /// Reads pairs with scores, scaled to 0...1.
    ///
    /// - Throws: `PairFileError` that names the file, the line and the likely fix.
    public static func readScored(
        _ path: String, options: PairFileOptions = .init(), training: TrainingFileOptions? = nil
    ) throws(PairFileError) -> (dataset: PairDataset<Float>, report: ReadReport) {
        try readScored(LineStream(path: path), options, training)
    }

    /// Reads pairs with scores from bytes; `name` stands for the path in messages.
    ///
    /// - Throws: `PairFileError` that names the file, the line and the likely fix.
    public static func readScored(
        contents: [UInt8], name: String, options: PairFileOptions = .init(),
        training: TrainingFileOptions? = nil
    ) throws(PairFileError) -> (dataset: PairDataset<Float>, report: ReadReport) {
        try readScored(LineStream(contents: contents, name: name), options, training)
    }

    /// Reads pairs with class labels.
    ///
    /// - Throws: `PairFileError` that names the file, the line and the likely fix.
    public static func readLabelled(
        _ path: String, options: PairFileOptions = .init(), training: TrainingFileOptions? = nil
    ) throws(PairFileError) -> (dataset: PairDataset<Int32>, report: ReadReport) {
        try readLabelled(LineStream(path: path), options, training)
    }

    /// Reads pairs with class labels from bytes; `name` stands for the path in messages.
    ///
    /// - Throws: `PairFileError` that names the file, the line and the likely fix.
    public static func readLabelled(
        contents: [UInt8], name: String, options: PairFileOptions = .init(),
        training: TrainingFileOptions? = nil
    ) throws(PairFileError) -> (dataset: PairDataset<Int32>, report: ReadReport) {
        try readLabelled(LineStream(contents: contents, name: name), options, training)
    }

    /// Reads pairs with class labels from three files whose lines of the same number belong
    /// together, such as `s1.train`, `s2.train` and `labels.train`.
    ///
    /// - Throws: `PairFileError` that names the file, the line and the likely fix.
    public static func readLabelled(
        first: String, second: String, labels: String, options: PairFileOptions = .init(),
        training: TrainingFileOptions? = nil
    ) throws(PairFileError) -> (dataset: PairDataset<Int32>, report: ReadReport) {
        let options = try training?.parallelOptions(options, path: labels) ?? options
        var files: [LineStream] = []
        for path in [first, second, labels] { files.append(try LineStream(path: path)) }
        let layout = PairLayout(
            format: "parallel files", columns: [first, second, labels], first: 0, second: 1,
            target: 2)
        var reader = RowReader(
            path: labels, layout: layout, parser: try LabelParser(path: labels, options),
            options: options)
        var source = ParallelSource(files: files)
        let pairs = try reader.readAll(&source)
        return (PairDataset(name: first, pairs: pairs), reader.report)
    }

    private static func readScored(
        _ lines: LineStream, _ options: PairFileOptions, _ training: TrainingFileOptions?
    ) throws(PairFileError) -> (dataset: PairDataset<Float>, report: ReadReport) {
        let file = try OpenedFile(lines, options, training, .score)
        let parser = ScoreParser(
            path: lines.path, known: file.layout.knownRange, file.options)
        let (pairs, report) = try file.read(lines.path, parser)
        return (PairDataset(name: lines.path, pairs: pairs), report)
    }

    private static func readLabelled(
        _ lines: LineStream, _ options: PairFileOptions, _ training: TrainingFileOptions?
    ) throws(PairFileError) -> (dataset: PairDataset<Int32>, report: ReadReport) {
        let file = try OpenedFile(lines, options, training, .label)
        let parser = try LabelParser(path: lines.path, file.options)
        let (pairs, report) = try file.read(lines.path, parser)
        return (PairDataset(name: lines.path, pairs: pairs), report)
    }
}

extension OpenedFile {
    fileprivate func read<Parser: TargetParser>(
        _ path: String, _ parser: Parser
    ) throws(PairFileError) -> (pairs: [SentencePair<Parser.Label>], report: ReadReport) {
        var reader = RowReader(
            path: path, layout: layout, parser: parser, options: options, scan: scan)
        var source = source
        let pairs = try reader.readAll(&source)
        return (pairs, reader.report)
    }
}
