import Foundation
import Support
import Tensors

/// Names parameters: `encoder.layer.0` are all of that module, `*.bias` every bias.
///
/// `*` stands for any characters, dots among them. A pattern names a parameter if it is its whole name, or that of a
/// module it is in: `encoder.layer.1` is not `encoder.layer.10`.
public struct ParameterPattern: Sendable, Equatable {
    /// As it was written.
    public let text: String
    private let pieces: [[UInt8]]

    /// Reads a pattern; a dot at its end counts for nothing.
    public init(_ text: String) {
        self.text = text
        let name = text.hasSuffix(".") ? text.dropLast() : text[...]
        pieces = name.split(separator: "*", omittingEmptySubsequences: false).map { Array($0.utf8) }
    }

    /// Whether the pattern names the parameter called `name`.
    public func matches(_ name: String) -> Bool {
        let bytes = Array(name.utf8)
        let ends = bytes.indices.filter { bytes[$0] == UInt8(ascii: ".") } + [bytes.count]
        return ends.contains { matches(whole: bytes[..<$0]) }
    }

    /// Whether a name begins with the first piece, ends with the last and has the others between them, in order.
    private func matches(whole name: ArraySlice<UInt8>) -> Bool {
        guard let first = pieces.first, let last = pieces.last else { return false }
        if pieces.count == 1 { return name.elementsEqual(first) }
        guard name.count >= first.count + last.count, name.starts(with: first),
            name.suffix(last.count).elementsEqual(last)
        else { return false }
        var rest = name.dropFirst(first.count).dropLast(last.count)
        for piece in pieces.dropFirst().dropLast() {
            // The first place is as good as any later one: it leaves most to the pieces that follow.
            guard
                let start = rest.indices.first(where: { rest[$0...].starts(with: piece) })
                    ?? (piece.isEmpty ? rest.endIndex : nil)
            else { return false }
            rest = rest[(start + piece.count)...]
        }
        return true
    }
}

extension ParameterStore {
    /// The parameters that a pattern names.
    ///
    /// - Throws: `ParameterPatternError` when it names none, or only some of those that are one in memory, as query, key
    ///   and value are.
    public func named(_ pattern: ParameterPattern) throws(ParameterPatternError) -> [Parameter] {
        var found: [Parameter] = []
        for parameter in self {
            let count = parameter.parts.count { pattern.matches($0.name) }
            if count == parameter.parts.count {
                found.append(parameter)
            } else if count > 0 {
                throw .splits(pattern: pattern.text, names: parameter.parts.map(\.name))
            }
        }
        if found.isEmpty {
            throw .namesNothing(
                pattern: pattern.text, suggestion: closestName(to: pattern.text, among: modules))
        }
        return found
    }

    /// Every name, and the name of every module.
    private var modules: [String] {
        var seen: Set<String> = []
        return flatMap(\.parts).flatMap { part in
            let levels = part.name.split(separator: ".")
            return levels.indices.map { levels[...$0].joined(separator: ".") }
        }.filter { seen.insert($0).inserted }
    }
}

/// Why a pattern cannot be used.
public enum ParameterPatternError: Error, Equatable, LocalizedError, CustomStringConvertible {
    /// No parameter, and no module, is called so.
    case namesNothing(pattern: String, suggestion: String?)
    /// It names only some of the arrays that are one in memory.
    case splits(pattern: String, names: [String])

    /// What happened and what to do.
    public var description: String {
        switch self {
        case .namesNothing(let pattern, let suggestion):
            "there is no module or parameter '\(pattern)'; "
                + (suggestion.map { "did you mean '\($0)'?" }
                    ?? "names are those of BertModel, such as encoder.layer.0, and * stands for any characters")
        case .splits(let pattern, let names):
            "'\(pattern)' names only some of \(names.joined(separator: ", ")), which can only be frozen or trained together"
        }
    }

    /// `description`
    public var errorDescription: String? { description }
}
