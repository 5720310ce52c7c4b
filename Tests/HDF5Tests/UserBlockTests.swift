import Foundation
import HDF5
import Support
import TestSupport
import Testing

/// Files with a digest: any change to them is noticed before HDF5 sees them.
@Suite struct UserBlockTests {
    private let folder: TemporaryFolder
    private let path: String

    init() throws {
        folder = TemporaryFolder()
        path = folder.path("good.h5")
        let file = try HDF5File(creating: path, withDigest: true)
        try file.root.write((0..<600).map { Float($0) }, shape: [30, 20], as: "weight")
        try file.root.attributes.set("config", to: "{}")
        try file.close()
    }

    private func error(_ bytes: some Sequence<UInt8>) throws -> String? {
        let path = try folder.write(bytes, to: "changed.h5")
        let error = #expect(throws: HDF5Error.self) { _ = try HDF5File(opening: path) }
        return error?.description.replacing(path + ": ", with: "")
    }

    @Test func theBlockIsAsDocumented() throws {
        let bytes = try folder.bytes(of: "good.h5")
        #expect(Array(bytes[0..<16]) == [0x89] + Array("SIMILE\n".utf8) + [1, 0, 0, 0, 0, 0, 0, 0])
        let length = bytes[16..<24].reversed().reduce(0) { $0 << 8 | Int($1) }
        #expect(length == bytes.count)
        try Data(bytes[512...]).write(to: URL(filePath: folder.path("rest")))
        #expect(try sha256(ofFile: folder.path("rest")) == String(hexadecimal: bytes[24..<56]))
        #expect(bytes[56..<512].allSatisfy { $0 == 0 })
        #expect(Array(bytes[512..<520]) == [0x89] + Array("HDF\r\n".utf8) + [0x1A, 0x0A])
        let file = try HDF5File(opening: path)
        let hasDigest = file.hasDigest
        #expect(hasDigest)
        #expect(try file.root.dataset(named: "weight").read(as: Float.self)[599] == 599)
    }

    @Test func aFileWithoutADigestIsOpenedAsOneFromElsewhere() throws {
        let path = folder.path("plain.h5")
        try HDF5File(creating: path).close()
        let hasDigest = try HDF5File(opening: path).hasDigest
        #expect(!hasDigest)
    }

    @Test func everyChangeIsNamed() throws {
        let good = try folder.bytes(of: "good.h5")
        func changed(_ place: Int, _ mask: UInt8 = 1) -> [UInt8] {
            var bytes = good
            bytes[place] ^= mask
            return bytes
        }
        let bytes = "damaged: its bytes changed after they were written (SHA-256 differs)"
        let again = "; use another copy of the file"
        for place in [12, 30, 100, 511, 512, 2000, good.count - 1] {
            #expect(try error(changed(place)) == bytes + again, "byte \(place)")
        }
        #expect(
            try error(changed(3))
                == "damaged: its first 512 bytes, the user block, changed or are another program's"
                + again)
        #expect(
            try error(changed(8, 2))
                == "/ cannot be read here: its user block has version 3, expected 1"
                + again + ", or a later version of this program")
        #expect(try error(good + [0, 0]) == "damaged: 2 bytes follow its end" + again)
        let cut = "; copy or download it again"
        for length in [513, 1000, good.count - 1] {
            #expect(
                try error(good.prefix(length))
                    == "truncated: \(length) of \(good.count) bytes are there" + cut)
        }
        #expect(try error(good.prefix(300)) == "truncated: 300 of 512 bytes are there" + cut)
        #expect(
            try error([UInt8](repeating: 0, count: 512) + good.dropFirst(512)) == """
                never closed by the program that wrote it, so incomplete or still being written; \
                use an earlier file
                """)
        #expect(
            try error([UInt8](repeating: 0, count: 520) + good.dropFirst(520))
                == "not an HDF5 file: it has no HDF5 signature")
    }

    /// A limit on the size of files stands in for a full disk.
    @Test func aDigestOfWhatCouldNotBeWrittenIsNone() async {
        await #expect(processExitsWith: .success) {
            let folder = TemporaryFolder()
            signal(SIGXFSZ, SIG_IGN)
            var limit = rlimit(rlim_cur: 100_000, rlim_max: 100_000)
            setrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limit)
            let path = folder.path("full.h5")
            do {
                let file = try HDF5File(creating: path, withDigest: true)
                try file.root.write([Float](repeating: 1, count: 1_000_000), as: "x")
                try file.close()
                preconditionFailure("a file larger than the disk was written")
            } catch let error as HDF5Error {
                precondition(error == .diskFull(file: path), error.description)
            }
            precondition((try? HDF5File(opening: path)) == nil)
        }
    }

    /// As the system's tool computes it.
    private func sha256(ofFile path: String) throws -> String {
        let (process, output) = (Process(), Pipe())
        process.executableURL = URL(filePath: "/usr/bin/sha256sum")
        process.arguments = [path]
        process.standardOutput = output
        try process.run()
        let text = try output.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        return String(decoding: text.prefix(64), as: UTF8.self)
    }
}
