/// Whether a parameter's name is one that a pattern means, in which `*` stands for any characters, none included.
///
/// `encoder.layer.*.output.*` means the outputs of all layers, dots being ordinary characters.
public func matches(_ name: String, pattern: String) -> Bool {
    let (name, pattern) = (Array(name.utf8), Array(pattern.utf8))
    var (n, p) = (0, 0)
    // Where to go on when what follows the latest star does not match: the star takes one more character.
    var star: (pattern: Int, name: Int)?
    while n < name.count {
        if p < pattern.count, pattern[p] == UInt8(ascii: "*") {
            star = (p, n)
            p += 1
        } else if p < pattern.count, pattern[p] == name[n] {
            (n, p) = (n + 1, p + 1)
        } else if let latest = star {
            star = (latest.pattern, latest.name + 1)
            (n, p) = (latest.name + 1, latest.pattern + 1)
        } else {
            return false
        }
    }
    return pattern[p...].allSatisfy { $0 == UInt8(ascii: "*") }
}
