import HDF5
import Testing

@Suite struct AttributeTests {
    private let folder: TemporaryFolder

    init() throws { folder = TemporaryFolder() }

    @Test func everyType() throws {
        let path = folder.path("attributes.h5")
        let long = String(repeating: "{\"key\": \"välue\"}", count: 20_000)
        let file = try HDF5File(creating: path)
        let attributes = file.root.attributes
        try attributes.set("text", to: "naïve")
        try attributes.set("empty", to: "")
        try attributes.set("long", to: long)
        try attributes.set("texts", to: ["a", "", "日本"])
        try attributes.set("no texts", to: [String]())
        try attributes.set("int", to: -3)
        try attributes.set("seed", to: UInt64.max)
        try attributes.set("double", to: 2e-5)
        try attributes.set("float", to: Float(0.1))
        try attributes.set("ints", to: [1, 2, 3])
        try attributes.set("no ints", to: [Int]())
        try attributes.set("yes", to: true)
        try attributes.set("no", to: false)
        try file.close()

        let read = try HDF5File(opening: path).root.attributes
        #expect(try read.string("text") == "naïve")
        #expect(try read.string("empty") == "")
        #expect(try read.string("long") == long)
        #expect(try read.strings("texts") == ["a", "", "日本"])
        #expect(try read.strings("no texts") == [])
        #expect(try read.strings("text") == ["naïve"])
        #expect(try read.value("int") == -3)
        #expect(try read.value("seed") == UInt64.max)
        #expect(try read.value("double") == 2e-5)
        #expect(try read.value("float", as: Double.self) == Double(Float(0.1)))
        #expect(try read.values("ints") == [1, 2, 3])
        #expect(try read.values("no ints", as: Int.self) == [])
        #expect(try read.bool("yes"))
        #expect(try !read.bool("no"))
        #expect(try read.contains("int"))
        #expect(try !read.contains("Int"))
        #expect(
            try read.names() == [
                "double", "empty", "float", "int", "ints", "long", "no", "no ints", "no texts",
                "seed", "text", "texts", "yes",
            ])
    }

    @Test func settingAgainReplaces() throws {
        let file = try HDF5File(creating: folder.path("again.h5"))
        let group = try file.root.createGroup("training")
        try group.attributes.set("step", to: 1)
        try group.attributes.set("step", to: "two")
        #expect(try group.attributes.string("step") == "two")
        #expect(try group.attributes.names() == ["step"])
    }

    @Test func datasetsHaveThemToo() throws {
        let file = try HDF5File(creating: folder.path("dataset.h5"))
        let dataset = try file.root.createDataset("x", shape: [2], of: Float.self)
        try dataset.attributes.set("unit", to: "pairs/s")
        #expect(try file.root.dataset(named: "x").attributes.string("unit") == "pairs/s")
    }

    @Test func errorsNameTheAttribute() throws {
        let file = try HDF5File(creating: folder.path("errors.h5"))
        let path = file.path
        let group = try file.root.createGroup("training")
        let attributes = group.attributes
        try attributes.set("learning_rate", to: 0.5)
        try attributes.set("seeds", to: [1, 2])
        let missing = #expect(throws: HDF5Error.self) {
            try attributes.value("learningrate", as: Int.self)
        }
        #expect(
            missing?.description == """
                \(path): /training@learningrate does not exist; did you mean learning_rate? \
                There are: learning_rate, seeds
                """)
        let type = #expect(throws: HDF5Error.self) { try attributes.string("learning_rate") }
        #expect(
            type?.description
                == "\(path): /training@learning_rate holds float64, expected string")
        let shape = #expect(throws: HDF5Error.self) { try attributes.value("seeds", as: Int.self) }
        #expect(shape?.description == "\(path): /training@seeds has shape [2], expected []")
        let text = #expect(throws: HDF5Error.self) { try attributes.set("x", to: "a\0b") }
        #expect(
            text?.description == """
                \(path): /training@x: "a\\0b" contains a NUL character, which cannot be stored
                """)
        #expect(
            throws: HDF5Error.invalidName(
                file: path, name: "a\0b", reason: "it contains a NUL character")
        ) { try attributes.set("a\0b", to: 1) }
    }
}
