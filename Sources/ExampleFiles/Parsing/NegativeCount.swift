/// How many texts of a list of negatives the rows have.
struct NegativeCount {
    /// The most that a row may have.
    let most: Int
    /// The columns that they take.
    private(set) var columns = 0
    /// The rows that have more than are used.
    private(set) var cut = 0

    private let field: Int?
    private let least: Int
    private let mayVary: Bool
    private var isFirst = true

    init(_ layout: ExampleLayout, _ request: ExampleRequest) {
        field = layout.negatives
        most = field == nil ? 0 : max(0, request.columns.upperBound - layout.texts.count)
        least = field == nil ? 0 : max(0, request.columns.lowerBound - layout.texts.count)
        mayVary = request.allowsMissingTexts
    }

    /// The number of negatives used of the next row; nil when it has too few.
    ///
    /// Where rows may not lack any, all have as many as the first.
    mutating func use(_ record: Record) -> Int? {
        guard let field else { return 0 }
        let found = record.list(field)?.count ?? 0
        let wanted = mayVary || isFirst ? most : columns
        guard found >= (mayVary || isFirst ? least : columns) else { return nil }
        let used = min(found, wanted)
        isFirst = false
        columns = max(columns, used)
        if found > used { cut += 1 }
        return used
    }

    /// The number of negatives that a row has, and that it needs.
    func lack(_ record: Record) -> (found: Int, needed: Int) {
        (field.flatMap { record.list($0)?.count } ?? 0, mayVary || isFirst ? least : columns)
    }
}
