/// A file of examples and its own options, as a recipe writes it: a path, or `{path: ..., first: ...}`.
public struct ExampleSource: Sendable, Hashable {
    /// The file; `first,second,labels` for parallel ones.
    public var path: String
    /// The options that are stated for this file.
    public var options: ExampleFileOptions

    /// Creates a source.
    public init(_ path: String, _ options: ExampleFileOptions = .init()) {
        self.path = path
        self.options = options
    }

    /// The keys of the long form; the classes are those of the whole run.
    public static let keys =
        [PathKey.path.rawValue]
        + ExampleFileOptions.Key.allCases.filter { $0 != .labels }.map(\.rawValue)

    private enum PathKey: String, CodingKey { case path }
}

extension ExampleSource: Codable {
    /// Reads a path, or a mapping with a `path`.
    public init(from decoder: any Decoder) throws {
        if let path = try? decoder.singleValueContainer().decode(String.self) {
            self.init(path)
        } else {
            let path = try decoder.container(keyedBy: PathKey.self)
                .decode(String.self, forKey: .path)
            self.init(path, try ExampleFileOptions(from: decoder))
        }
    }

    /// Writes the path alone when no option is stated.
    public func encode(to encoder: any Encoder) throws {
        let stated = options.stated
        guard !stated.isEmpty else {
            var container = encoder.singleValueContainer()
            return try container.encode(path)
        }
        var container = encoder.container(keyedBy: PathKey.self)
        try container.encode(path, forKey: .path)
        try options.encode(stated, to: encoder)
    }
}
