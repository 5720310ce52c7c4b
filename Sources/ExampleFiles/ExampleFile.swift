import Foundation
import Support

/// Reads files of examples: pairs with scores or labels, pairs without, triplets, texts with classes, and others.
///
/// TSV, CSV, JSON lines and lines of text, plain or gzip-compressed, are recognised by their content, as are the
/// files of the STS benchmark, SICK, SNLI, MultiNLI and AllNLI, and those that FlagEmbedding, Tevatron,
/// sentence-transformers and Hugging Face `datasets` write. Nothing is guessed silently: scores
/// need a known or stated range, numeric labels a stated order, a column that two could be its name,
/// quotes of two meanings the one meant, and damaged lines stop the reading unless a share of them is
/// allowed. Rows are in the order of the file.
///
/// A held-out file may be read with the options of the `training` file where it leaves something open
/// and has no options of its own: see `TrainingFileOptions`.
///
/// The texts stay in the file: a row costs 12 bytes, whatever its columns (24 in parallel files of pairs), and 4 for
/// each number of its label. The 12 bytes of rows beyond 16 million are in a file without a name. Files up to 64 MiB,
/// unpacked, are in memory besides. A larger one is left alone and kept open; what becomes of it in the meantime,
/// `ExampleTable.requireUnchangedFiles` tells. A compressed one that is larger is unpacked once, into a file without a
/// name beside it, or in the temporary folder where that cannot be written.
public enum ExampleFile {
    /// Reads a file, standard input where the path is `-`, or parallel ones, `first,second,labels`, whose lines of the
    /// same number belong together.
    ///
    /// - Throws: `ExampleFileError` that names the file, the line and the likely fix.
    public static func read(
        _ path: String, options: ExampleFileOptions = .init(), as request: ExampleRequest,
        training: TrainingFileOptions? = nil
    ) throws(ExampleFileError) -> (table: ExampleTable, report: ReadReport) {
        let files = paths(path, request)
        if files.count > 1 {
            return try read(parallel: files, options: options, as: request, training: training)
        }
        return try read(FileContents(path: path), options, request, training)
    }

    /// Reads bytes; `name` stands for the path in messages.
    ///
    /// - Throws: `ExampleFileError` that names the file, the line and the likely fix.
    public static func read(
        contents: [UInt8], name: String, options: ExampleFileOptions = .init(),
        as request: ExampleRequest, training: TrainingFileOptions? = nil
    ) throws(ExampleFileError) -> (table: ExampleTable, report: ReadReport) {
        try read(FileContents(contents, name: name), options, request, training)
    }

    /// Reads files whose lines of the same number belong together, such as `s1.train`, `s2.train` and `labels.train`:
    /// the texts, and last the scores or labels if some are wanted.
    ///
    /// - Throws: `ExampleFileError` that names the file, the line and the likely fix.
    public static func read(
        parallel paths: [String], options: ExampleFileOptions = .init(),
        as request: ExampleRequest, training: TrainingFileOptions? = nil
    ) throws(ExampleFileError) -> (table: ExampleTable, report: ReadReport) {
        let hasLabels = request.labels.areNeeded
        let last = paths.last ?? ""
        try TrainingFileOptions.requireParallel(options, request, path: last)
        let options = training?.parallelOptions(options, request) ?? options
        var (files, streams): ([FileContents], [LineStream]) = ([], [])
        for path in paths {
            let file = try FileContents(path: path)
            files.append(file)
            streams.append(try LineStream(file))
        }
        let texts = hasLabels ? paths.count - 1 : paths.count
        guard request.columns.contains(texts) else {
            throw .missingTexts(
                path: last, wanted: request.texts, found: Array(paths.prefix(max(texts, 1))),
                keys: [.columns])
        }
        let layout = ExampleLayout(
            format: "parallel files", columns: paths, texts: (0..<texts).map { .field($0) },
            target: hasLabels ? .column(texts) : .none)
        let reading = Reading(
            path: last, layout: layout, options: options, request: request,
            files: Array(files.prefix(texts)), format: .lines)
        return try reading.read(ParallelSource(files: streams))
    }

    /// The files that a path means: `first,second,labels` as many as it names if that is as many as are wanted, and no
    /// file has this name itself; anything else itself.
    static func paths(_ path: String, _ request: ExampleRequest) -> [String] {
        let files = path.split(separator: ",").map(String.init)
        let hasLabels = request.labels.areNeeded
        let texts = files.count - (hasLabels ? 1 : 0)
        return files.count > 1 && request.columns.contains(texts)
            && !FileManager.default.mayExist(atPath: path) ? files : [path]
    }

    /// Reads a file whose bytes are at hand.
    static func read(
        _ contents: FileContents, _ options: ExampleFileOptions, _ request: ExampleRequest,
        _ training: TrainingFileOptions?, rowsInMemory: Int = RowPositions.mostInMemory
    ) throws(ExampleFileError) -> (table: ExampleTable, report: ReadReport) {
        let lines = try LineStream(contents)
        let file = try OpenedFile(lines, options, training, request)
        let reading = Reading(
            path: lines.path, layout: file.layout, options: file.options, request: request,
            scan: file.scan, files: [contents], format: file.format,
            estimatedRows: file.estimatedRows(contents.count), rowsInMemory: rowsInMemory)
        return try reading.read(file.source)
    }
}
