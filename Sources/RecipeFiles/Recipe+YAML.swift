import Foundation
import JSON
import SentenceEmbedding
import Support
import Yams

extension RecipeFormat {
    /// `recipe.yaml`
    package static let yaml = RecipeFormat(
        name: "recipe.yaml", write: { try $0.yaml() }, read: { try Recipe(yamlFile: $0) })
}

/// What is wrong with a recipe's file, in a whole sentence that names the file.
package struct RecipeFileError: Error, CustomStringConvertible {
    package let description: String

    init(_ description: String) { self.description = description }
}

/// Recipes as YAML files.
extension Recipe {
    private static let mostBytes = 1 << 20
    /// More lists and mappings inside each other than a recipe has use for would overflow the stack.
    private static let mostNesting = 1000

    /// Reads a recipe; a key that does not exist, or is there twice, is refused.
    package init(yamlFile path: String) throws(RecipeFileError) {
        // A byte more than it can have, to be refused.
        guard let text = try? TextFile.read(path, first: Self.mostBytes + 1) else {
            throw RecipeFileError(
                "\(path): no such recipe, or not UTF-8 text; check the path")
        }
        try self.init(yaml: text, path: path)
    }

    /// Reads the text of a recipe's file; `path` is what messages call it.
    package init(yaml text: String, path: String) throws(RecipeFileError) {
        try Self.refuseBombs(text, path)
        let root: Node
        do { root = try Yams.compose(yaml: text) ?? [:] } catch {
            throw RecipeFileError(Self.sentence(error, in: text, path))
        }
        do throws(RecipeError) {
            // A file of comments alone is an empty recipe.
            try self.init(root.null != nil ? .object([]) : root.json)
        } catch {
            let line = error.key.flatMap { root.line(ofKey: $0) }.map { ":\($0)" } ?? ""
            throw RecipeFileError("\(path)\(line): \(error)")
        }
    }

    /// Reads a recipe whose relative paths are of the working directory, or of its own folder.
    package init(ownPathsOf path: String) throws(RecipeFileError) {
        let folder = URL(fileURLWithPath: path).deletingLastPathComponent()
        let recipe = try Recipe(yamlFile: path)
        do throws(RecipeError) { self = try recipe.withAbsolutePaths(orIn: folder) } catch {
            throw RecipeFileError("\(path): \(error)")
        }
    }

    /// Refuses what grows when it is read: aliases, which a few lines can multiply to any size, and
    /// endless nesting.
    private static func refuseBombs(_ text: String, _ path: String) throws(RecipeFileError) {
        guard text.utf8.count <= mostBytes else {
            throw RecipeFileError("\(path): over \(mostBytes >> 20) MiB; this is no recipe")
        }
        let anchors = Set(text.matches(of: /&([A-Za-z0-9_-]+)/).map { $0.1 })
        for (number, line) in text.split(separator: "\n", omittingEmptySubsequences: false)
            .enumerated()
        {
            if let alias = line.matches(of: /\*([A-Za-z0-9_-]+)/).first(where: {
                anchors.contains($0.1)
            }) {
                throw RecipeFileError(
                    "\(path):\(number + 1): recipes take no aliases such as \(alias.0); write the value itself"
                )
            }
        }
        // One dash a line begins an item; more of them nest. So a long list reads the same in either style.
        let dashes = text.split(separator: "\n").map { line in
            line.split(separator: " ").count { $0 == "-" }
        }
        let openings = text.utf8.count { "[{?".utf8.contains($0) } + (dashes.max() ?? 0)
        guard openings <= mostNesting else {
            throw RecipeFileError(
                "\(path): \(openings) lists and mappings; a recipe has \(mostNesting) at most")
        }
    }

    /// What is wrong with a text that is not YAML.
    private static func sentence(_ error: any Error, in text: String, _ path: String) -> String {
        switch error {
        case YamlError.duplicatedKeysInMapping(let keys, let context):
            let (key, first) = (keys.first ?? "", context.mark.line)
            let again = line(of: key, in: text, after: first).map { ":\($0)" } ?? ""
            return
                "\(path)\(again): '\(key)' is given twice, first in line \(first); leave one of them"
        case YamlError.scanner(_, let problem, let mark, _),
            YamlError.parser(_, let problem, let mark, _),
            YamlError.composer(_, let problem, let mark, _):
            return "\(path):\(mark.line): not a YAML file that can be read: \(problem)"
        default: return "\(path): not a YAML file that can be read (\(error))"
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

    /// The recipe as YAML, in the order of the keys.
    ///
    /// Numbers are those of the JSON writer, the shortest that read back the same; Yams' own encoder
    /// rounds a Double to 15 digits and writes out a Float's as a Double's.
    package func yaml() throws -> String {
        try Yams.serialize(node: Self.block(Yams.compose(yaml: json) ?? [:]), allowUnicode: true)
    }

    /// JSON's nodes as people write YAML: without braces and needless quotes.
    private static func block(_ node: Node) -> Node {
        switch node {
        case .mapping(let mapping):
            let pairs = mapping.map { (block($0.key), block($0.value)) }
            return .mapping(.init(pairs, Tag(.implicit)))
        case .sequence(let sequence):
            return .sequence(.init(sequence.map(block), Tag(.implicit)))
        case .scalar(let scalar):
            // A text that would read as a number or a word of YAML's keeps its quotes.
            let isText = scalar.style == .doubleQuoted
            let needsQuotes =
                isText && Resolver.default.resolveTag(of: Node(scalar.string)) != .str
            return Node(scalar.string, Tag(.implicit), needsQuotes ? .doubleQuoted : .any)
        case .alias: return node
        }
    }
}

extension Node {
    /// The node as JSON. `yes`, `no`, `on` and `off` are texts: they may be the names of classes.
    fileprivate var json: JSONValue {
        switch self {
        case .mapping(let mapping):
            return .object(mapping.map { JSONValue.Member($0.key.string ?? "", $0.value.json) })
        case .sequence(let sequence): return .array(sequence.map(\.json))
        case .scalar(let scalar):
            switch Resolver.default.resolveTag(of: self) {
            case .null: return .null
            case .int: return int.map(JSONValue.integer) ?? .string(scalar.string)
            case .float: return float.map(JSONValue.number) ?? .string(scalar.string)
            case .bool where ["true", "false"].contains(scalar.string.lowercased()):
                return .bool(scalar.string.lowercased() == "true")
            default: return .string(scalar.string)
            }
        case .alias: return .null
        }
    }

    /// The line of a key such as `tasks.nli.loss` or `train[1].first`, as far as it is there.
    fileprivate func line(ofKey path: String) -> Int? {
        var (node, line): (Node?, Int?) = (self, nil)
        for part in path.split(whereSeparator: { ".[]".contains($0) }).map(String.init) {
            if let index = Int(part), let sequence = node?.sequence {
                node = index < sequence.count ? sequence[index] : nil
                line = node?.mark?.line ?? line
            } else {
                let pair = node?.mapping?.first { $0.key.string == part }
                line = pair?.key.mark?.line ?? line
                node = pair?.value
            }
        }
        return line
    }
}
