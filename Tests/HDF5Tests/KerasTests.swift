import HDF5
import Testing

@Suite struct KerasTests {
    private let folder: TemporaryFolder
    private let path: String

    init() throws {
        folder = TemporaryFolder()
        path = try folder.write(KerasFile.bytes, to: "tf_model.h5")
    }

    @Test func namesLeadToWeights() throws {
        let root = try HDF5File(opening: path).root
        #expect(try root.attributes.string("backend") == "tensorflow")
        #expect(try root.attributes.string("keras_version") == "2.4.0-tf")
        let layers = try root.attributes.strings("layer_names")
        #expect(layers == ["bert", "dropout_37"])
        let names = try layers.flatMap { layer in
            try root.group(named: layer).attributes.strings("weight_names")
        }
        #expect(names == ["tf_bert/bert/layer_._0/kernel:0", "tf_bert/bert/layer_._0/bias:0"])
        let bert = try root.group(named: "bert")
        let kernel = try bert.dataset(named: names[0])
        #expect(kernel.path == "/bert/tf_bert/bert/layer_._0/kernel:0")
        #expect(kernel.shape == [4, 3])
        #expect(kernel.elementType == .float64)
        #expect(try kernel.read(as: Float.self) == (0..<12).map { Float($0) / 8 })
        let bias = try bert.dataset(named: names[1])
        #expect(bias.elementType == .float16)
        #expect(try bias.read(as: Float.self) == [0.5, -1.5, 65504])
        #expect(try root.dataset(named: "vocabulary").readStrings() == ["[PAD]", "é", ""])
    }

    @Test func linksOutOfTheFileAreNotFollowed() throws {
        let root = try HDF5File(opening: path).root
        let names = ["bert", "dropout_37", "elsewhere", "nowhere", "vocabulary"]
        #expect(try root.childNames() == names)
        let elsewhere = #expect(throws: HDF5Error.self) { _ = try root.group(named: "elsewhere") }
        #expect(
            elsewhere?.description
                == "\(path): /elsewhere cannot be read here: it is a link into another file")
        #expect(
            throws: HDF5Error.missing(
                file: path, object: "/nowhere", present: names.filter { $0 != "nowhere" })
        ) { _ = try root.group(named: "nowhere") }
        #expect(try !root.contains("nowhere"))
    }

    /// In this old layout nothing is checksummed, so the library itself meets the damage.
    @Test func damageNeitherCrashesNorHangs() throws {
        let bytes = KerasFile.bytes
        let used = bytes.indices.filter { bytes[$0] != 0 }
        for index in stride(from: 0, to: used.count, by: 41) {
            var damaged = bytes
            damaged[used[index]] ^= 0xFF
            let path = try folder.write(damaged, to: "damaged.h5")
            do throws(HDF5Error) {
                _ = readEverything(in: try HDF5File(opening: path).root)
            } catch {
                #expect(error.description.hasPrefix(path + ": "))
            }
        }
    }

    @Test func stringsWithALyingLengthAreRefused() throws {
        var bytes = KerasFile.bytes
        // The references of the vocabulary's strings: length, address of the heap, index.
        let heap = try #require(bytes.firstRange(of: Array("GCOL".utf8))).lowerBound
        let address = (0..<8).map { UInt8(truncatingIfNeeded: heap >> (8 * $0)) }
        let start = try #require(bytes.ranges(of: [5, 0, 0, 0] + address).first).lowerBound
        bytes.replaceSubrange(start..<start + 4, with: [0, 0, 0, 0x70])
        let path = try folder.write(bytes, to: "lying.h5")
        let error = #expect(throws: HDF5Error.self) { _ = try HDF5File(opening: path) }
        #expect(error?.description.hasPrefix("\(path): /vocabulary is damaged: ") == true)
    }
}
