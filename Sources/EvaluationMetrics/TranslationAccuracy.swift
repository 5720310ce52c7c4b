import Kernels

/// How often the closest embedding in another language is that of the translation, as `TranslationEvaluator`.
public enum TranslationAccuracy {
    /// `src2trg_accuracy`, `trg2src_accuracy` and `mean_accuracy`, by cosine; NaN of no texts.
    ///
    /// The first of equally close ones counts as found. It is right when its text is the translation's,
    /// wherever it stands. A text with a NaN among its similarities is wrong.
    ///
    /// - Parameters:
    ///   - source: Embeddings [rows, width] one after the other.
    ///   - target: The embeddings of their translations, in the same order.
    public static func figures(
        source: [Float], target: [Float], width: Int, sourceTexts: [String], targetTexts: [String]
    ) -> [Figure] {
        let count = sourceTexts.count
        precondition(
            targetTexts.count == count && source.count == count * width
                && target.count == count * width, "an embedding for every text")
        let (source, target) = (normalized(source, width), normalized(target, width))
        // The best of each row and column so far; no column once a NaN was seen.
        var columnBest = [(score: Float, row: Int?)](repeating: (-.infinity, 0), count: count)
        var (forwards, backwards) = (0, 0)
        for row in 0..<count {
            var best: (score: Float, column: Int?) = (-.infinity, 0)
            for column in 0..<count {
                let score = dot(source, row, target, column, width)
                if score.isNaN {
                    (best.column, columnBest[column].row) = (nil, nil)
                    continue
                }
                if score > best.score, best.column != nil { best = (score, column) }
                if score > columnBest[column].score, columnBest[column].row != nil {
                    columnBest[column] = (score, row)
                }
            }
            if let column = best.column, targetTexts[column] == targetTexts[row] { forwards += 1 }
        }
        for column in 0..<count {
            if let row = columnBest[column].row, sourceTexts[row] == sourceTexts[column] {
                backwards += 1
            }
        }
        let (there, back) = (
            Double(forwards) / Double(count), Double(backwards) / Double(count)
        )
        return [
            Figure("src2trg_accuracy", there), Figure("trg2src_accuracy", back),
            Figure("mean_accuracy", (there + back) / 2),
        ]
    }
}

/// Rows divided by their lengths; a row of zeros stays one.
func normalized(_ rows: [Float], _ width: Int) -> [Float] {
    var result = rows
    for first in stride(from: 0, to: rows.count, by: max(width, 1)) {
        var sum = 0.0
        for i in first..<first + width { sum += Double(rows[i]) * Double(rows[i]) }
        // As in PyTorch: the length is at least 1e-12.
        let length = max(sum.squareRoot(), 1e-12)
        for i in first..<first + width { result[i] = Float(Double(rows[i]) / length) }
    }
    return result
}

/// The product of a row of `a` and a row of `b`.
func dot(_ a: [Float], _ row: Int, _ b: [Float], _ column: Int, _ width: Int) -> Float {
    a.withUnsafeBufferPointer { a in
        b.withUnsafeBufferPointer { b in
            guard let a = a.baseAddress, let b = b.baseAddress else { return 0 }
            return VectorKernels.best.dot(a + row * width, b + column * width, width)
        }
    }
}
