import HDF5
import Testing

@Suite struct GroupTests {
    private let folder: TemporaryFolder

    init() throws { folder = TemporaryFolder() }

    @Test(arguments: [3, 500])
    func namesComeBackInTheOrderWritten(count: Int) throws {
        let names = (0..<count).map { "encoder.layer.\(count - $0).attention.self.query.weight" }
        let path = folder.path("order.h5")
        let file = try HDF5File(creating: path)
        let model = try file.root.createGroup("model")
        for (index, name) in names.enumerated() {
            try file.root.write([Float(index)], as: name)
            if index % 2 == 0 { _ = try model.createGroup(name) }
        }
        try file.close()
        let opened = try HDF5File(opening: path)
        #expect(try opened.root.childNames() == ["model"] + names)
        let even = names.indices.filter { $0 % 2 == 0 }.map { names[$0] }
        #expect(try opened.root.group(named: "model").childNames() == even)
        #expect(try opened.root.dataset(named: names[1]).read(as: Float.self) == [1])
    }

    @Test func pathsLeadThroughGroups() throws {
        let file = try HDF5File(creating: folder.path("paths.h5"))
        let a = try file.root.createGroup("a")
        let b = try a.createGroup("b ü")
        try b.write([7], as: "x")
        #expect(b.path == "/a/b ü")
        #expect(try file.root.dataset(named: "a/b ü/x").path == "/a/b ü/x")
        #expect(try a.dataset(named: "/a/b ü/x").read(as: Int.self) == [7])
        #expect(try a.contains("b ü/x"))
        #expect(try !a.contains("b ü/y"))
        #expect(try !a.contains("b ü/x/y"))
        #expect(try a.kind(of: "b ü") == .group)
        #expect(try a.kind(of: "b ü/x") == .dataset)
    }

    @Test func missingObjectsAreExplained() throws {
        let file = try HDF5File(creating: folder.path("missing.h5"))
        let path = file.path
        let model = try file.root.createGroup("model")
        try model.write([Float(1)], as: "pooler.dense.weight")
        try model.write([Float(1)], as: "pooler.dense.bias")
        let empty = try file.root.createGroup("loss")
        func message(_ body: () throws -> Void) -> String? {
            #expect(throws: HDF5Error.self, performing: body)?.description
        }
        #expect(
            message { _ = try model.dataset(named: "pooler.dense.wieght") } == """
                \(path): /model/pooler.dense.wieght does not exist; did you mean \
                pooler.dense.weight? There are: pooler.dense.weight, pooler.dense.bias
                """)
        #expect(
            message { _ = try file.root.group(named: "optimizer/exp_avg") }
                == "\(path): /optimizer does not exist; there are: model, loss")
        #expect(
            message { _ = try empty.group(named: "x") }
                == "\(path): /loss/x does not exist; nothing is stored there")
        #expect(
            message { _ = try file.root.dataset(named: "model") }
                == "\(path): /model is a group, expected a dataset")
        #expect(
            message { _ = try model.group(named: "pooler.dense.bias") }
                == "\(path): /model/pooler.dense.bias is a dataset, expected a group")
        #expect(
            message { _ = try file.root.createGroup("model") }
                == "\(path): /model already exists; choose another name")
        #expect(
            message { _ = try model.write([1], as: "pooler.dense.bias") }
                == "\(path): /model/pooler.dense.bias already exists; choose another name")
    }

    @Test(arguments: [
        ("", "it is empty"), ("a\0b", "it contains a NUL character"),
        ("a/b", "it is \".\" or contains \"/\""), (".", "it is \".\" or contains \"/\""),
    ])
    func namesThatCannotBeGiven(name: String, reason: String) throws {
        let file = try HDF5File(creating: folder.path("names.h5"))
        let error = HDF5Error.invalidName(file: file.path, name: name, reason: reason)
        #expect(throws: error) { _ = try file.root.createGroup(name) }
        #expect(throws: error) { try file.root.write([1], as: name) }
        #expect(throws: error) { try file.root.write(["a"], as: name) }
        #expect(try file.root.childNames() == [])
    }

    @Test func shapesAndRowsAreChecked() throws {
        let file = try HDF5File(creating: folder.path("shapes.h5"))
        let path = file.path
        let dataset = try file.root.createDataset("x", shape: [4, 3], of: Float.self)
        let values = [Float](repeating: 1, count: 11)
        let shape = #expect(throws: HDF5Error.self) { try dataset.write(values.span) }
        #expect(shape?.description == "\(path): /x has shape [4, 3], expected [11]")
        let required = #expect(throws: HDF5Error.self) { try dataset.require(shape: [3, 4]) }
        #expect(required?.description == "\(path): /x has shape [4, 3], expected [3, 4]")
        #expect(throws: Never.self) { try dataset.require(shape: [4, 3]) }
        let rows = #expect(throws: HDF5Error.self) {
            var values = [Float](repeating: 1, count: 6)
            var span = values.mutableSpan
            try dataset.read(rows: 3..<5, into: &span)
        }
        #expect(
            rows?.description
                == "\(path): /x has 4 rows, so rows 3..<5 are not all there")
        #expect(
            throws: HDF5Error.rowsOutOfRange(
                file: path, object: "/x", rows: -1..<1, available: 4)
        ) { try dataset.write([Float](repeating: 1, count: 6).span, rows: -1..<1) }
        #expect(
            throws: HDF5Error.wrongType(
                file: path, object: "/x", expected: "int32", found: "float32")
        ) { try dataset.write([Int32](repeating: 1, count: 12).span) }
        #expect(
            throws: HDF5Error.failed(
                file: path, object: "/huge", operation: "create the dataset",
                messages: ["a shape of [4611686018427387904, 8] is impossible"])
        ) { _ = try file.root.createDataset("huge", shape: [1 << 62, 8], of: Float.self) }
    }
}
