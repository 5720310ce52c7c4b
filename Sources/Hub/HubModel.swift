/// The name of a model on the hub: `ORG/NAME` or `ORG/NAME@revision`.
public struct HubModel: Sendable, Equatable, CustomStringConvertible {
    /// `ORG/NAME`.
    public let repository: String
    /// A branch, a tag or a commit; `main` when none is given.
    public let revision: String

    /// Takes a name apart.
    ///
    /// - Throws: `HubError.badName`.
    public init(_ text: String) throws(HubError) {
        let parts = text.split(separator: "@", maxSplits: 1, omittingEmptySubsequences: false)
        repository = String(parts[0])
        revision = parts.count == 2 ? String(parts[1]) : "main"
        let names = parts[0].split(separator: "/", omittingEmptySubsequences: false)
        guard names.count == 2, names.allSatisfy(Self.isName) else {
            throw .badName(
                text,
                expected:
                    "ORG/NAME or ORG/NAME@revision, such as sentence-transformers/all-MiniLM-L6-v2")
        }
        guard RelativePath.isSafe(revision), revision.count <= 250 else {
            throw .badName(text, expected: "a branch, a tag or a commit after the @")
        }
    }

    /// The name as it is given to commands.
    public var description: String { revision == "main" ? repository : "\(repository)@\(revision)" }

    /// The hub's own rule: 96 characters, no `--` or `..`, no `-` or `.` at either end.
    private static func isName(_ name: Substring) -> Bool {
        guard let first = name.first, let last = name.last, name.utf8.count <= 96 else {
            return false
        }
        return !name.contains("--") && !name.contains("..") && !name.hasSuffix(".git")
            && !"-.".contains(first) && !"-.".contains(last)
            && name.utf8.allSatisfy { Character(Unicode.Scalar($0)).isASCIIWord || $0 == 46 }
    }
}

extension Character {
    /// An ASCII letter, a digit, `_` or `-`.
    fileprivate var isASCIIWord: Bool {
        isASCII && (isLetter || isNumber || self == "_" || self == "-")
    }
}

/// Paths inside a repository, which come from the server and are not trusted.
enum RelativePath {
    /// Whether a path names something below the folder that it is added to, on any system.
    static func isSafe(_ path: String) -> Bool {
        !path.isEmpty && path.utf8.count <= 1024
            && path.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7f }
            && !path.contains("\\") && !path.contains(":")
            && path.split(separator: "/", omittingEmptySubsequences: false).allSatisfy {
                !$0.isEmpty && $0 != "." && $0 != ".." && $0.utf8.count <= 255
            }
    }

    /// The path as a part of an address: all but letters, digits and `-._~` is escaped.
    static func escaped(_ path: String, keepingSlashes: Bool) -> String {
        let digits = Array("0123456789ABCDEF")
        var result = ""
        for byte in path.utf8 {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."),
                UInt8(ascii: "_"), UInt8(ascii: "~"):
                result.unicodeScalars.append(Unicode.Scalar(byte))
            case UInt8(ascii: "/") where keepingSlashes: result += "/"
            default: result += "%\(digits[Int(byte >> 4)])\(digits[Int(byte & 15)])"
            }
        }
        return result
    }
}
