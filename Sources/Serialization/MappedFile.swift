import Foundation
import ModelLayout
import Support

/// A file's bytes, mapped into memory: pages are read when they are touched.
struct MappedFile {
    /// All bytes, without a copy.
    let data: Data
    private let isMapped: Bool

    /// Maps a file; refuses what Git leaves in place of a large one.
    init(_ url: URL) throws(SerializationError) {
        func failure() -> SerializationError {
            .unreadable(path: url.path, reason: systemReason())
        }
        let descriptor: Int32
        do throws(RegularFile.Failure) { descriptor = try RegularFile.open(url.path) } catch {
            throw .unreadable(path: url.path, reason: error.reason)
        }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw failure() }
        let count = Int(status.st_size)
        guard count > 0 else {
            (data, isMapped) = (Data(), false)
            return
        }
        guard let start = mmap(nil, count, PROT_READ, MAP_PRIVATE, descriptor, 0),
            start != MAP_FAILED
        else { throw failure() }
        data = Data(
            bytesNoCopy: start, count: count,
            deallocator: .custom { start, count in munmap(start, count) })
        isMapped = true
        if GitLFS.isPointer(data) { throw .gitLFSPointer(path: url.path) }
    }

    /// Bytes that are in memory already.
    init(unmapped data: Data) {
        (self.data, isMapped) = (data, false)
    }

    /// Calls `body` with some of the bytes, and gives their pages back: until then, pages that were touched
    /// count as memory of the process, and a model would be there twice.
    func withBytes(_ range: Range<Int>, _ body: (UnsafeRawBufferPointer) -> Void) {
        data.withUnsafeBytes { file in
            let bytes = UnsafeRawBufferPointer(rebasing: file[range])
            body(bytes)
            guard isMapped, let start = bytes.baseAddress else { return }
            let page = UInt(getpagesize())
            let first = (UInt(bitPattern: start) + page - 1) / page * page
            let end = (UInt(bitPattern: start) + UInt(bytes.count)) / page * page
            guard first < end, let pages = UnsafeMutableRawPointer(bitPattern: first) else {
                return
            }
            madvise(pages, Int(end - first), MADV_DONTNEED)
        }
    }
}
