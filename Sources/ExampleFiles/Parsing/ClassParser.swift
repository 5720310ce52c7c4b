import Support

/// Class labels, as names or as numbers of a stated order.
struct ClassParser: TargetParser {
    let path: String
    let classes: LabelSet
    let order: LabelOrder?
    let skipped: Set<String>

    // The same few texts come again and again; looking them up spares folding their case.
    private var seen: [String: ParsedTarget<Int32>] = [:]
    private var firstUnknown: (line: Int, label: String)?
    private var firstNumber: (line: Int, label: String)?
    private var unknown = 0
    private var usesOrder = false

    private var ids: [Int32] = []

    /// Fails if the order names a label that is not in the set.
    init(
        path: String, _ classes: LabelSet, _ options: ExampleFileOptions
    ) throws(ExampleFileError) {
        self.path = path
        self.classes = classes
        order = options.labelOrder
        skipped = Set(options.skippedLabels)
        for name in options.labelOrder?.names.values.sorted() ?? []
        where classes.id(of: name) == nil {
            throw .badOption(
                path: path,
                reason: "the label order names '\(name)', which is none of the labels "
                    + classes.names.joined(separator: ", "))
        }
    }

    mutating func parse(_ fields: [ArraySlice<UInt8>], line: Int) -> ParsedTarget<Int32> {
        let text = String(decoding: fields[0].prefix(200), as: UTF8.self)
        if let known = seen[text] { return known }
        let parsed = interpret(text.trimmed, line)
        if case .refused = parsed { return parsed }
        if seen.count < 1000 { seen[text] = parsed }
        return parsed
    }

    private mutating func interpret(_ label: String, _ line: Int) -> ParsedTarget<Int32> {
        if let id = classes.id(of: label) { return .value(id) }
        if skipped.contains(label) { return .unlabelled }
        if label.isEmpty { return .rejected("the label is empty") }
        if let number = DecimalNumber.whole(label) {
            // Tables with a missing value somewhere write 1 as 1.0.
            if skipped.contains(String(number)) { return .unlabelled }
            usesOrder = true
            if let name = order?.names[number], let id = classes.id(of: name) { return .value(id) }
            if order == nil {
                firstNumber = firstNumber ?? (line, label)
                return .refused
            }
        }
        unknown += 1
        firstUnknown = firstUnknown ?? (line, label)
        return .refused
    }

    mutating func append(_ label: Int32) -> UInt64? {
        ids.append(label)
        return UInt64(UInt32(bitPattern: label))
    }

    var labels: LabelColumn { .classes(ids, names: classes.names) }

    func finish(_ layout: ExampleLayout) throws(ExampleFileError) -> String {
        if let firstNumber, (firstUnknown?.line ?? .max) > firstNumber.line {
            throw .numericLabels(
                path: path, line: firstNumber.line, label: firstNumber.label, names: classes.names)
        }
        if let firstUnknown {
            let numbers = order.map { $0.names.keys.sorted().map(String.init) } ?? []
            throw .unknownLabel(
                path: path, line: firstUnknown.line, label: firstUnknown.label,
                known: DecimalNumber.whole(firstUnknown.label) != nil ? numbers : classes.names,
                suggestion: classes.closest(to: firstUnknown.label), count: unknown,
                mayBeHeader: layout.mayHaveHeader && firstUnknown.line == 1)
        }
        let ids = classes.names.enumerated().map { "\($0.element) \($0.offset)" }
        let numbers = usesOrder ? order.map { "; numbers in the file mean \($0)" } ?? "" : ""
        return "class ids " + ids.joined(separator: ", ") + numbers
    }

    var warning: ReadWarning? { order != nil && !usesOrder ? .unusedLabelOrder : nil }
}

/// Class labels whatever they are: the classes are those that the file has.
struct FoundClassParser: TargetParser {
    let skipped: Set<String>

    private(set) var names: [String] = []
    private var idOfName: [String: Int32] = [:]
    private var ids: [Int32] = []

    init(_ options: ExampleFileOptions) { skipped = Set(options.skippedLabels) }

    mutating func parse(_ fields: [ArraySlice<UInt8>], line: Int) -> ParsedTarget<Int32> {
        guard fields[0].count <= 200 else {
            return .rejected("the label has \(fields[0].count) bytes; is it a text?")
        }
        guard let text = String(validating: fields[0], as: UTF8.self) else {
            return .rejected("the label is not valid UTF-8")
        }
        // The same few texts come again and again.
        if let id = idOfName[text] { return .value(id) }
        let name = text.trimmed
        let key = LabelSet.key(name)
        if skipped.contains(name) || skipped.contains(key) { return .unlabelled }
        if name.isEmpty { return .rejected("the label is empty") }
        // Names that differ by case alone, or as 1 and 1.0 do, are one, as where names are stated.
        let id = idOfName[key] ?? Int32(names.count)
        if id == names.count {
            names.append(DecimalNumber.whole(name) == nil ? name : key)
            idOfName[key] = id
        }
        if text.count < 40 { idOfName[text] = id }
        return .value(id)
    }

    mutating func append(_ label: Int32) -> UInt64? {
        ids.append(label)
        return nil
    }

    var labels: LabelColumn { .classes(ids, names: names) }

    mutating func finish(_ layout: ExampleLayout) -> String {
        let numbers = names.compactMap(DecimalNumber.whole)
        if numbers.count == names.count {
            let order = numbers.indices.sorted { (numbers[$0], $0) < (numbers[$1], $1) }
            var newID = [Int32](repeating: 0, count: names.count)
            for (new, old) in order.enumerated() { newID[old] = Int32(new) }
            names = order.map { names[$0] }
            ids = ids.map { newID[Int($0)] }
        }
        let shown = names.prefix(20).enumerated().map { "\($0.element) \($0.offset)" }
        return "\(names.count) classes found, ids " + shown.joined(separator: ", ")
            + (names.count > 20 ? " and so on" : "")
    }

    var warning: ReadWarning? { nil }
}
