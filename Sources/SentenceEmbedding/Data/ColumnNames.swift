import Support

/// Names that usual files give their columns, in lower case.
enum ColumnNames {
    /// First and second sentence, always named by the same scheme.
    static let sentencePairs = [
        ("sentence1", "sentence2"), ("sentence_1", "sentence_2"), ("sentence 1", "sentence 2"),
        ("sentence_a", "sentence_b"), ("premise", "hypothesis"), ("text1", "text2"),
        ("text_a", "text_b"), ("s1", "s2"), ("question1", "question2"),
        ("#1 string", "#2 string"), ("first", "second"), ("anchor", "positive"),
    ]
    /// Scores.
    static let scores = [
        "score", "scores", "similarity", "similarity_score", "relatedness_score",
    ]
    /// What a file of the hub may call its score.
    static let scoresAsLabels = ["label"]
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

    /// Whether a name goes on with the scheme of a pair of names: `sentence3`, `text_c`, `negative`.
    static func continues(_ pair: (String, String), _ name: String) -> Bool {
        if pair == ("anchor", "positive") { return name.hasPrefix("negative") }
        guard pair.0.dropLast() == pair.1.dropLast(), name != pair.0, name != pair.1 else {
            return false
        }
        return name.dropLast() == pair.0.dropLast()
    }
}
