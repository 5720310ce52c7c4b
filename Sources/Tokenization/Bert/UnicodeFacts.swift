import Foundation

/// What the reference tokenizer believes of every Unicode scalar, as opposed to what is true today.
///
/// The Rust tokenizer carries tables of fixed age: general categories of Unicode 8.0 (and seven
/// scalars that were classified differently at that time), canonical decomposition and ordering of
/// Unicode 9.0, but the lowercase mappings and white space of a current version. A tokenizer that
/// used today's tables throughout would give other ids for younger scripts. Swift's own tables
/// are current; the age of each scalar tells which of their entries the reference knows.
enum UnicodeFacts {
    struct Flags: OptionSet {
        let rawValue: UInt8
        /// Control, format, private use, NUL and the replacement character: cleaning removes it.
        static let removed = Flags(rawValue: 1)
        static let whitespace = Flags(rawValue: 2)
        static let punctuation = Flags(rawValue: 4)
        /// A nonspacing mark: removed with the accents.
        static let nonspacingMark = Flags(rawValue: 8)
        static let chinese = Flags(rawValue: 16)
        static let hasLowercase = Flags(rawValue: 32)
        static let hasDecomposition = Flags(rawValue: 64)
        /// A canonical combining class other than 0: marks of different classes are put in order.
        static let isOrdered = Flags(rawValue: 128)
    }

    /// Scalars come in pages of 256; most pages hold scalars that are all treated alike.
    enum Page {
        case plain, chinese, hangul, removed
        /// Described scalar by scalar; the number counts such pages.
        case mixed(Int)
    }

    static func flags(of scalar: UInt32) -> Flags {
        switch page(Int(scalar >> 8)) {
        case .plain, .hangul: []
        case .chinese: .chinese
        case .removed: .removed
        case .mixed(let number): tables.flags[number << 8 | Int(scalar & 0xFF)]
        }
    }

    static func page(_ number: Int) -> Page {
        uniformPage(number) ?? .mixed(tables.mixedPageNumber[number])
    }

    /// The lowercase form of a scalar that has one.
    static func lowercase(of scalar: UInt32) -> [UInt32] { tables.lowercase[scalar] ?? [scalar] }

    /// The full canonical decomposition (NFD) of a scalar that has one, Hangul syllables aside.
    static func decomposition(of scalar: UInt32) -> [UInt32] {
        tables.decomposition[scalar] ?? [scalar]
    }

    static func combiningClass(of scalar: UInt32) -> UInt8 { tables.combiningClass[scalar] ?? 0 }

    private static let tables = UnicodeTables()

    /// Blocks whose scalars need no look at their properties; only those that save work are listed.
    fileprivate static func uniformPage(_ number: Int) -> Page? {
        switch number {
        case 0x34...0x4C, 0x4E...0x9F, 0x200...0x2A5, 0x2A7...0x2B7, 0x2BA...0x2CD: .chinese
        case 0xAC...0xD6: .hangul
        case 0xE0...0xF8, 0xF00...0xFFE, 0x1000...0x10FE: .removed
        case 0x125...0x169, 0x170...0x1BB, 0x1BD...0x1D0, 0x2CF...0x2F7, 0x2FB...0xDFF,
            0xE02...0xEFF:
            .plain
        default: nil
        }
    }
}

/// The facts of all scalars on mixed pages, gathered once per process.
private struct UnicodeTables: Sendable {
    /// For each page how many mixed pages precede it.
    var mixedPageNumber: [Int] = []
    var flags: [UnicodeFacts.Flags] = []
    var lowercase: [UInt32: [UInt32]] = [:]
    var decomposition: [UInt32: [UInt32]] = [:]
    var combiningClass: [UInt32: UInt8] = [:]

    init() {
        var mixedPages: [Int] = []
        for page in 0..<0x1100 {
            mixedPageNumber.append(mixedPages.count)
            if UnicodeFacts.uniformPage(page) == nil { mixedPages.append(page) }
        }
        decomposition = Self.decompositions(inPages: mixedPages)
        flags.reserveCapacity(mixedPages.count << 8)
        for page in mixedPages {
            for value in UInt32(page << 8)..<UInt32((page + 1) << 8) {
                flags.append(Unicode.Scalar(value).map { describe($0) } ?? [])
            }
        }
    }

