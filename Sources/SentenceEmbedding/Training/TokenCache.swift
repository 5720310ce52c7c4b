import ExampleFiles
import Support

/// The token ids of a table's texts, computed at first use and kept as far as a limit allows.
///
/// Beyond the limit a text is tokenized whenever it is needed: memory stays the same however long the table.
final class TokenCache {
    /// Ids that are kept, 4 bytes each.
    private static let limit = 1 << 25

    private let table: ExampleTable
    private let model: SentenceTransformer
    /// What is put in front of each column's texts; nil for the model's own prompt.
    private let prompts: [String]?
    private var ids: [Int32] = []
    private var ranges: [TextPlace: Range<Int32>] = [:]
    private var rowLengths: [UInt32]?

    init(_ table: ExampleTable, model: SentenceTransformer, prompts: [String]?) {
        self.table = table
        self.model = model
        self.prompts = prompts
    }

    /// The ids of some texts, on all threads.
    func ids(of places: [TextPlace]) -> [[Int32]] {
        let missing = places.indices.filter { ranges[places[$0]] == nil }
        var result = places.map { place in
            ranges[place].map { Array(ids[Int($0.lowerBound)..<Int($0.upperBound)]) } ?? []
        }
        for (index, own) in zip(missing, tokenize(missing.map { places[$0] })) {
            result[index] = own
            if ids.count + own.count <= Self.limit, ranges[places[index]] == nil {
                ranges[places[index]] = Int32(ids.count)..<Int32(ids.count + own.count)
                ids += own
            }
        }
        return result
    }

    /// The number of tokens in a row, of all its columns.
    func length(ofRow row: Int) -> Int {
        if let rowLengths { return Int(rowLengths[row]) }
        var lengths: [UInt32] = []
        lengths.reserveCapacity(table.count)
        // In pieces, so that a long table's ids are never all there at once.
        for first in stride(from: 0, to: table.count, by: 4096) {
            let rows = first..<min(first + 4096, table.count)
            let places = rows.flatMap { row in
                table.texts(row).enumerated().filter { $0.element != nil }
                    .map { TextPlace(row: row, column: $0.offset) }
            }
            lengths += repeatElement(0, count: rows.count)
            for (place, own) in zip(places, ids(of: places)) {
                lengths[place.row] += UInt32(own.count)
            }
        }
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
