/// A piece of a page. Names of elements and attributes are the program's own; all else is escaped when it is written,
/// so that no text of a user's can become markup.
indirect enum Markup {
    /// Text.
    case text(String)
    /// An element with its attributes and what is in it.
    case element(StaticString, [(name: StaticString, value: String)], [Markup])
    /// Pieces one after the other.
    case all([Markup])
    /// The style of a page.
    case style(StaticString)

    /// An element with texts and elements in it.
    static func tag(
        _ name: StaticString, _ attributes: KeyValuePairs<StaticString, String> = [:],
        _ content: Markup...
    ) -> Markup {
        .element(name, attributes.map { ($0.key, $0.value) }, content)
    }

    /// An element with any number of others in it.
    static func tag(
        _ name: StaticString, _ attributes: KeyValuePairs<StaticString, String> = [:],
        all content: [Markup]
    ) -> Markup {
        .element(name, attributes.map { ($0.key, $0.value) }, content)
    }

    /// A table with a head; columns of `numbers` are set to the right.
    static func table(_ head: [String], _ rows: [[Markup]], numbers: Set<Int> = []) -> Markup {
        func cell(_ name: StaticString, _ column: Int, _ content: Markup) -> Markup {
            numbers.contains(column)
                ? .tag(name, ["class": "number"], content) : .tag(name, [:], content)
        }
        let body = rows.map { row in
            Markup.tag("tr", all: row.enumerated().map { cell("td", $0, $1) })
        }
        let top = Markup.tag(
            "tr", all: head.enumerated().map { cell("th", $0, .text($1)) })
        // Wide tables move in themselves, not the page.
        return .tag(
            "div", ["class": "wide"],
            .tag("table", [:], .tag("thead", [:], top), .tag("tbody", all: body)))
    }

    /// A whole document.
    static func page(title: String, _ body: [Markup]) -> String {
        let head = Markup.tag(
            "head", [:], .tag("meta", ["charset": "utf-8"]),
            .tag("meta", ["name": "viewport", "content": "width=device-width, initial-scale=1"]),
            .tag("meta", ["name": "color-scheme", "content": "light dark"]),
            .tag("title", [:], .text(title)), .style(pageStyle))
        var text = "<!DOCTYPE html>\n"
        Markup.tag("html", ["lang": "en"], head, .tag("body", all: body)).write(to: &text)
        return text + "\n"
    }

    private func write(to text: inout String) {
        switch self {
        case .text(let own): Self.escape(own, to: &text)
        case .all(let pieces): for piece in pieces { piece.write(to: &text) }
        case .style(let css): text += "<style>\(css)</style>"
        case .element(let name, let attributes, let content):
            text += "<\(name)"
            for (name, value) in attributes {
                text += " \(name)=\""
                Self.escape(value, to: &text)
                text += "\""
            }
            text += ">"
            for piece in content { piece.write(to: &text) }
            if "\(name)" != "meta" { text += "</\(name)>" }
        }
    }

    private static func escape(_ own: String, to text: inout String) {
        for scalar in own.unicodeScalars {
            switch scalar {
            case "&": text += "&amp;"
            case "<": text += "&lt;"
            case ">": text += "&gt;"
            case "\"": text += "&quot;"
            case "'": text += "&#39;"
            // A page can show neither control characters nor what turns the direction of the text after it.
            case "\n", "\t": text.unicodeScalars.append(scalar)
            case "\u{0}"..."\u{1f}", "\u{7f}"..."\u{9f}", "\u{202a}"..."\u{202e}",
                "\u{2066}"..."\u{2069}":
                text += "\u{fffd}"
            default: text.unicodeScalars.append(scalar)
            }
        }
    }
}
