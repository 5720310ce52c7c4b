import Support

/// Every loss by its name.
public enum Losses {
    /// All losses, in the order in which documents show them.
    public static var all: [any Loss.Type] {
        []
    }

    /// The loss of a name.
    ///
    /// - Throws: `LossError.unknown` with the names that there are.
    public static func named(_ name: String) throws(LossError) -> any Loss.Type {
        if let type = all.first(where: { $0.name == name }) { return type }
        let names = all.map { $0.name }
        throw .unknown(name: name, suggestion: closestName(to: name, among: names), known: names)
    }
}
