import Foundation
import Testing

@testable import ExampleFiles

/// What is and is not gzip-compressed data.
@Suite struct GzipTests {
    private let folder = TemporaryFolder()
    private let text = (0..<30_000).map { "Sentence \($0) of many.\n" }.joined()

    private func packed(_ text: String) throws -> [UInt8] {
        writeGzip(text, to: folder.path("one.gz"))
        return try folder.bytes(of: "one.gz")
    }

    private func lines(_ bytes: [UInt8]) throws -> [String] {
        let path = try folder.write(bytes, to: "in.txt.gz")
        let file = try SentenceFile(path: path, format: .text)
        var lines: [String] = []
        while let line = try file.next() { lines.append(line) }
        return lines
    }

    private func problem(_ bytes: [UInt8]) -> String {
        let error = #expect(throws: ExampleFileError.self) { try lines(bytes) }
        let all = #expect(throws: ExampleFileError.self) {
            _ = try FileContents(path: folder.path("in.txt.gz"))
        }
        #expect(error?.description == all?.description)
        return error?.description ?? ""
    }

    @Test func severalPartsAndZerosAfterThem() throws {
        let expected = text.split(separator: "\n").map(String.init)
        #expect(try lines(packed(text)) == expected)
        #expect(try lines(packed(text) + packed("a\n")) == expected + ["a"])
        #expect(
            try lines(packed(text) + [UInt8](repeating: 0, count: 1000)) == expected)
        #expect(try lines(packed("")) == [])
        #expect(try lines([0x1f]) == ["\u{1f}"])
    }

    @Test func whatFollowsIsRefused() throws {
        for rest in ["x", "plain text\n", String(repeating: "y", count: 600_000)] {
            let message = problem(try packed(text) + Array(rest.utf8))
            #expect(message.contains("other bytes follow their end"), "\(message)")
        }
    }

    @Test func whatIsCutIsRefused() throws {
        let whole = try packed(text)
        for count in [2, 9, whole.count / 2, whole.count - 1] {
            let message = problem(Array(whole.prefix(count)))
            #expect(message.contains("they end too early"), "\(message)")
        }
    }

    @Test func whatIsDamagedIsRefused() throws {
        var bytes = try packed(text)
        bytes[bytes.count - 6] ^= 1
        #expect(problem(bytes).contains("incorrect data check"))
    }
}
