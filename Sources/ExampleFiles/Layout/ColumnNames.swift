import Support

/// Names that usual files give their columns, in lower case.
enum ColumnNames {
    /// First and second text, always named by the same scheme.
    static let pairs = [
        ("sentence1", "sentence2"), ("sentence_1", "sentence_2"), ("sentence 1", "sentence 2"),
        ("sentence_a", "sentence_b"), ("premise", "hypothesis"), ("text1", "text2"),
        ("text_a", "text_b"), ("s1", "s2"), ("question1", "question2"),
        ("#1 string", "#2 string"), ("first", "second"), ("anchor", "positive"),
    ]
    /// The same in words that may also be the names of something else: they count where there are none of the others.
    static let questionPairs = [
        ("query", "answer"), ("question", "answer"), ("query", "passage"), ("query", "positive"),
        ("query", "document"), ("question", "passage"), ("question", "positive"),
        ("query", "pos"), ("question", "pos"), ("anchor", "pos"),
    ]
    /// The second texts that negatives may follow.
    private static let positives: Set<String> = [
        "positive", "pos", "answer", "passage", "document",
    ]
    /// What names a negative, alone, in the plural or with a number.
    private static let negatives = ["negative", "neg", "hard_negative", "hard_neg"]
    /// The only text of a row.
    static let texts = ["text", "sentence"]
    /// The first text where the second is one of a list.
    static let anchors = ["query", "anchor", "question"]
    /// Lists of positives.
    static let positiveLists = ["pos", "positive", "positives", "positive_passages"]
    /// Lists of negatives.
    static let negativeLists = [
        "neg", "negative", "negatives", "negative_passages", "hard_negatives",
    ]
    /// A list of texts that mean the same.
    static let set = "set"
    /// A teacher's scores of a list of positives, and of one of negatives.
    static let scoreLists = (positives: "pos_scores", negatives: "neg_scores")
    /// A teacher's scores of the positive, and what those of negatives begin with.
    static let teacherScores = [
        ("score_pos", "score_neg"), ("pos_score", "neg_score"),
        ("positive_score", "negative_score"),
    ]
    /// The difference of a teacher's scores.
    static let margins = ["margin"]
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

    /// Whether a row names columns: two texts, or a text and a score or label; where rows of one text
    /// are wanted, also the text alone.
    static func isHeader(_ row: [String], _ request: ExampleRequest) -> Bool {
        let names = Set(row.map { $0.trimmed.lowercased() })
        if (pairs + questionPairs).contains(where: { names.contains($0.0) && names.contains($0.1) })
        {
            return true
        }
        if request.columns.lowerBound == 1, !names.isDisjoint(with: texts) { return true }
        let hasSentence = pairs.contains {
            names.contains($0.0) || names.contains($0.1)
        }
        return hasSentence && !names.isDisjoint(with: scores + labels)
    }

    /// Whether a name goes on with the scheme of a pair of names: `sentence3`, `text_c`, `negative`.
    static func continues(_ pair: (String, String), _ name: String) -> Bool {
        if positives.contains(pair.1) {
            return negativeLists.contains(name) || negatives.contains { isNumbered(name, $0) }
        }
        let stem = pair.0.dropLast()
        guard let last = pair.0.last, stem == pair.1.dropLast(), name != pair.0, name != pair.1,
            name.hasPrefix(stem)
        else { return false }
        let rest = name.dropFirst(stem.count)
        return isDigit(last)
            ? !rest.isEmpty && rest.allSatisfy(isDigit)
            : rest.count == 1 && rest.allSatisfy { ("a"..."z").contains($0) }
    }

    /// Whether a name is a word, its plural, or the word with a number: `negative`, `negatives`, `negative_2`.
    static func isNumbered(_ name: String, _ word: String) -> Bool {
        guard name.hasPrefix(word) else { return false }
        var rest = name.dropFirst(word.count)
        if rest.isEmpty || rest == "s" { return true }
        if let first = rest.first, "_- ".contains(first) { rest = rest.dropFirst() }
        return !rest.isEmpty && rest.allSatisfy(isDigit)
    }

    /// The number that a name ends in; 0 if there is none.
    static func number(_ name: String) -> Int {
        let digits = name.reversed().prefix(while: isDigit)
        return digits.isEmpty ? 0 : Int(String(digits.reversed())) ?? .max
    }

    /// The place of a name that goes on with the scheme of a pair: its number, or its letter's.
    static func place(_ name: String, after pair: (String, String)) -> Int {
        guard let last = name.last, !isDigit(last), name.dropLast() == pair.0.dropLast() else {
            return number(name)
        }
        return Int(last.asciiValue ?? 0)
    }

    /// Columns in the order of their places, and of the file where these are the same.
    static func sorted(_ columns: [Int], by place: (Int) -> Int) -> [Int] {
        columns.sorted { (place($0), $0) < (place($1), $1) }
    }

    private static func isDigit(_ character: Character) -> Bool {
        ("0"..."9").contains(character)
    }
}
