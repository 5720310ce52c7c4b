import Foundation
import Support
import TestSupport
import Testing

@Suite struct TextTests {
    /// From the algorithm's own test suite.
    @Test func hash() {
        for (text, expected): (String, UInt64) in [
            ("", 0xcbf2_9ce4_8422_2325), ("a", 0xaf63_dc4c_8601_ec8c),
            ("foobar", 0x8594_4171_f739_67e8),
        ] {
            var hash = FNV1a()
            for byte in text.utf8 { hash.add(byte) }
            #expect(hash.value == expected)
        }
    }

    @Test func hexadecimal() {
        #expect(String(hexadecimal: [0, 1, 0x0f, 0xa0, 0xff]) == "00010fa0ff")
        #expect(String(hexadecimal: [UInt8]()) == "")
    }

    @Test func trimmed() {
        #expect(" \t a b\r\n".trimmed == "a b")
        #expect("x, y ".dropFirst(2).trimmed == "y")
    }

    @Test(arguments: [
        ("txt", "text"), ("SENTENCE_1", "sentence1"), ("learningrate", "learning_rate"),
        ("pooler.dense.wieght", "pooler.dense.weight"), ("scroe", "score"), ("ab", nil),
        ("score", "score"), ("x", nil), ("", nil), ("optimizer", nil),
        (String(repeating: "score", count: 100), nil),
    ])
    func closestName(wanted: String, expected: String?) {
        let names = [
            "text", "sentence1", "sentence2", "score", "learning_rate", "pooler.dense.bias",
            "pooler.dense.weight", "Ünïcödé",
        ]
        #expect(Support.closestName(to: wanted, among: names) == expected)
    }

    @Test func closestOfManyNames() {
        // Looking at all of a long list would make a message slow to build.
        let names = (0..<2000).map { "layer.\($0).weight" }
        #expect(Support.closestName(to: "layer.7.wieght", among: names) == "layer.7.weight")
        #expect(Support.closestName(to: "leyer.1999.weight", among: names) != "layer.1999.weight")
    }
}

@Suite struct FolderTests {
    @Test func foldersAreToldFromFiles() throws {
        let folder = TemporaryFolder()
        let file = try folder.write("", to: "file")
        try FileManager.default.createSymbolicLink(
            at: folder("link"), withDestinationURL: folder.url)
        #expect(FileManager.default.folderExists(atPath: folder.url.path))
        #expect(FileManager.default.folderExists(atPath: folder.path("link")))
        #expect(!FileManager.default.folderExists(atPath: file))
        #expect(!FileManager.default.folderExists(atPath: folder.path("none")))
    }
}
