import Foundation
import Simile
import Yams

/// Recipes as YAML files.
extension Recipe {
    private static let mostBytes = 1 << 20
    /// More lists and mappings inside each other than a recipe has use for would overflow the stack.
    private static let mostNesting = 1000

    /// Reads a recipe; a key that does not exist, or is there twice, is refused.
    init(yamlFile path: String) throws {
        guard let text = try? String(contentsOfFile: path, encoding: .utf8) else {
            throw CommandError.input("\(path): no such recipe, or not UTF-8 text; check the path")
        }
        try Self.refuseBombs(text, path)
        do {
            var root = try Yams.compose(yaml: text) ?? [:]
            // A file of comments alone.
            if root.null != nil { root = [:] }
            try Self.refuseUnknownKeys(root, path)
            self = try YAMLDecoder().decode(Recipe.self, from: root)
        } catch let error as CommandError {
            throw error
        } catch let error as DecodingError {
            throw CommandError.input("\(path): \(Self.sentence(error))")
        } catch YamlError.duplicatedKeysInMapping(let keys, let context) {
            let (key, first) = (keys.first ?? "", context.mark.line)
            let again = Self.line(of: key, in: text, after: first).map { ":\($0)" } ?? ""
            throw CommandError.input(
                "\(path)\(again): '\(key)' is given twice, first in line \(first); leave one of them"
            )
        } catch YamlError.scanner(_, let problem, let mark, _),
            YamlError.parser(_, let problem, let mark, _),
            YamlError.composer(_, let problem, let mark, _)
        {
            throw CommandError.input(
                "\(path):\(mark.line): not a YAML file that can be read: \(problem)")
        } catch {
            throw CommandError.input("\(path): not a YAML file that can be read (\(error))")
        }
    }

    /// The line, after another, on which a key stands again with the same indentation.
    private static func line(of key: String, in text: String, after first: Int) -> Int? {
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        guard lines.indices.contains(first - 1) else { return nil }
        let indentation = lines[first - 1].prefix { $0 == " " }
        return lines.indices.dropFirst(first).first {
            lines[$0].hasPrefix("\(indentation)\(key):")
        }.map { $0 + 1 }
    }

    /// Refuses what grows when it is read: aliases, which a few lines can multiply to any size, and
    /// endless nesting.
    private static func refuseBombs(_ text: String, _ path: String) throws {
        guard text.utf8.count <= mostBytes else {
            throw CommandError.input("\(path): over \(mostBytes >> 20) MiB; this is no recipe")
        }
        let anchors = Set(text.matches(of: /&([A-Za-z0-9_-]+)/).map { $0.1 })
        for (number, line) in text.split(separator: "\n", omittingEmptySubsequences: false)
            .enumerated()
        {
            if let alias = line.matches(of: /\*([A-Za-z0-9_-]+)/).first(where: {
                anchors.contains($0.1)
            }) {
                throw CommandError.input(
                    "\(path):\(number + 1): recipes take no aliases such as \(alias.0); write the value itself"
                )
            }
        }
        let openings = text.utf8.count { "[{?".utf8.contains($0) } + text.matches(of: /-[ ]/).count
        guard openings <= mostNesting else {
            throw CommandError.input(
                "\(path): \(openings) lists and mappings; a recipe has \(mostNesting) at most")
        }
    }

    private static func refuseUnknownKeys(_ root: Node, _ path: String) throws {
        func check(_ node: Node?, _ known: [String]) throws {
            for (key, _) in node?.mapping ?? [:] {
                guard let name = key.string, known.contains(name) else {
                    throw CommandError.unknownKey(
                        key.string ?? "\(key)", path: "\(path):\(key.mark?.line ?? 1)", known: known
                    )
                }
            }
        }
        guard root.mapping != nil else {
            throw CommandError.input("\(path): expected settings, such as 'epochs: 4'")
        }
        try check(root, CodingKeys.allCases.map(\.rawValue) + TrainingConfiguration.keys)
        try check(root["data"], PairFileOptions.keys)
        for key in [CodingKeys.train, .dev, .devNLI, .test, .testNLI] {
            let files = root[key.rawValue]
            for file in files?.sequence.map(Array.init) ?? [files].compactMap({ $0 }) {
                try check(file, PairSource.keys)
            }
        }
    }

    /// The recipe as YAML, in the order of the keys.
    ///
    /// Numbers are those of the JSON encoder, the shortest that read back the same; Yams' own encoder
    /// rounds a Double to 15 digits and writes out a Float's as a Double's.
    func yaml() throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        let json = String(decoding: try encoder.encode(self), as: UTF8.self)
        return try Yams.serialize(
            node: Self.block(Yams.compose(yaml: json) ?? [:]), allowUnicode: true)
    }

    /// JSON's nodes as people write YAML: in the order of the keys, without braces and needless quotes.
    private static func block(_ node: Node) -> Node {
        let order =
            ["path"] + CodingKeys.allCases.map(\.rawValue) + TrainingConfiguration.keys
            + PairFileOptions.keys
        func place(_ key: Node) -> Int { key.string.flatMap(order.firstIndex) ?? order.count }
        switch node {
        case .mapping(let mapping):
            let pairs = mapping.sorted { place($0.key) < place($1.key) }
            return .mapping(.init(pairs.map { (block($0.key), block($0.value)) }, Tag(.implicit)))
        case .sequence(let sequence):
            return .sequence(.init(sequence.map(block), Tag(.implicit)))
        case .scalar(let scalar):
            // A text that would read as a number or a word of YAML's keeps its quotes.
            let isText = scalar.style == .doubleQuoted
            let plain = Node(scalar.string)
            let needsQuotes = isText && Resolver.default.resolveTag(of: plain) != .str
            return Node(
                scalar.string, Tag(.implicit), needsQuotes ? .doubleQuoted : .any)
        case .alias: return node
        }
    }

    private static func sentence(_ error: DecodingError) -> String {
        func key(_ context: DecodingError.Context) -> String {
            let path = context.codingPath.map(\.stringValue).joined(separator: ".")
            return path.isEmpty ? "the recipe" : path
        }
        switch error {
        case .typeMismatch(let type, let context), .valueNotFound(let type, let context):
            return "\(key(context)) is not \(words(for: type))"
        case .keyNotFound(let missing, let context):
            return "\(key(context)): \(missing.stringValue) is missing"
        case .dataCorrupted(let context):
            let choices =
                switch key(context) {
                case "schedule": LearningRateSchedule.Kind.allCases.map(\.rawValue)
                case "data.format": PairFormat.allCases.map(\.rawValue)
                default: [String]()
                }
            return choices.isEmpty
                ? "\(key(context)): \(context.debugDescription)"
                : "\(key(context)) is none of \(choices.joined(separator: ", "))"
        @unknown default: return "\(error)"
        }
    }

    private static func words(for type: any Any.Type) -> String {
        switch "\(type)" {
        case "Int": "a whole number"
        case "UInt64": "a whole number from 0"
        case "Float", "Double": "a number"
        case "Bool": "true or false"
        case "Sequence": "a list, such as [embeddings]"
        case "Mapping": "keys with values"
        case "Scalar", "String": "a single value"
        default: "of type \(type)"
        }
    }
}
