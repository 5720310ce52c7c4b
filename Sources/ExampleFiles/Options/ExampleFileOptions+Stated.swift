/// Which options are stated, that is, differ from their defaults; and stated options over others.
extension ExampleFileOptions {
    /// The keys of the options that are stated, in the order of `Key`.
    public var stated: [Key] { Key.allCases.filter { $0.field.isStated(self) } }

    /// These options, changed by those that `other` states; only the given keys if there are any.
    public func overlaid(with other: ExampleFileOptions, _ keys: [Key] = Key.allCases) -> Self {
        var result = self
        for key in keys where key.field.isStated(other) { key.field.copy(other, &result) }
        return result
    }

    /// Writes some of the options.
    func encode(_ keys: [Key], to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Key.self)
        for key in keys { try key.field.encode(self, &container, key) }
    }
}

/// An option whatever the type of its value.
private struct Field {
    let isStated: (ExampleFileOptions) -> Bool
    let copy: (ExampleFileOptions, inout ExampleFileOptions) -> Void
    let encode:
        (
            ExampleFileOptions, inout KeyedEncodingContainer<ExampleFileOptions.Key>,
            ExampleFileOptions.Key
        ) throws -> Void

    init<Value: Equatable & Encodable>(_ path: WritableKeyPath<ExampleFileOptions, Value>) {
        isStated = { $0[keyPath: path] != ExampleFileOptions()[keyPath: path] }
        copy = { $1[keyPath: path] = $0[keyPath: path] }
        encode = { try $1.encode($0[keyPath: path], forKey: $2) }
    }
}

extension ExampleFileOptions.Key {
    fileprivate var field: Field {
        switch self {
        case .format: Field(\.format)
        case .delimiter: Field(\.delimiter)
        case .quoting: Field(\.quoting)
        case .header: Field(\.header)
        case .columns: Field(\.columns)
        case .first: Field(\.first)
        case .second: Field(\.second)
        case .score: Field(\.score)
        case .scores: Field(\.scores)
        case .label: Field(\.label)
        case .filters: Field(\.filters)
        case .scoreRange: Field(\.scoreRange)
        case .decimalComma: Field(\.decimalComma)
        case .labels: Field(\.labels)
        case .labelOrder: Field(\.labelOrder)
        case .skippedLabels: Field(\.skippedLabels)
        case .maxRejectedShare: Field(\.maxRejectedShare)
        }
    }
}
