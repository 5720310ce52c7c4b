/// Names that usual files give their columns, in lower case.
enum ColumnNames {
    /// First and second sentence, always named by the same scheme.
    static let sentencePairs = [
        ("sentence1", "sentence2"), ("sentence_1", "sentence_2"), ("sentence 1", "sentence 2"),
        ("sentence_a", "sentence_b"), ("premise", "hypothesis"), ("text1", "text2"),
        ("text_a", "text_b"), ("s1", "s2"), ("question1", "question2"),
        ("#1 string", "#2 string"), ("first", "second"), ("anchor", "positive"),
    ]
    /// Scores; a hub file may call its score a label.
    static let scores = [
        "score", "scores", "similarity", "similarity_score", "relatedness_score", "label",
    ]
    /// Labels.
    static let labels = [
        "gold_label", "label", "labels", "entailment_judgment", "entailment_label", "judgment",
        "class", "quality", "is_duplicate",
    ]
    /// Columns that tell training from test rows.
    static let splits = ["split", "semeval_set"]

    /// Whether a row names columns: both sentences, or a sentence and a score or label.
    static func isHeader(_ row: [String]) -> Bool {
        let names = Set(row.map { $0.trimmed.lowercased() })
        if sentencePairs.contains(where: { names.contains($0.0) && names.contains($0.1) }) {
            return true
        }
        let hasSentence = sentencePairs.contains { names.contains($0.0) || names.contains($0.1) }
        return hasSentence && !names.isDisjoint(with: scores + labels)
    }
}
