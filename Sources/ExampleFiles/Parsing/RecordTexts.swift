/// Why a record gives no row.
struct Rejection: Error {
    let reason: String
    var remedy: Remedy?
}

/// The texts and label fields of a record, by its layout, each checked.
struct RecordTexts {
    let layout: ExampleLayout
    let request: ExampleRequest
    /// The most texts of the list of negatives that are used.
    let mostNegatives: Int

    /// How many rows a record gives: one for each positive of a list.
    func choices(of record: Record) throws(Rejection) -> Int {
        guard let (field, first) = layout.choice else { return 1 }
        guard let elements = record.list(field) else {
            throw Rejection(
                reason: "\(layout.name(field)) is missing, null, or no list of texts")
        }
        let count = elements.count - first
        guard count > 0, count <= RowPositions.mostChoices else {
            throw Rejection(
                reason: "\(layout.name(field)) has \(elements.count) texts; \(first + 1) or more "
                    + "are needed, and no more than \(RowPositions.mostChoices)")
        }
        return count
    }

    // MARK: - Texts

    /// The number of texts that a row has without the list of negatives, after a look at all of them.
    func count(_ record: Record, _ choice: Int) throws(Rejection) -> Int {
        var end: Int?
        for (index, place) in layout.texts.enumerated() {
            let bytes = record.bytes(at: place, choice: choice)
            let mayLack = index >= 2 && request.allowsMissingTexts
            if mayLack, bytes.map({ TextContent.problem($0) == .blank }) ?? true {
                end = end ?? index
                continue
            }
            if let end {
                throw Rejection(
                    reason: "\(name(layout.texts[end])) is empty, and \(name(place)) is not; "
                        + "put the negatives that a row lacks last")
            }
            try check(bytes, place, record)
        }
        let texts = end ?? layout.texts.count
        if texts < request.columns.lowerBound, layout.negatives == nil {
            throw Rejection(reason: "\(texts) texts, and \(request.texts) are wanted")
        }
        if choice == 0, let field = layout.negatives {
            for element in 0..<min(mostNegatives, record.list(field)?.count ?? 0) {
                let place = TextPlace.element(field: field, element)
                try check(record.bytes(at: place, choice: 0), place, record)
            }
        }
        return texts
    }

    private func check(
        _ bytes: ArraySlice<UInt8>?, _ place: TextPlace, _ record: Record
    ) throws(Rejection) {
        guard let bytes else {
            if case .field(let index) = place { throw missing(index, record) }
            throw Rejection(reason: "\(name(place)) is missing, null, or no text")
        }
        guard let problem = TextContent.problem(bytes) else { return }
        let reason =
            switch problem {
            case .notUTF8: "is not valid UTF-8; is the file in another encoding, such as Latin-1?"
            case .holdsNUL: "holds a NUL character"
            case .blank: "is empty"
            }
        throw Rejection(reason: "the sentence in \(name(place)) \(reason)")
    }

    private func name(_ place: TextPlace) -> String {
        switch place {
        case .field(let field), .choice(let field, _): layout.name(field)
        case .element(let field, let element): "element \(element + 1) of \(layout.name(field))"
        }
    }

    private func missing(_ index: Int, _ record: Record) -> Rejection {
        Rejection(
            reason: index < record.fields.count
                ? "\(layout.name(index)) is missing, null, or not a plain value"
                : "\(layout.name(index)) is missing: the line has \(record.fields.count) fields")
    }

    // MARK: - Labels

    /// The fields of a row's label; none when there is no label.
    func labelFields(
        of record: Record, _ choice: Int
    ) throws(Rejection) -> [ArraySlice<UInt8>] {
        switch layout.target {
        case .none: return []
        case .column(let index): return [try field(index, of: record)]
        case .numbers(let places):
            var fields: [ArraySlice<UInt8>] = []
            for place in places {
                switch place {
                case .field(let index): fields.append(try field(index, of: record))
                case .choice(let index):
                    fields.append(
                        record.bytes(at: .choice(field: index, first: 0), choice: choice) ?? [])
                case .list(let index):
                    // Of negatives that are not used, the scores are not either.
                    let isOfNegatives = places.count > 1 && layout.negatives != nil
                    let elements = record.list(index) ?? [nil]
                    for range in elements.prefix(isOfNegatives ? mostNegatives : .max) {
                        fields.append(range.map { record.bytes[$0] } ?? [])
                    }
                }
            }
            return fields
        }
    }

    private func field(_ index: Int, of record: Record) throws(Rejection) -> ArraySlice<UInt8> {
        guard let bytes = record.field(index) else { throw missing(index, record) }
        return bytes
    }
}
