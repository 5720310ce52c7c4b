import Foundation

/// The central directory at the end of a zip file, entry by entry, with the sizes of zip64.
struct ZipDirectory {
    struct Damage: Error {
        let what: String
    }

    struct Entry {
        let name: String
        let flags: UInt16
        let method: UInt16
        let storedSize: Int
        let size: Int
        /// Where the member's local header begins.
        let start: Int
    }

    private var cursor: ByteCursor

    /// Finds the directory through the record that ends the file.
    init(_ data: Data) throws(Damage) {
        let endSize = 22
        let longestComment = Int(UInt16.max)
        let tail = Array(data.suffix(endSize + longestComment))
        // The record ends with a comment whose length it gives; nearly always there is none.
        let place = stride(from: tail.count - endSize, through: 0, by: -1).first { place in
            tail[place...].starts(with: [0x50, 0x4B, 5, 6])
                && Int(tail[place + 20]) + Int(tail[place + 21]) << 8 == tail.count - place
                    - endSize
        }
        guard let place else {
            throw Damage(
                what: "it has no directory at its end; the download or copy was probably cut short")
        }
        let end = data.count - tail.count + place
        guard let found = try? Self.location(in: data, end: end) else {
            throw Damage(what: "the record at byte \(end) is incomplete")
        }
        guard found.count <= ZipArchive.longestDirectory,
            let range = data.range(from: found.start, count: found.count), range.upperBound <= end
        else {
            throw Damage(
                what: "its directory would be \(found.count) bytes at byte \(found.start)")
        }
        cursor = ByteCursor(data[range])
    }

    /// The next entry, nil after the last.
    mutating func next() throws(Damage) -> Entry? {
        if cursor.remaining == 0 { return nil }
        let place = cursor.position
        do throws(ByteCursor.End) {
            if let entry = try read() { return entry }
        } catch {}
        throw Damage(what: "the entry at byte \(place) of its directory is damaged")
    }

    private mutating func read() throws(ByteCursor.End) -> Entry? {
        guard try cursor.integer(UInt32.self) == 0x0201_4B50 else { return nil }
        _ = try cursor.take(4)
        let flags = try cursor.integer(UInt16.self)
        let method = try cursor.integer(UInt16.self)
        _ = try cursor.take(8)
        var storedSize = try cursor.count(UInt32.self)
        var size = try cursor.count(UInt32.self)
        let nameLength = try cursor.count(UInt16.self)
        let extraLength = try cursor.count(UInt16.self)
        let commentLength = try cursor.count(UInt16.self)
        _ = try cursor.take(8)
        var start = try cursor.count(UInt32.self)
        let name = String(decoding: try cursor.take(nameLength), as: UTF8.self)
        var extra = ByteCursor(try cursor.take(extraLength))
        _ = try cursor.take(commentLength)

        // Field 1 has, in this order, those of the numbers that do not fit into 32 bits.
        let tooLarge = Int(UInt32.max)
        while extra.remaining >= 4 {
            let kind = try extra.integer(UInt16.self)
            var field = ByteCursor(try extra.take(try extra.count(UInt16.self)))
            guard kind == 1 else { continue }
            if size == tooLarge { size = try field.count(UInt64.self) }
            if storedSize == tooLarge { storedSize = try field.count(UInt64.self) }
            if start == tooLarge { start = try field.count(UInt64.self) }
        }
        return Entry(
            name: name, flags: flags, method: method, storedSize: storedSize, size: size,
            start: start)
    }

    /// Where the directory is: in the record at `end`, or in zip64's, whose locator comes before it.
    private static func location(
        in data: Data, end: Int
    ) throws(ByteCursor.End) -> (start: Int, count: Int) {
        var record = ByteCursor(data[end...].prefix(22))
        _ = try record.take(12)
        let count = try record.count(UInt32.self)
        let start = try record.count(UInt32.self)
        guard let place = data.range(from: end - 20, count: 20),
            data[place].starts(with: [0x50, 0x4B, 6, 7])
        else { return (start, count) }
        var locator = ByteCursor(data[place])
        _ = try locator.take(8)
        let recordSize = 56
        guard let range = data.range(from: try locator.count(UInt64.self), count: recordSize),
            data[range].starts(with: [0x50, 0x4B, 6, 6])
        else { throw ByteCursor.End(position: place.lowerBound) }
        var wide = ByteCursor(data[range])
        _ = try wide.take(40)
        let wideCount = try wide.count(UInt64.self)
        return (try wide.count(UInt64.self), wideCount)
    }
}
