import Simile

/// The files of one role in a run, read as one table: in a recipe a path, a mapping with options of
/// its own (`{path: dev.tsv, score_range: 0...5}`), or a list of these.
struct PairSources: Codable, Equatable {
    var sources: [PairSource] = []

    var isEmpty: Bool { sources.isEmpty }

    init() {}

    init(from decoder: any Decoder) throws {
        guard var list = try? decoder.unkeyedContainer() else {
            sources = [try PairSource(from: decoder)]
            return
        }
        while !list.isAtEnd { sources.append(try list.decode(PairSource.self)) }
    }

    func encode(to encoder: any Encoder) throws {
        if sources.count == 1 { return try sources[0].encode(to: encoder) }
        var list = encoder.unkeyedContainer()
        for source in sources { try list.encode(source) }
    }
}
