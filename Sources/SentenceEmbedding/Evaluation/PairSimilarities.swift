import ExampleFiles
import Serialization

extension SentenceTransformer {
    /// Every similarity of the texts of two columns of a table, row by row; distances are negated.
    func similarities(
        of table: ExampleTable, _ first: Int = 0, _ second: Int = 1
    ) -> [SimilarityFunction: [Double]] {
        let embeddings = encode(table.texts(ofColumn: first) + table.texts(ofColumn: second))
        let width = embeddings.shape[1]
        var scores: [SimilarityFunction: [Double]] = [:]
        embeddings.withSpan { values in
            for i in 0..<table.count {
                let (u, v) = (i * width, (table.count + i) * width)
                for similarity in SimilarityFunction.allCases {
                    scores[similarity, default: []].append(
                        similarity(
                            values.extracting(u..<u + width), values.extracting(v..<v + width)))
                }
            }
        }
        return scores
    }
}

extension ExampleTable {
    /// The texts of a column that has one in every row.
    func texts(ofColumn column: Int) -> [String] {
        (0..<count).map { text($0, column) ?? "" }
    }
}