    private mutating func describe(_ scalar: Unicode.Scalar) -> UnicodeFacts.Flags {
        let properties = scalar.properties
        // The blocks of Chinese characters count whole, unassigned scalars included.
        let chinese: UnicodeFacts.Flags = Self.isChinese(scalar.value) ? .chinese : []
        guard let age = properties.age?.major else { return chinese }
        var flags = Self.categoryFlags(scalar, age: age).union(chinese)
        if properties.isWhitespace { flags.insert(.whitespace) }
        if decomposition[scalar.value] != nil { flags.insert(.hasDecomposition) }
        if properties.changesWhenLowercased {
            flags.insert(.hasLowercase)
            lowercase[scalar.value] = properties.lowercaseMapping.unicodeScalars.map(\.value)
        }
        if age <= 9, properties.canonicalCombiningClass != .notReordered {
            flags.insert(.isOrdered)
            combiningClass[scalar.value] = properties.canonicalCombiningClass.rawValue
        }
        return flags
    }

    /// What follows from the general category that the scalar had in Unicode 8.0.
    private static func categoryFlags(
        _ scalar: Unicode.Scalar, age: Int
    ) -> UnicodeFacts.Flags {
        switch scalar.value {
        case 0x09, 0x0A, 0x0D: return []
        case 0x24, 0x2B, 0x3C...0x3E, 0x5E, 0x60, 0x7C, 0x7E: return .punctuation  // ASCII symbols
        case 0xFFFD: return .removed
        // Classified anew after Unicode 8.0.
        case 0x166D, 0x111C9: return .punctuation
        case 0x1734, 0x1171E: return .nonspacingMark
        case 0x1885, 0x1886, 0xA9BD: return []
        default: break
        }
        guard age <= 8 else { return [] }
        switch scalar.properties.generalCategory {
        case .control, .format, .privateUse, .surrogate:
            return .removed
        case .connectorPunctuation, .dashPunctuation, .openPunctuation, .closePunctuation,
            .initialPunctuation, .finalPunctuation, .otherPunctuation:
            return .punctuation
        case .nonspacingMark:
            return .nonspacingMark
        default:
            return []
        }
    }

    /// The ideographs that stand alone, which leave out 2B820 to 2B91F as the reference does.
    private static func isChinese(_ value: UInt32) -> Bool {
        switch value {
        case 0x3400...0x4DBF, 0x4E00...0x9FFF, 0xF900...0xFAFF, 0x20000...0x2A6DF,
            0x2A700...0x2B73F, 0x2B740...0x2B81F, 0x2B920...0x2CEAF, 0x2F800...0x2FA1F:
            true
        default:
            false
        }
    }

    /// Decomposes all scalars of the pages in one call, a line feed after each.
    private static func decompositions(inPages pages: [Int]) -> [UInt32: [UInt32]] {
        var scalars: [Unicode.Scalar] = []
        var text = String.UnicodeScalarView()
        for page in pages {
            for value in UInt32(max(page << 8, 0x80))..<UInt32((page + 1) << 8) {
                guard let scalar = Unicode.Scalar(value), mayDecompose(scalar) else { continue }
                scalars.append(scalar)
                text.append(scalar)
                text.append("\n")
            }
        }
        let decomposed = String(text).decomposedStringWithCanonicalMapping.unicodeScalars
        var result: [UInt32: [UInt32]] = [:]
        for (scalar, piece) in zip(scalars, decomposed.split(separator: "\n")) {
            let values = piece.map(\.value)
            if values != [scalar.value] { result[scalar.value] = values }
        }
        return result
    }

    private static func mayDecompose(_ scalar: Unicode.Scalar) -> Bool {
        guard let age = scalar.properties.age?.major, age <= 9 else { return false }
        return !(0xAC00...0xD7A3).contains(scalar.value)
    }
}
