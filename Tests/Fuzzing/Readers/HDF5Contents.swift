import Foundation
import HDF5
import NeuralNetwork
import SentenceEmbedding
import Serialization
import Tokenization

/// The contents of an HDF5 file as texts, which can be damaged and made a sound file again.
package struct HDF5Contents {
    private enum Kind { case group, text, texts, integer, flag, floats, strings }
    private struct Entry {
        let path: String
        /// The name of an attribute of what is at the path.
        var attribute: String?
        let kind: Kind
        /// A value, the lines of several, or the sizes of an array of numbers.
        var text = ""
    }
    private var entries: [Entry] = []

    /// The texts of all entries.
    package var texts: [[UInt8]] { entries.map { Array($0.text.utf8) } }

    package init(of url: URL) throws {
        let file = try HDF5File(opening: url.path)
        try add(file.root, path: "")
    }

    private mutating func add(_ group: borrowing Group, path: String) throws {
        let attributes = group.attributes
        for name in try attributes.names() {
            let (kind, text): (Kind, String)
            if let value = try? attributes.string(name) {
                (kind, text) = (.text, value)
            } else if let values = try? attributes.strings(name) {
                (kind, text) = (.texts, values.joined(separator: "\n"))
            } else if let value = try? attributes.bool(name) {
                (kind, text) = (.flag, "\(value)")
            } else {
                let value = try? attributes.value(name, as: Int.self)
                (kind, text) = (
                    .integer,
                    try value.map(String.init) ?? "\(attributes.value(name, as: UInt64.self))"
                )
            }
            entries.append(Entry(path: path, attribute: name, kind: kind, text: text))
        }
        for name in try group.childNames() {
            let child = path.isEmpty ? name : path + "/" + name
            if try group.kind(of: name) == .group {
                entries.append(Entry(path: child, kind: .group))
                try add(group.group(named: name), path: child)
            } else {
                let dataset = try group.dataset(named: name)
                let isText = dataset.elementType == .string
                let text =
                    isText
                    ? try dataset.readStrings().joined(separator: "\n")
                    : dataset.shape.map(String.init).joined(separator: ",")
                entries.append(Entry(path: child, kind: isText ? .strings : .floats, text: text))
            }
        }
    }

    /// Writes a file with the text of one entry replaced; what is no number then becomes text.
    package func write(to url: URL, replacing index: Int, by bytes: [UInt8]) throws {
        let file = try HDF5File(creating: url.path, replacing: true, withDigest: true)
        for (place, entry) in entries.enumerated() {
            var entry = entry
            if place == index {
                entry.text = String(decoding: bytes.filter { $0 != 0 }, as: UTF8.self)
            }
            let parts = entry.path.split(separator: "/").map(String.init)
            if let attribute = entry.attribute {
                let group = try Self.group(parts, in: file)
                try Self.set(attribute, of: group.attributes, to: entry)
            } else {
                let group = try Self.group(Array(parts.dropLast()), in: file)
                try Self.write(entry, as: parts[parts.count - 1], into: group)
            }
        }
        try file.close()
    }

    /// Not inlined, or the optimiser of Swift 6.3.1 crashes.
    @inline(never)
    private static func group(
        _ parts: [String], in file: borrowing HDF5File
    ) throws -> Group {
        if parts.isEmpty { return file.root }
        return try file.root.group(named: parts.joined(separator: "/"))
    }

    private static func set(_ name: String, of attributes: Attributes, to entry: Entry) throws {
        switch entry.kind {
        case .texts: try attributes.set(name, to: lines(entry.text))
        case .flag where Bool(entry.text) != nil:
            try attributes.set(name, to: entry.text == "true")
        case .integer:
            if let number = Int(entry.text) {
                try attributes.set(name, to: number)
            } else if let number = UInt64(entry.text) {
                try attributes.set(name, to: number)
            } else {
                try attributes.set(name, to: entry.text)
            }
        default: try attributes.set(name, to: entry.text)
        }
    }

    private static func write(_ entry: Entry, as name: String, into group: borrowing Group) throws {
        switch entry.kind {
        case .group: _ = try group.createGroup(name)
        case .strings: try group.write(lines(entry.text), as: name)
        default:
            let sizes = entry.text.split(separator: ",").map { Int($0) ?? -1 }
            let isSmall = sizes.count <= 4 && sizes.allSatisfy { (0...256).contains($0) }
            let shape = isSmall && sizes.reduce(1, *) <= 1 << 18 ? sizes : []
            let values = [Float](repeating: 0.1, count: shape.reduce(1, *))
            try group.write(values, shape: shape, as: name)
        }
    }

    private static func lines(_ text: String) -> [String] {
        text.isEmpty
            ? [] : text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    }
}

/// The errors that reading a damaged HDF5 file may throw: they name the file.
package func isErrorOfReading(_ error: any Error, at url: URL) -> Bool {
    switch error {
    case is HDF5Error, is SerializationError, is CheckpointError, is ParameterError:
        "\(error)".contains(url.path)
    // Of parts that do not fit together, which are named.
    case is TokenizationError, is ModelError: true
    default: false
    }
}
