import ExampleFiles
import ModelFolders
import Serialization

extension SentenceTransformer {
    /// Every similarity of the two texts of each pair, row by row; distances are negated.
    func similarities(of pairs: ExampleTable) -> [SimilarityFunction: [Double]] {
        similarities(of: pairs, toFirst: [1])[0]
    }

    /// For each of some columns every similarity of its text to the row's first text; distances are negated.
    func similarities(
        of table: ExampleTable, toFirst columns: [Int]
    ) -> [[SimilarityFunction: [Double]]] {
        let embeddings = encode(([0] + columns).flatMap(table.texts(ofColumn:)))
        let width = embeddings.shape[1]
        return embeddings.withSpan { values in
            (1...columns.count).map { place in
                var scores: [SimilarityFunction: [Double]] = [:]
                for row in 0..<table.count {
                    let (u, v) = (row * width, (place * table.count + row) * width)
                    for similarity in SimilarityFunction.allCases {
                        scores[similarity, default: []].append(
                            similarity(
                                values.extracting(u..<u + width), values.extracting(v..<v + width)))
                    }
                }
                return scores
            }
        }
    }
}

extension ExampleTable {
    /// The texts of a column that has one in every row.
    func texts(ofColumn column: Int) -> [String] {
        (0..<count).map { text($0, column) ?? "" }
    }
}
