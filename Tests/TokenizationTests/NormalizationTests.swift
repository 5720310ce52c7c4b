import Testing

@testable import Tokenization

@Suite struct NormalizationTests {
    @Test(arguments: [
        (true, Bool?.none, "hello are u"), (true, false, "hällo are ü"),
        (true, true, "hallo are u"),
        (false, nil, "HäLLo Are Ü"), (false, false, "HäLLo Are Ü"), (false, true, "HaLLo Are U"),
    ])
    func lowercaseAndAccents(lowercase: Bool, strip: Bool?, expected: String) throws {
        let configuration = configuration(lowercase: lowercase, stripAccents: strip)
        let text = lowercase && strip == nil ? "H\u{E9}llo Are \u{DC}" : "H\u{E4}LLo Are \u{DC}"
        #expect(isIdentical(try normalize(text, configuration), expected))
    }

    @Test(arguments: [
        ("\u{130}", "i"),  // dotted capital I: the dot is a mark
        ("\u{391}\u{3A3}", "\u{3B1}\u{3C3}"),  // no rule for the final sigma
        ("\u{1E9E}", "ß"), ("\u{212B}", "a"), ("\u{2126}", "ω"), ("\u{1F600}", "\u{1F600}"),
        ("\u{AC01}", "\u{1100}\u{1161}\u{11A8}"), ("\u{AC00}", "\u{1100}\u{1161}"),
        ("\u{9CB}", "\u{9C7}\u{9BE}"),  // two vowel signs that are no nonspacing marks
        ("\u{344}", ""), ("\u{FB01}", "\u{FB01}"),  // compatibility forms stay
        ("\u{37E}", ";"), ("\u{226E}", "<"),
    ])
    func uncased(text: String, expected: String) throws {
        #expect(isIdentical(try normalize(text, configuration()), expected))
    }

    @Test func lowercaseMayBeTwoScalars() throws {
        let kept = try normalize("\u{130}", configuration(stripAccents: false))
        #expect(isIdentical(kept, "i\u{307}"))
    }

    @Test func cleaningRemovesControlsAndEvensSpaces() throws {
        let text = "a\u{0}b\u{7}c\u{FFFD}d\u{200E}e\u{AD}f\u{E000}g\u{FEFF}h\u{10FFFD}i\u{85}j"
        #expect(try normalize(text, configuration()) == "abcdefghij")
        #expect(
            try normalize("a\tb\nc\rd\u{A0}e\u{3000}f\u{2028}g", configuration()) == "a b c d e f g"
        )
        let raw = try normalize(text, configuration(clean: false))
        #expect(isIdentical(raw, text))
    }

    @Test func unassignedScalarsStay() throws {
        #expect(isIdentical(try normalize("\u{378}\u{FFFFE}", configuration()), "\u{378}\u{FFFFE}"))
    }

    /// Scalars whose category the reference knows as it was in Unicode 8.0.
    @Test func oldCategoriesCount() throws {
        // A format character since 14.0, a nonspacing mark since 9.0: both unknown to it.
        #expect(isIdentical(try normalize("\u{890}\u{8D4}", configuration()), "\u{890}\u{8D4}"))
        // Reclassified since.
        #expect(try normalize("a\u{1734}", configuration()) == "a")
        #expect(isIdentical(try normalize("\u{1885}", configuration()), "\u{1885}"))
        #expect(words("a\u{166D}b") == ["a", "\u{166D}", "b"])
        // Decomposes since 13.0.
        #expect(isIdentical(try normalize("\u{11938}", configuration()), "\u{11938}"))
    }

    @Test func chineseCharactersStandBetweenSpaces() throws {
        #expect(
            try normalize("ah\u{535A}\u{63A8}zz", configuration()) == "ah \u{535A}  \u{63A8} zz")
        #expect(try normalize("ah\u{535A}zz", configuration(chinese: false)) == "ah\u{535A}zz")
        #expect(
            words("\u{20000}a\u{2B81F}\u{2B920}") == ["\u{20000}", "a", "\u{2B81F}", "\u{2B920}"])
        // The reference leaves out a block, and counts the unassigned scalars of the others.
        #expect(words("a\u{2B820}b\u{2B91F}c").count == 1)
        #expect(words("a\u{FA6E}b").count == 3)
        // A compatibility ideograph becomes the unified one where accents are removed.
        #expect(isIdentical(try normalize("\u{F900}", configuration()), " \u{8C48} "))
        #expect(words("か\u{30AB}\u{D55C}", configuration(stripAccents: false)).count == 1)
    }

    @Test func remainingMarksAreOrdered() throws {
        // Musical marks of class 226, 216 and 216 again, and one younger than the reference's
        // categories, of class 230; a letter between keeps its sides apart.
        let text = "a\u{8D4}\u{1D16D}\u{1D165}\u{1D166}b\u{1D16D}c\u{1D165}"
        let expected = "a\u{1D165}\u{1D166}\u{1D16D}\u{8D4}b\u{1D16D}c\u{1D165}"
        #expect(isIdentical(try normalize(text, configuration()), expected))
        #expect(isIdentical(try normalize(text, configuration(stripAccents: false)), text))
    }

    @Test func removedScalarsAndOrder() throws {
        // A removed control character does not keep marks apart; a mark of class 0 does.
        let joined = try normalize("a\u{8D4}\u{200D}\u{1D165}", configuration())
        #expect(isIdentical(joined, "a\u{1D165}\u{8D4}"))
        let apart = try normalize("a\u{8D4}\u{34F}\u{1D165}", configuration())
        #expect(isIdentical(apart, "a\u{8D4}\u{1D165}"))
    }

    @Test func wordsSplitAtSpacesAndPunctuation() {
        #expect(
            words("a\n'll !!to?'d of, can't.") == [
                "a", "'", "ll", "!", "!", "to", "?", "'", "d", "of", ",", "can", "'", "t", ".",
            ])
        #expect(
            words("$a+b=c^d`e|f~g<h>").joined(separator: " ") == "$ a + b = c ^ d ` e | f ~ g < h >"
        )
        #expect(
            words("a\u{2014}b\u{3002}c\u{BF}d") == [
                "a", "\u{2014}", "b", "\u{3002}", "c", "\u{BF}", "d",
            ])
        #expect(words("\u{A9}a\u{20AC}b") == ["\u{A9}a\u{20AC}b"])  // symbols are no punctuation
        #expect(words(" \t\u{200B} ") == [])
    }

    @Test func spacesSplitEvenWithoutCleaning() {
        #expect(
            words("a\u{A0}b\u{85}c\u{0}d", configuration(clean: false)) == ["a", "b", "c\u{0}d"])
    }

    @Test func textMayComeInPieces() {
        let bytes = Array("Na\u{EF}ve \u{4E2D}\u{AC01} \u{1D165}\u{1F600}x".utf8)
        let actions = ScalarActions(configuration())
        var whole = NormalizedTextCollector()
        var normalizer = BertNormalizer(actions)
        normalizer.normalize(bytes.span, 0..<bytes.count, into: &whole)
        normalizer.finish(into: &whole)
        for cut in bytes.indices where bytes[cut] & 0xC0 != 0x80 {
            var parts = NormalizedTextCollector()
            normalizer.normalize(bytes.span, 0..<cut, into: &parts)
            normalizer.normalize(bytes.span, cut..<bytes.count, into: &parts)
            normalizer.finish(into: &parts)
            #expect(parts.bytes == whole.bytes)
        }
    }
}
