import Support

/// JSON keys that the first records of a file, which say what its columns are, do not have.
struct LateKeys {
    let path: String
    let layout: ExampleLayout
    let request: ExampleRequest
    /// The keys, as many as are kept.
    private(set) var names: [String] = []
    /// The records that have any.
    private(set) var rows = 0

    private static let kept = 20

    init(path: String, layout: ExampleLayout, request: ExampleRequest) {
        self.path = path
        self.layout = layout
        self.request = request
    }

    /// Counts a record with such keys.
    ///
    /// - Throws: `ExampleFileError.lateKey` where the key would be a text or score of the row by its name.
    mutating func note(_ record: Record) throws(ExampleFileError) {
        rows += 1
        for key in record.lateKeys {
            let name = String(decoding: key, as: UTF8.self)
            if isWanted(name.trimmed.lowercased()) {
                throw .lateKey(path: path, line: record.line, key: name)
            }
            if names.count < Self.kept, !names.contains(name) { names.append(name) }
        }
    }

    private func isWanted(_ name: String) -> Bool {
        if case .none = layout.target, request.labels == .optionalScores,
            ColumnNames.scores.contains(name)
        {
            return true
        }
        return switch layout.scheme {
        case .none: false
        case .single: ColumnNames.texts.contains(name)
        case .pair(let first, let second):
            layout.texts.count < request.columns.upperBound
                && ColumnNames.continues((first, second), name)
        }
    }
}
