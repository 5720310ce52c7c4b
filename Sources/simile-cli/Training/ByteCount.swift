import ArgumentParser

/// A number of bytes as people write it: 8G, 500M, 64k, in powers of 1000, or 8Gi in powers of 1024.
struct ByteCount: ExpressibleByArgument {
    let bytes: Int

    init?(argument: String) {
        var text = argument[...]
        if text.last == "B" { text = text.dropLast() }
        let base = text.last == "i" ? 1024 : 1000
        if base == 1024 { text = text.dropLast() }
        var power = 0
        if let letter = text.last?.lowercased(),
            let place = "kmgt".firstIndex(of: Character(letter))
        {
            power = "kmgt".distance(from: "kmgt".startIndex, to: place) + 1
            text = text.dropLast()
        } else if base == 1024 {
            return nil
        }
        guard let number = Double(text), number > 0 else { return nil }
        let bytes = (0..<power).reduce(number) { product, _ in product * Double(base) }
        guard bytes < 9e18 else { return nil }
        self.bytes = Int(bytes)
    }
}
