import Foundation

/// A 64-byte-aligned Float32 buffer, recycled by size class when its last user lets go.
///
/// Its contents start out undefined.
package final class Storage {
    package let base: UnsafeMutablePointer<Float>
    package let count: Int
    /// Floats that there is room for when the buffer is from the pool, else nil.
    private let pooledCapacity: Int?

    package init(_ count: Int) {
        self.count = count
        let buffer = StoragePool.shared.take(count)
        base = buffer.base
        pooledCapacity = buffer.capacity
    }

    /// A buffer of zeros that takes memory only where it is written: for long-lived, sparse state.
    package init(untouchedZeros count: Int) {
        guard let raw = calloc(max(count, 1), MemoryLayout<Float>.stride) else {
            fatalError("out of memory: no room for \(count * 4) bytes of optimizer state")
        }
        self.count = count
        base = raw.bindMemory(to: Float.self, capacity: count)
        pooledCapacity = nil
    }

    /// Writes the zeros of a part of `untouchedZeros` that is about to be read and changed for the first time.
    ///
    /// Without it the system maps a page of zeros at the read, and must take that back from every thread at
    /// the write.
    package func writeZeros(_ range: Range<Int>) {
        (base + range.lowerBound).update(repeating: 0, count: range.count)
    }

    /// Gives free buffers back to the system, the largest first, until those that are left hold at most so many bytes.
    package static func trimPool(to bytes: Int) { StoragePool.shared.trim(to: bytes) }

    /// A buffer of zeros.
    package static func zeros(_ count: Int) -> Storage {
        let storage = Storage(count)
        storage.base.update(repeating: 0, count: count)
        return storage
    }

    deinit {
        if let pooledCapacity {
            StoragePool.shared.giveBack(.init(base: base, capacity: pooledCapacity))
        } else {
            free(base)
        }
    }
}

/// Free buffers by size class, the powers of two.
///
/// Every training step has new shapes but about the same sizes, so after the first steps nothing is asked
/// from the system and few pages are touched for the first time. Pages that no tensor has reached take no
/// memory, so wide classes cost little; narrow ones would each keep buffers of their own.
final class StoragePool: Sendable {
    static let shared = StoragePool()

    /// Memory for `capacity` floats, the size of a class.
    struct Buffer: @unchecked Sendable {
        let base: UnsafeMutablePointer<Float>
        let capacity: Int
    }
    private let free = Locked<[Int: [Buffer]]>([:])

    /// The smallest class that holds `count` floats.
    static func sizeClass(_ count: Int) -> Int {
        1 << (Int.bitWidth - (max(count, 64) - 1).leadingZeroBitCount)
    }

    fileprivate func take(_ count: Int) -> Buffer {
        let size = Self.sizeClass(count)
        let found = free.withLock { free in
            // One of the next class is better than a new one.
            free[size]?.popLast() ?? free[2 * size]?.popLast()
        }
        if let found { return found }
        var raw: UnsafeMutableRawPointer?
        guard posix_memalign(&raw, 64, size * MemoryLayout<Float>.stride) == 0, let raw else {
            fatalError(
                "out of memory: no room for \(count * 4) bytes more; use a smaller batch or shorter sequences"
            )
        }
        return Buffer(base: raw.bindMemory(to: Float.self, capacity: size), capacity: size)
    }

    fileprivate func giveBack(_ buffer: Buffer) {
        free.withLock { $0[buffer.capacity, default: []].append(buffer) }
    }

    func trim(to bytes: Int) {
        let released = self.free.withLock { free in
            var released: [Buffer] = []
            var kept = 0
            for size in free.keys.sorted() {
                let own = free[size] ?? []
                let room = max(0, (bytes - kept) / (size * MemoryLayout<Float>.stride))
                released += own.dropFirst(room)
                free[size] = Array(own.prefix(room))
                kept += min(own.count, room) * size * MemoryLayout<Float>.stride
            }
            return released
        }
        for buffer in released { Foundation.free(buffer.base) }
    }
}
