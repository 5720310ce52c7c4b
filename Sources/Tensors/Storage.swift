import Foundation
import Synchronization

/// A 64-byte-aligned Float32 buffer, recycled by size class when its last user lets go.
///
/// Its contents start out undefined.
package final class Storage {
    package let base: UnsafeMutablePointer<Float>
    package let count: Int
    private let isPooled: Bool

    package init(_ count: Int) {
        self.count = count
        base = StoragePool.shared.take(count)
        isPooled = true
    }

    /// A buffer of zeros that takes memory only where it is written: for long-lived, sparse state.
    package init(untouchedZeros count: Int) {
        guard let raw = calloc(max(count, 1), MemoryLayout<Float>.stride) else {
            fatalError("out of memory: no room for \(count * 4) bytes of optimizer state")
        }
        self.count = count
        base = raw.bindMemory(to: Float.self, capacity: count)
        isPooled = false
    }

    /// A buffer of zeros.
    package static func zeros(_ count: Int) -> Storage {
        let storage = Storage(count)
        storage.base.update(repeating: 0, count: count)
        return storage
    }

    deinit {
        if isPooled { StoragePool.shared.giveBack(base, count) } else { free(base) }
    }
}

/// Free buffers by size class, eight classes to each power of two.
///
/// Every training step has new shapes but about the same sizes, so after the first steps nothing is asked
/// from the system and no page is touched for the first time.
package final class StoragePool: Sendable {
    package static let shared = StoragePool()

    private struct Buffer: @unchecked Sendable { let base: UnsafeMutablePointer<Float> }
    private let free = Mutex<[Int: [Buffer]]>([:])

    /// The smallest class that holds `count` floats.
    static func sizeClass(_ count: Int) -> Int {
        let needed = max(count, 64)
        let power = 1 << (Int.bitWidth - 1 - (needed - 1).leadingZeroBitCount)
        let step = max(power / 8, 16)
        return (needed + step - 1) / step * step
    }

    fileprivate func take(_ count: Int) -> UnsafeMutablePointer<Float> {
        let size = Self.sizeClass(count)
        if let buffer = free.withLock({ $0[size]?.popLast() }) { return buffer.base }
        var raw: UnsafeMutableRawPointer?
        guard posix_memalign(&raw, 64, size * MemoryLayout<Float>.stride) == 0, let raw else {
            fatalError(
                "out of memory: no room for \(size * 4) bytes more; use a smaller batch or shorter sequences"
            )
        }
        return raw.bindMemory(to: Float.self, capacity: size)
    }

    fileprivate func giveBack(_ base: UnsafeMutablePointer<Float>, _ count: Int) {
        let buffer = Buffer(base: base)
        free.withLock { $0[Self.sizeClass(count), default: []].append(buffer) }
    }

    /// Returns every free buffer to the system.
    package func trim() {
        let buffers = free.withLock { free in
            defer { free = [:] }
            return free
        }
        for buffer in buffers.values.joined() { Foundation.free(buffer.base) }
    }
}
