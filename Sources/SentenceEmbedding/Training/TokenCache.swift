import ExampleFiles
import Support

/// The token ids of a table's texts, computed at first use and kept as far as a limit allows.
///
/// Beyond the limit a text is tokenized whenever it is needed: memory stays the same however long the table.
final class TokenCache {
    /// About what a run keeps at most, of all its tasks.
    static let mostBytes = 1 << 28

    /// About how many bytes may be kept; when it is lowered below what is, nothing is.
    var limit: Int {
        didSet {
            if Self.bytes(texts: ranges.count, tokens: ids.count) > limit {
                (ids, ranges) = ([], [:])
            }
        }
    }
    private let table: ExampleTable
    private let model: SentenceTransformer
    /// What is put in front of each column's texts; nil for the model's own prompt.
    private let prompts: [String]?
    private var ids: [Int32] = []
    private var ranges: [TextPlace: Range<Int32>] = [:]
    private var rowLengths: [UInt32]?

    init(_ table: ExampleTable, model: SentenceTransformer, prompts: [String]?, limit: Int) {
        self.table = table
        self.limit = limit
        self.model = model
        self.prompts = prompts
    }

    /// About how many bytes some texts take that have so many tokens together: their ids, and where each text's are.
    static func bytes(texts: Int, tokens: Int) -> Int { 48 * texts + 4 * tokens }

    /// The ids of some texts, on all threads.
    func ids(of places: [TextPlace]) -> [[Int32]] {
        let missing = places.indices.filter { ranges[places[$0]] == nil }
        var result = places.map { place in
            ranges[place].map { Array(ids[Int($0.lowerBound)..<Int($0.upperBound)]) } ?? []
        }
        for (index, own) in zip(missing, tokenize(missing.map { places[$0] })) {
            result[index] = own
            let bytes = Self.bytes(texts: ranges.count + 1, tokens: ids.count + own.count)
            if bytes <= limit, ids.count + own.count < Int32.max, ranges[places[index]] == nil {
                ranges[places[index]] = Int32(ids.count)..<Int32(ids.count + own.count)
                ids += own
            }
        }
        return result
    }

    /// The number of tokens in each of some rows, of all their columns.
    func lengths(ofRows rows: some RandomAccessCollection<Int>) -> [UInt32] {
        if let rowLengths { return rows.map { rowLengths[$0] } }
        var lengths: [UInt32] = []
        lengths.reserveCapacity(rows.count)
        var rest = rows[...]
        // In pieces, so that a long table's ids are never all there at once.
        while !rest.isEmpty {
            // The texts, and for each the index of its row's length.
            var (places, owners): ([TextPlace], [Int]) = ([], [])
            for row in rest.prefix(4096) {
                for (column, text) in table.texts(row).enumerated() where text != nil {
                    places.append(TextPlace(row: row, column: column))
                    owners.append(lengths.count)
                }
                lengths.append(0)
            }
            for (owner, ids) in zip(owners, ids(of: places)) { lengths[owner] += UInt32(ids.count) }
            rest = rest.dropFirst(4096)
        }
        return lengths
    }

    /// The number of tokens in a row, of all its columns.
    func length(ofRow row: Int) -> Int {
        if let rowLengths { return Int(rowLengths[row]) }
        let lengths = lengths(ofRows: 0..<table.count)
        rowLengths = lengths
        return Int(lengths[row])
    }

    /// What samplers may ask of the rows.
    var samplerInput: SamplerInput {
        var label: ((Int) -> Int)?
        if case .classes(let ids, _) = table.labels { label = { Int(ids[$0]) } }
        return SamplerInput(
            count: table.count, lengths: { [self] in length(ofRow: $0) },
            textHashes: { [table] row in
                table.texts(row).compactMap { $0.map(FNV1a.hash) }
            }, label: label)
    }

    private func tokenize(_ places: [TextPlace]) -> [[Int32]] {
        guard let prompts else {
            return model.tokenize(places.map { table.text($0.row, $0.column) ?? "" })
        }
        return model.tokenize(
            places.map { prompts[$0.column] + (table.text($0.row, $0.column) ?? "") }, prompt: "")
    }
}
