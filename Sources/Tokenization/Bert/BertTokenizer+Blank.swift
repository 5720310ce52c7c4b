extension BertTokenizer {
    /// Whether BERT's cleaning leaves nothing of a text: it holds white space, control and format
    /// characters only, such as U+00A0, U+200B and U+FEFF, so that no token comes of it.
    package static func isBlank(_ text: String) -> Bool {
        text.unicodeScalars.allSatisfy { scalar in
            // Most texts are decided by their first letter.
            if scalar.isASCII { return scalar.value <= 0x20 || scalar.value == 0x7F }
            let flags = UnicodeFacts.flags(of: scalar.value)
            return flags.contains(.removed) || flags.contains(.whitespace)
        }
    }
}
