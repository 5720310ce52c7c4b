import Foundation
import HDF5
import TestSupport
import Testing
import TrialSupport

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
    @Test func damageNeitherCrashesNorHangs() async {
        await #expect(processExitsWith: .success) {
            setTrial()
            let folder = TemporaryFolder()
            let bytes = KerasFile.bytes
            let used = bytes.indices.filter { bytes[$0] != 0 }
            var readable = 0
            for index in stride(from: 0, to: used.count, by: 41) {
                var damaged = bytes
                damaged[used[index]] ^= 0xFF
                let path = try folder.write(damaged, to: "damaged.h5")
                do throws(HDF5Error) {
                    _ = readEverything(in: try HDF5File(opening: path).root)
                    readable += 1
                } catch {
                    #expect(error.description.hasPrefix(path + ": "))
                }
            }
            #expect((1...used.count / 41).contains(readable))
        }
    }

    @Test func stringsWithALyingLengthAreRefused() async {
        await #expect(processExitsWith: .success) {
            setTrial()
            let folder = TemporaryFolder()
            let path = try folder.write(try KerasTests.lyingFile(), to: "lying.h5")
            let error = #expect(throws: HDF5Error.self) { _ = try HDF5File(opening: path) }
            #expect(error?.description.hasPrefix("\(path): ") == true)
            #expect(error?.description.hasSuffix("; use another copy of the file") == true)
        }
    }

    private static func lyingFile() throws -> [UInt8] {
        var bytes = KerasFile.bytes
        // The references of the vocabulary's strings: length, address of the heap, index.
        let heap = try #require(bytes.firstRange(of: Array("GCOL".utf8))).lowerBound
        let address = (0..<8).map { UInt8(truncatingIfNeeded: heap >> (8 * $0)) }
        let start = try #require(bytes.ranges(of: [5, 0, 0, 0] + address).first).lowerBound
        bytes.replaceSubrange(start..<start + 4, with: [0, 0, 0, 0x70])
        return bytes
    }

    /// The error that ended the process of the trial arrives whole.
    @Test func whatTheTrialFoundIsReported() async {
        await #expect(processExitsWith: .success) {
            setTrial()
            let folder = TemporaryFolder()
            let text = try folder.write(Array("text".utf8), to: "text.h5")
            #expect(
                throws: HDF5Error.notHDF5(file: text, reason: "it has no HDF5 signature")
            ) { _ = try HDF5File(opening: text) }
            let cut = try folder.write(KerasFile.bytes.prefix(9000), to: "cut.h5")
            #expect(
                throws: HDF5Error.truncated(
                    file: cut, expected: UInt64(KerasFile.bytes.count), found: 9000)
            ) { _ = try HDF5File(opening: cut) }
            // A link into another file is none of the trial's business.
            let whole = try folder.write(KerasFile.bytes, to: "whole.h5")
            #expect(try HDF5File(opening: whole).root.childNames().count == 5)
        }
    }

    /// A program that crashes, and one that does not exist.
    @Test func aTrialThatEndsBadlyIsAnError() async {
        await #expect(processExitsWith: .success) {
            let folder = TemporaryFolder()
            let path = try folder.write(KerasFile.bytes, to: "a.h5")
            func message(_ program: String, _ arguments: [String]) -> String? {
                ForeignFile.setTrial(program: URL(filePath: program), arguments: arguments)
                return #expect(throws: HDF5Error.self) { _ = try HDF5File(opening: path) }?
                    .description
            }
            let shell = "/bin/sh"
            #expect(
                message(shell, ["-c", "kill -SEGV $$"]) == """
                    \(path): damaged: the HDF5 library crashes on it (signal 11); \
                    use another copy of the file
                    """)
            #expect(
                message(shell, ["-c", "kill -KILL $$"])
                    == "\(path): damaged: reading it does not end; use another copy of the file")
            #expect(
                message(shell, ["-c", "exit 3"])?.contains("ended with status 3") == true)
            #expect(
                message("/no/such/program", [])?.hasPrefix("\(path): /: cannot read it on trial: ")
                    == true)
        }
    }
}
