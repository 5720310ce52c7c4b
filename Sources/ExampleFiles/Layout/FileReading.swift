/// How a file is to be read: what `FormatFinder` decides from the first lines.
struct FileReading {
    enum Format: Equatable {
        case jsonLines(JSONKeys)
        case text
        /// Quotes are text where `quoting` is false; `isStated` when the options say either.
        case delimited(by: UInt8, quoting: Bool, isStated: Bool)
    }

    let format: Format
    /// Whether the first record that is not blank names the columns.
    let hasHeader: Bool
    var layout: ExampleLayout
    /// The options that decided, with those taken from the training file.
    var options: ExampleFileOptions

    /// The records of the file after its header, and what else its quotes could be.
    func source(
        _ lines: LineStream
    ) throws(ExampleFileError) -> (any RecordSource, QuotingScan?) {
        switch format {
        case .jsonLines(let keys): return (JSONLinesSource(lines: lines, keys: keys), nil)
        case .text: return (TextSource(lines: lines), nil)
        case .delimited(let delimiter, quoting: true, _):
            return (try skippingHeader(CSVSource(lines: lines, delimiter: delimiter)), nil)
        case .delimited(let delimiter, quoting: false, let isStated):
            // The format of the STS benchmark has no quoting, whatever its sentences hold.
            let isKnown = isStated || layout.knownRange == .stsBenchmark && !hasHeader
            let scan = isKnown ? nil : QuotingScan(delimiter: delimiter)
            let source = DelimitedSource(lines: lines, delimiter: delimiter, scan: scan)
            return (try skippingHeader(source), scan)
        }
    }

    /// How to find a record again.
    var recordFormat: RecordFormat {
        switch format {
        case .jsonLines(let keys): .jsonLines(keys)
        case .text: .lines
        case .delimited(let delimiter, let quoting, _):
            quoting ? .quoted(by: delimiter) : .delimited(by: delimiter)
        }
    }

    private func skippingHeader<Source: RecordSource>(
        _ source: Source
    ) throws(ExampleFileError) -> Source {
        guard hasHeader else { return source }
        var (source, record) = (source, Record())
        repeat {} while try source.next(into: &record) && record.isBlank
        return source
    }
}
