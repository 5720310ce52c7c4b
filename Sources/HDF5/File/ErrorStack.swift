import CHDF5

/// What the C library said about its last failure on this thread, innermost call first.
struct ErrorStack {
    private struct Entry {
        let minor: hid_t
        let text: String
    }

    private var entries: [Entry] = []

    /// Collects the stack; to be called inside the lock, right after the failed call.
    static func collect() -> ErrorStack {
        var stack = ErrorStack()
        withUnsafeMutablePointer(to: &stack) { pointer in
            // Direction "upward" starts at the call in which the error arose.
            _ = H5Ewalk2(
                0, H5E_WALK_UPWARD,
                { _, entry, context in
                    guard let entry = entry?.pointee, let context else { return 0 }
                    let text = entry.desc.map { String(cString: $0) } ?? ""
                    context.assumingMemoryBound(to: ErrorStack.self).pointee.entries
                        .append(Entry(minor: entry.min_num, text: text))
                    return 0
                }, pointer)
        }
        return stack
    }

    /// The sentences, innermost first, without repeats.
    var messages: [String] {
        var seen: Set<String> = []
        return entries.map(\.text).filter { !$0.isEmpty && seen.insert($0).inserted }
    }

    /// The operating system's error number, if the failure came from there.
    var errno: Int32? {
        for text in messages {
            guard let start = text.firstRange(of: "errno = ")?.upperBound else { continue }
            if let number = Int32(text[start...].prefix { $0.isNumber }) { return number }
        }
        return nil
    }

    /// The actual and the recorded size in bytes, if the file is shorter than it says it is.
    var truncation: (found: UInt64, expected: UInt64)? {
        guard let entry = entries.first(where: { $0.minor == chdf5_minor_truncated() }) else {
            return nil
        }
        func number(after key: String) -> UInt64? {
            guard let start = entry.text.firstRange(of: key)?.upperBound else { return nil }
            return UInt64(entry.text[start...].prefix { $0.isNumber })
        }
        guard let found = number(after: ": eof = "), let expected = number(after: "stored_eof = ")
        else { return nil }
        return (found, expected)
    }

    var saysNotHDF5: Bool { entries.contains { $0.minor == chdf5_minor_not_hdf5() } }

    /// True when a checksum, of data (Fletcher-32) or of metadata, did not match.
    var saysChecksum: Bool {
        entries.contains {
            $0.text.contains("Fletcher32") || $0.text.contains("incorrect metadata checksum")
        }
    }

    var saysLocked: Bool { entries.contains { $0.text.contains("unable to lock file") } }

    var saysUnfinished: Bool { entries.contains { $0.text.contains("already open for write") } }
}
