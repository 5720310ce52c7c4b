import Foundation
import TestSupport

/// Pickles written instruction by instruction, proper ones and others.
enum Pickle {
    static func text(_ text: String) -> [UInt8] {
        Array("X".utf8) + UInt32(text.utf8.count).littleEndianBytes + Array(text.utf8)
    }

    static func integer(_ value: Int) -> [UInt8] {
        [0x8A, 8] + UInt64(bitPattern: Int64(value)).littleEndianBytes
    }

    static func global(_ module: String, _ name: String) -> [UInt8] {
        Array("c\(module)\n\(name)\n".utf8)
    }

    static func tuple(_ items: [[UInt8]]) -> [UInt8] {
        Array("(".utf8) + items.joined() + Array("t".utf8)
    }

    static func dictionary(_ items: [(name: String, value: [UInt8])]) -> [UInt8] {
        Array("}(".utf8) + items.flatMap { text($0.name) + $0.value } + Array("u".utf8)
    }

    static func storage(_ key: String, _ count: Int, _ type: String = "FloatStorage") -> [UInt8] {
        tuple([text("storage"), global("torch", type), text(key), text("cpu"), integer(count)])
            + Array("Q".utf8)
    }

    static func tensor(
        _ storage: [UInt8], offset: Int = 0, _ shape: [Int], _ strides: [Int]
    ) -> [UInt8] {
        let hooks = global("collections", "OrderedDict") + Array(")R".utf8)
        let arguments = [
            storage, integer(offset), tuple(shape.map(integer)), tuple(strides.map(integer)),
            [0x89], hooks,
        ]
        return global("torch._utils", "_rebuild_tensor_v2") + tuple(arguments) + Array("R".utf8)
    }

    static func whole(_ instructions: [UInt8]) -> [UInt8] {
        [0x80, 2] + instructions + Array(".".utf8)
    }
}

/// Zip files of stored members.
struct Zip {
    var members: [(name: String, bytes: [UInt8])]
    /// Puts every number where zip64 has it.
    var isWide = false
    var method: UInt16 = 0
    var comment = ""

    /// What `torch.save` makes of a pickle and storages.
    init(pickle: [UInt8], storages: [String: [UInt8]] = [:], byteOrder: String? = "little") {
        members = [("archive/data.pkl", pickle)]
        if let byteOrder { members.append(("archive/byteorder", Array(byteOrder.utf8))) }
        members += storages.sorted { $0.key < $1.key }.map { ("archive/data/\($0.key)", $0.value) }
    }

    var bytes: [UInt8] {
        func le<Number: FixedWidthInteger>(_ value: Number) -> [UInt8] {
            value.littleEndianBytes
        }
        var (file, directory): ([UInt8], [UInt8]) = ([], [])
        for (name, bytes) in members {
            let size = isWide ? [0xFF, 0xFF, 0xFF, 0xFF] : le(UInt32(bytes.count))
            let start = isWide ? [0xFF, 0xFF, 0xFF, 0xFF] : le(UInt32(file.count))
            let count = UInt64(bytes.count)
            let extra =
                isWide
                ? le(UInt16(1)) + le(UInt16(24)) + le(count) + le(count) + le(UInt64(file.count))
                : []
            // Version, flags, method, time, checksum (never compared) and sizes.
            let common: [UInt8] =
                le(UInt16(45)) + le(UInt16(0)) + le(method) + le(UInt64(0)) + size + size
                + le(UInt16(name.utf8.count))
            directory += [0x50, 0x4B, 1, 2, 0, 0] + common + le(UInt16(extra.count))
            directory += [UInt8](repeating: 0, count: 10) + start + Array(name.utf8) + extra
            let padding = [UInt8](repeating: UInt8(ascii: "Z"), count: 5)
            file += [0x50, 0x4B, 3, 4] + common + le(UInt16(padding.count)) + Array(name.utf8)
            file += padding + bytes
        }
        let start = file.count
        file += directory
        if isWide {
            let record = file.count
            file += [0x50, 0x4B, 6, 6] + le(UInt64(44)) + [UInt8](repeating: 0, count: 28)
            file += le(UInt64(directory.count)) + le(UInt64(start))
            file += [0x50, 0x4B, 6, 7, 0, 0, 0, 0] + le(UInt64(record)) + le(UInt32(1))
        }
        let number = UInt16(members.count)
        file += [0x50, 0x4B, 5, 6, 0, 0, 0, 0] + le(number) + le(number)
        file += le(isWide ? UInt32.max : UInt32(directory.count))
        file += le(isWide ? UInt32.max : UInt32(start))
        return file + le(UInt16(comment.utf8.count)) + Array(comment.utf8)
    }
}
