import Support

/// Byte strings numbered in the order in which they came, and found by hashing: of equal ones the last.
///
/// All bytes lie in one array, so that 30,000 tokens are three allocations and a look-up compares
/// bytes in place.
struct TokenTable: Sendable {
    private var bytes: [UInt8] = []
    private var starts: [Int] = [0]
    /// Open addressing; a slot is 0 (empty) or the hash's upper half with `index + 1` below it.
    private var slots: [UInt64]
    private(set) var longest = 0

    var count: Int { starts.count - 1 }

    init(capacity: Int) {
        slots = [UInt64](repeating: 0, count: Self.slotCount(for: capacity))
        starts.reserveCapacity(capacity + 1)
        bytes.reserveCapacity(capacity * 8)
    }

    /// The bytes of the entry `index`.
    subscript(index: Int) -> ArraySlice<UInt8> { bytes[starts[index]..<starts[index + 1]] }

    /// Adds an entry, which is found from now on in place of an equal one.
    mutating func append(_ key: Span<UInt8>) {
        if (count + 1) * 2 > slots.count { grow() }
        for position in 0..<key.count { bytes.append(key[position]) }
        starts.append(bytes.count)
        longest = max(longest, key.count)
        place(count - 1, hash: TokenHash(key).finished)
    }

    /// The index of the entry equal to `length` bytes of `text` from `start`, whose hash is given.
    @inline(__always)
    func index(of text: Span<UInt8>, start: Int, length: Int, hash: UInt64) -> Int? {
        let mask = slots.count - 1
        var slot = Int(truncatingIfNeeded: hash) & mask
        while true {
            let entry = slots[slot]
            if entry == 0 { return nil }
            if entry >> 32 == hash >> 32 {
                let index = Int(entry & 0xFFFF_FFFF) - 1
                if isEqual(index, text, start: start, length: length) { return index }
            }
            slot = (slot + 1) & mask
        }
    }

    func index(of text: Span<UInt8>) -> Int? {
        index(of: text, start: 0, length: text.count, hash: TokenHash(text).finished)
    }

    @inline(__always)
    private func isEqual(_ index: Int, _ text: Span<UInt8>, start: Int, length: Int) -> Bool {
        let begin = starts[index]
        guard starts[index + 1] - begin == length else { return false }
        for offset in 0..<length where bytes[begin + offset] != text[start + offset] {
            return false
        }
        return true
    }

    private mutating func place(_ index: Int, hash: UInt64) {
        let mask = slots.count - 1
        var slot = Int(truncatingIfNeeded: hash) & mask
        while slots[slot] != 0, !holds(slots[slot], hash: hash, equalOf: index) {
            slot = (slot + 1) & mask
        }
        slots[slot] = (hash >> 32) << 32 | UInt64(index + 1)
    }

    /// Whether a slot that is not empty stands for an entry equal to the one at `index`.
    private func holds(_ slot: UInt64, hash: UInt64, equalOf index: Int) -> Bool {
        slot >> 32 == hash >> 32 && self[Int(slot & 0xFFFF_FFFF) - 1] == self[index]
    }

    private mutating func grow() {
        slots = [UInt64](repeating: 0, count: slots.count * 2)
        for index in 0..<count {
            place(index, hash: TokenHash(self[index].span).finished)
        }
    }

    private static func slotCount(for capacity: Int) -> Int {
        var count = 16
        while count < capacity * 2 { count *= 2 }
        return count
    }
}

/// The hash of a byte string, fed byte by byte so that the hashes of all prefixes come on the way.
struct TokenHash {
    private var hash = FNV1a()

    init() {}

    init(_ bytes: Span<UInt8>) {
        for index in 0..<bytes.count { feed(bytes[index]) }
    }

    @inline(__always)
    mutating func feed(_ byte: UInt8) { hash.add(byte) }

    @inline(__always)
    var finished: UInt64 {
        let mixed = (hash.value ^ hash.value >> 32) &* 0x9e37_79b9_7f4a_7c15
        return mixed ^ mixed >> 29
    }
}
