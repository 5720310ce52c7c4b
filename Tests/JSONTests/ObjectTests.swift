import Foundation
import TestSupport
import Testing

@testable import JSON

private enum Failure: JSONFileError, Equatable {
    case unreadableFile(file: String, reason: String)
    case malformedJSON(file: String, line: Int, reason: String)
    case invalidValue(file: String, key: String, found: String, expected: String)
}

@Suite struct ObjectTests {
    private func object(_ text: String) throws -> JSONObject<Failure> {
        try JSONObject(
            JSONValue(parsing: text.utf8), file: "f.json", key: "the whole file", path: "")
    }

    /// In a file; which of the two was meant nobody knows.
    @Test func aKeyThatIsThereTwiceIsRefused() throws {
        let folder = TestSupport.TemporaryFolder()
        for text in [#"{"a": 1, "b": 2, "a": 3}"#, #"{"o": [{"a": 1, "a": 1}]}"#] {
            let path = try folder.write(text, to: "f.json")
            let error = #expect(throws: Failure.self) {
                let _: JSONObject<Failure> = try JSONObject(file: folder("f.json"))
            }
            guard case .malformedJSON(path, 1, let reason) = error else {
                Issue.record("\(String(describing: error))")
                continue
            }
            #expect(reason.hasPrefix("the key 'a' is there twice; leave one of them"))
        }
        // Equal to people, and different tokens all the same.
        try folder.write("{\"\u{E9}\": 1, \"e\u{301}\": 2}", to: "f.json")
        let object: JSONObject<Failure> = try JSONObject(file: folder("f.json"))
        #expect(object.members.count == 2)
    }

    @Test func filesAreNotWaitedFor() throws {
        let folder = TestSupport.TemporaryFolder()
        #expect(mkfifo(folder.path("pipe"), 0o600) == 0)
        #expect(
            throws: Failure.unreadableFile(
                file: folder.path("pipe"), reason: "it is a pipe, not a regular file")
        ) { let _: JSONObject<Failure> = try JSONObject(file: folder("pipe")) }
    }

    @Test func membersByKind() throws {
        let object = try object(
            #"{"b": true, "s": "x", "i": 5, "d": 0.5, "l": [1], "t": ["x", "y"], "o": {"k": 1}, "n": null}"#
        )
        #expect(try object.bool("b") == true)
        #expect(try object.string("s") == "x")
        #expect(try object.int("i") == 5)
        #expect(try object.double("i") == 5)
        #expect(try object.double("d") == 0.5)
        #expect(try object.list("l") == [1])
        #expect(try object.strings("t") == ["x", "y"])
        #expect(try object.object("o")?.int("k") == 1)
        #expect(try object.string("n") == nil)
        #expect(object.states("n") && !object.states("absent"))
    }

    @Test func othersAreNamed() throws {
        let object = try object(#"{"a": 1.5, "o": {"k": "x"}, "l": ["x", 1], "h": {}}"#)
        #expect(
            throws: Failure.invalidValue(
                file: "f.json", key: "a", found: "1.5", expected: "a whole number")
        ) { try object.int("a") }
        #expect(
            throws: Failure.invalidValue(
                file: "f.json", key: "o.k", found: "'x'", expected: "true or false")
        ) { try object.object("o")?.bool("k") }
        #expect(
            throws: Failure.invalidValue(
                file: "f.json", key: "l", found: "a list of 2", expected: "a list of strings")
        ) { try object.strings("l") }
        var renamed = object
        renamed.keyNames = ["hidden": "h"]
        #expect(
            throws: Failure.invalidValue(
                file: "f.json", key: "h", found: "an object of 0 keys", expected: "a number")
        ) { try renamed.double("hidden") }
    }

    @Test func files() throws {
        let folder = TemporaryFolder()
        let url = folder("f.json")
        #expect(try JSONObject<Failure>.ifPresent(url) == nil)
        try Data("{\n\"a\": }".utf8).write(to: url)
        #expect(
            throws: Failure.malformedJSON(
                file: url.path, line: 2, reason: "expected a value at column 6")
        ) { try JSONObject<Failure>(file: url) }
        try Data("[]".utf8).write(to: url)
        #expect(
            throws: Failure.invalidValue(
                file: url.path, key: "the whole file", found: "a list of 0", expected: "an object")
        ) { try JSONObject<Failure>(file: url) }
    }
}
