/// Finds records of a file again, at less cost where they are asked for in the order of the file.
struct RecordFinder {
    private let contents: FileContents
    private let lines: LineStream
    private var source: any RecordSource
    private var record = Record()

    /// - Parameter chunk: How many bytes to read at a time.
    init(_ format: RecordFormat, in contents: FileContents, chunk: Int) {
        self.contents = contents
        lines = LineStream(again: contents, chunk: chunk)
        source = format.source(lines)
    }

    /// The record that starts at a place; an empty one when the file has changed since it was read.
    mutating func record(at offset: Int) -> Record {
        lines.seek(to: offset)
        let isThere = (try? source.next(into: &record)) == true
        if !isThere { record.reset() }
        // What fails now did not fail before.
        if !isThere || record.fault != nil { contents.noteFailure() }
        return record
    }
}
