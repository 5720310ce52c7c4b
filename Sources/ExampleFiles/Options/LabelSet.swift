import Support

/// The classes of a labelled dataset: a name's position is its class id.
public struct LabelSet: Sendable, Hashable {
    /// The names; `names[id]` is the name of class `id`.
    public let names: [String]
    /// Other spellings found in files, each with the name it stands for.
    public let aliases: [String: String]

    /// Inference labels with the ids of the Sentence-BERT paper (Reimers and Gurevych 2019,
    /// arXiv 1908.10084): contradiction 0, entailment 1, neutral 2.
    public static let inference = LabelSet(
        uncheckedNames: ["contradiction", "entailment", "neutral"],
        aliases: ["contradictory": "contradiction"])

    private init(uncheckedNames names: [String], aliases: [String: String]) {
        self.names = names
        self.aliases = aliases
    }

    /// The classes found in a file, one or more, all different.
    init(found names: [String]) { self.init(uncheckedNames: names, aliases: [:]) }

    /// What the names of one class have in common: case does not count, nor whether a whole number is written as `1`
    /// or `1.0`.
    static func key(_ name: String) -> String {
        // Larger numbers are not told apart when read as such.
        if let number = DecimalNumber.whole(name), number.magnitude < 1 << 53 {
            return String(number)
        }
        return name.lowercased()
    }

    /// Creates a label set; nil unless there are two or more names, none empty, all different
    /// regardless of case, and of whether a whole number is written as `1` or `1.0`.
    public init?(names: [String]) {
        let folded = Set(names.map(Self.key))
        guard names.count >= 2, folded.count == names.count, !folded.contains("") else {
            return nil
        }
        self.init(uncheckedNames: names, aliases: [:])
    }

    /// The number of classes.
    public var count: Int { names.count }

    /// The class id of a name or alias, regardless of case, and of whether a whole number is written as `1` or `1.0`;
    /// nil if there is none.
    public func id(of name: String) -> Int32? {
        let folded = Self.key(name)
        if let id = names.firstIndex(where: { Self.key($0) == folded }) { return Int32(id) }
        guard let meant = aliases[folded] else { return nil }
        return names.firstIndex(of: meant).map(Int32.init)
    }

    /// The name closest to a misspelt one; nil if none is close.
    func closest(to name: String) -> String? { closestName(to: name, among: names) }
}

extension LabelSet: Codable {
    /// Reads a list of names.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let names = try container.decode([String].self)
        guard let set = names == Self.inference.names ? .inference : LabelSet(names: names) else {
            throw DecodingError.dataCorruptedError(
                in: container,
                debugDescription:
                    "\(names) are not the names of classes; give two or more, all different")
        }
        self = set
    }

    /// Writes the names.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(names)
    }
}

/// Which number stands for which label name in a file whose labels are numbers.
///
/// Two orders are in use for inference data, so a file with numbers needs its order stated.
public struct LabelOrder: Sendable, Hashable, CustomStringConvertible {
    /// The name each number stands for.
    public let names: [Int: String]

    /// The order of the Sentence-BERT paper: contradiction 0, entailment 1, neutral 2.
    public static let paper = LabelOrder(names: [0: "contradiction", 1: "entailment", 2: "neutral"])
    /// The order of SNLI, MultiNLI and all-nli on the Hugging Face hub: entailment 0, neutral 1,
    /// contradiction 2.
    public static let hub = LabelOrder(names: [0: "entailment", 1: "neutral", 2: "contradiction"])

    /// Creates an order.
    public init(names: [Int: String]) { self.names = names }

    /// Reads `paper`, `hub`, `0=contradiction,1=entailment,2=neutral`, or the names alone in order
    /// from 0; nil if it is none of these.
    public init?(parsing text: String) {
        switch text.lowercased() {
        case "paper": self = .paper
        case "hub": self = .hub
        default:
            var names: [Int: String] = [:]
            for (position, item) in text.split(separator: ",", omittingEmptySubsequences: false)
                .enumerated()
            {
                let parts = item.split(separator: "=", omittingEmptySubsequences: false)
                    .map { String($0).trimmed }
                let number = parts.count == 2 ? Int(parts[0]) : position
                guard parts.count <= 2, let name = parts.last, !name.isEmpty, let number,
                    names.updateValue(name, forKey: number) == nil
                else { return nil }
            }
            guard names.count >= 2 else { return nil }
            self.names = names
        }
    }

    /// The text form, which `init(parsing:)` reads.
    public var description: String {
        names.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }.joined(separator: ",")
    }
}

extension LabelOrder: Codable {
    /// Reads the text form.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let text = try container.decode(String.self)
        guard let order = LabelOrder(parsing: text) else {
            throw DecodingError.dataCorruptedError(
                in: container,
                debugDescription: "'\(text)' is not a label order; write paper, hub, or numbers "
                    + "with names such as 0=contradiction,1=entailment,2=neutral")
        }
        self = order
    }

    /// Writes the text form.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}
