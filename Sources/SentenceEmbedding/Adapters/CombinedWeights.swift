import ModelLayout

/// Some of the arrays of a source.
struct SelectedWeights: WeightReader {
    let names: [String]
    private let all: any WeightReader

    init(_ all: any WeightReader, where isSelected: (String) -> Bool) {
        self.all = all
        names = all.names.filter(isSelected)
    }

    var source: String { all.source }
    func shape(of name: String) -> [Int]? { all.shape(of: name) }
    func read(_ name: String, into buffer: inout MutableSpan<Float>) throws {
        try all.read(name, into: &buffer)
    }
}

/// The arrays of a source, and those of another one that it lacks.
struct OverlaidWeights: WeightReader {
    let names: [String]
    private let upper: any WeightReader
    private let lower: any WeightReader

    init(_ upper: any WeightReader, over lower: any WeightReader) {
        (self.upper, self.lower) = (upper, lower)
        let known = Set(lower.names)
        names = lower.names + upper.names.filter { !known.contains($0) }
    }

    var source: String { upper.source }
    func shape(of name: String) -> [Int]? { upper.shape(of: name) ?? lower.shape(of: name) }
    func read(_ name: String, into buffer: inout MutableSpan<Float>) throws {
        let reader = upper.shape(of: name) == nil ? lower : upper
        try reader.read(name, into: &buffer)
    }
}
