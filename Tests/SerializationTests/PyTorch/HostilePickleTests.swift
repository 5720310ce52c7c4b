import Foundation
import Testing

@testable import Serialization

/// Files that are damaged, or made to do harm.
@Suite struct HostilePickleTests {
    private static func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }

    private func message(_ bytes: [UInt8]) -> String {
        let error = #expect(throws: SerializationError.self) {
            try PyTorchFile(Data(bytes), path: "f/pytorch_model.bin")
        }
        return error?.description ?? ""
    }

    private func message(pickle: [UInt8], storages: [String: [UInt8]] = [:]) -> String {
        message(Zip(pickle: pickle, storages: storages).bytes)
    }

    // MARK: - Code

    @Test func codeIsRefusedByNameAndNotRun() throws {
        let folder = TemporaryFolder()
        let touched = folder("touched")
        let command = Pickle.text("touch '\(touched.path)'")
        let call = Pickle.global("os", "system") + Pickle.tuple([command]) + Self.bytes("R")
        let expected = """
            f/pytorch_model.bin: its pickle asks for `os.system`; only tensors and containers are \
            loaded and nothing is run. Get the model as model.safetensors, or save its \
            state_dict() alone
            """
        #expect(message(pickle: Pickle.whole(call)) == expected)
        // As a value, as the older format's facts of the machine, and after the object.
        #expect(message(pickle: Pickle.whole(Pickle.dictionary([("x", call)]))) == expected)
        let magic = Array(TorchFiles.legacy.prefix(21))
        #expect(message(magic + Pickle.whole(call)) == expected)
        #expect(message(magic + Pickle.whole([0x7D]) + Pickle.whole(call)) == expected)
        #expect(
            message(magic + Pickle.whole([0x7D]) + Pickle.whole([0x7D]) + Pickle.whole(call))
                == expected)
        #expect(!FileManager.default.fileExists(atPath: touched.path))
    }

    @Test(arguments: [
        ("builtins", "eval"), ("builtins", "getattr"), ("posix", "system"), ("torch", "load"),
        ("torch.storage", "_load_from_bytes"), ("torch._utils", "_rebuild_sparse_tensor"),
        ("collections", "OrderedDict.fromkeys"), ("torch", "QInt8Storage"), ("__main__", "Model"),
        ("numpy.core.multiarray", "scalar"),
    ])
    func everyOtherNameIsRefused(_ module: String, _ name: String) {
        let asks = "its pickle asks for `\(module).\(name)`; only tensors and containers"
        #expect(message(pickle: Pickle.whole(Pickle.global(module, name))).contains(asks))
        let later = Pickle.text(module) + Pickle.text(name) + [0x93]
        #expect(message(pickle: [0x80, 4] + later + Self.bytes(".")).contains(asks))
    }

    @Test func namesInMessagesAreShortAndPlain() {
        let name = "sys\u{1B}[2Jtem" + String(repeating: "x", count: 1000)
        let text = message(pickle: Pickle.whole(Pickle.global("os", name)))
        #expect(text.contains("asks for `os.sys?[2Jtemx"))
        #expect(text.contains("x...`"))
        #expect(text.count < 400)
    }

    /// Instructions that make objects of classes, or reach for others of the machine.
    @Test(arguments: [0x81, 0x92, 0x6F, 0x69, 0x50, 0x82, 0x83, 0x84, 0x97, 0x42, 0xFF] as [UInt8])
    func otherInstructionsAreRefused(_ instruction: UInt8) {
        let code = String(instruction, radix: 16, uppercase: true)
        #expect(
            message(pickle: Pickle.whole([0x7D, instruction])).contains(
                "byte 3 of its pickle is the instruction 0x\(code), which tensors and containers do not need"
            ))
    }

    // MARK: - Pickles that do not make sense

    @Test(arguments: [
        ("", "its pickle ends in the instruction at byte 2"),
        ("X", "its pickle ends in the instruction at byte 2"),
        (".", "byte 2 of its pickle needs a value, there is none"),
        ("(K\u{1}.", "it holds an int, expected a dict of tensors by name"),
        ("(.", "byte 3 of its pickle needs a value, there is none"),
        ("t.", "byte 2 of its pickle needs a mark, there is none"),
        ("K\u{1}R.", "calls what is no class or function"),
        (")R.", "needs a value, there is none"),
        ("h\u{1}.", "recalls 1, which was never stored"),
        ("}K\u{1}s.", "byte 5 of its pickle needs a value, there is none"),
        ("Ns.", "needs 2 values, there are 1"),
        ("}(K\u{1}u.", "sets items of a dict, expected pairs"),
        ("](K\u{1}K\u{1}u.", "sets items of a list, expected pairs for a dict"),
        ("}K\u{1}a.", "adds an item to a dict, expected a list"),
        ("K\u{1}}b.", "sets attributes of an int, expected a dict"),
        ("K\u{1}Q.", "announces no storage of a tensor"),
        ("ctorch\nFloatStorage\n)R.", "of unexpected arguments"),
        ("ctorch\nFloatStorage", "its pickle ends in the instruction at byte 2"),
        ("ctorch\nSize\nK\u{1}R.", "calls what is no class or function"),
        ("}K\u{1}Ns.", "a key is an int, expected a name"),
        (
            "}X\u{5}\u{0}\u{0}\u{0}epochK\u{3}s.",
            "epoch is an int, expected a tensor (save the model's state_dict() alone)"
        ),
    ])
    func senselessPickles(_ program: String, _ expected: String) {
        let text = message(pickle: [0x80, 2] + Self.bytes(program))
        #expect(text.contains(expected), "\(text)")
        #expect(text.hasPrefix("f/pytorch_model.bin: "))
        #expect(text.hasSuffix("fetch or export it again"))
    }

    @Test func numbersAreLimited() {
        #expect(
            message(pickle: [0x80, 6]).contains(
                "byte 0 of its pickle says protocol 6, expected 2 to 5"))
        #expect(
            message(pickle: Pickle.whole([0x8A, 9] + Array(repeating: 1, count: 9))).contains(
                "is a number of 9 bytes, expected 8 at most"))
        for length: [UInt8] in [
            [0x58, 0xFF, 0xFF, 0xFF, 0xFF], [0x8D] + Array(repeating: 0xFF, count: 8),
            [0x8B, 0xFF, 0xFF, 0xFF, 0x7F],
        ] {
            #expect(
                message(pickle: Pickle.whole(length)).contains("ends in the instruction at byte 2"))
        }
    }

    /// Nested so deep that recursion would overflow the stack; and a list in itself.
    @Test func depthCostsNothing() {
        let deep = Self.bytes(")") + Array(repeating: 0x85, count: 200_000)
        #expect(message(pickle: Pickle.whole(deep)).contains("it holds a tuple"))
        #expect(
            message(pickle: Pickle.whole(Self.bytes("]q\u{0}h\u{0}a"))).contains("it holds a list"))
    }

    // MARK: - Tensors outside their storage

    @Test(
        arguments: [
            (0, [7], [1]), (1, [6], [1]), (-1, [1], [1]), (0, [2, 3], [4, 1]), (0, [-1], [1]),
            (0, [2], [-1]), (0, [1000], [0]), (0, [2, 3], [1]), (Int.max, [2], [1]),
            (0, [Int.max, Int.max], [1, 1]), (0, [2, 2], [Int.max, 1]),
            (0, [0, Int.max, 2], [1, 1, 1]),
            (6, [], []), (0, [3, 3], [1, 1]),
        ] as [(Int, [Int], [Int])])
    func tensorsStayInTheirStorage(_ offset: Int, _ shape: [Int], _ strides: [Int]) {
        let tensor = Pickle.tensor(Pickle.storage("0", 6), offset: offset, shape, strides)
        let pickle = Pickle.whole(Pickle.dictionary([("x", tensor)]))
        let text = message(pickle: pickle, storages: ["0": Array(repeating: 0, count: 24)])
        #expect(
            text.contains(
                "makes a tensor \(shape) with strides \(strides) from element \(offset), which does not fit into its storage of 6 elements"
            ), "\(text)")
    }

    @Test func storagesAreWhatThePickleSays() {
        func pickle(_ storage: [UInt8]) -> [UInt8] {
            Pickle.whole(Pickle.dictionary([("x", Pickle.tensor(storage, [1], [1]))]))
        }
        let one = pickle(Pickle.storage("0", 1))
        #expect(message(pickle: one).contains("the storage of x is not in the file"))
        #expect(
            message(pickle: one, storages: ["0": [1, 2]]).contains(
                "data/0 has 2 bytes, its pickle says 1 elements of float32"))
        #expect(
            message(pickle: pickle(Pickle.storage("0", Int.max)), storages: ["0": [1, 2]]).contains(
                "data/0 has 2 bytes, its pickle says 9223372036854775807 elements"))
        let again = Pickle.storage("0", 1) + Pickle.storage("0", 2)
        #expect(
            message(pickle: pickle(again)).contains("announces storage 0 in a second type or size"))
        let twice = Pickle.tensor(Pickle.storage("0", 1), [1], [1])
        #expect(
            message(
                pickle: Pickle.whole(Pickle.dictionary([("x", twice), ("x", twice)])),
                storages: ["0": [0, 0, 0, 0]]
            ).contains("x is there twice"))
        let deep = Pickle.tensor(
            Pickle.storage("0", 1), Array(repeating: 1, count: 9), Array(repeating: 1, count: 9))
        #expect(
            message(pickle: Pickle.whole(deep)).contains(
                "without a proper offset, shape and strides"))
    }

    /// Many names for one storage: each tensor is in order, all together are far larger than the file.
    @Test func tensorsThatShareAStorageHaveALimit() throws {
        func pickle(_ count: Int) -> [UInt8] {
            let tensor = Pickle.tensor(Pickle.storage("0", 4096), [4096], [1])
            return Pickle.whole(Pickle.dictionary((0..<count).map { ("t\($0)", tensor) }))
        }
        let storages = ["0": [UInt8](repeating: 0, count: 4 * 4096)]
        let tied = Zip(pickle: pickle(2), storages: storages).bytes
        #expect(try PyTorchFile(Data(tied), path: "f").names == ["t0", "t1"])
        #expect(
            message(pickle: pickle(64), storages: storages).contains(
                "its tensors are more than 16 times as large as the file together"))
    }

    // MARK: - Containers

    @Test func otherFilesAreNamed() {
        let neither = "not a file of PyTorch: neither its zip nor its older format"
        #expect(message([]).contains(neither))
        #expect(
            message(Self.bytes("version https://git-lfs.github.com/spec/v1\n")).contains(neither))
        var zip = Zip(pickle: [])
        zip.members = [("a.txt", [1, 2, 3])]
        #expect(message(zip.bytes).contains("a zip file without a data.pkl, so not of PyTorch"))
        zip = Zip(pickle: Pickle.whole([0x7D]))
        zip.method = 8
        #expect(message(zip.bytes).contains("archive/data.pkl is compressed or encrypted"))
        zip = Zip(pickle: Pickle.whole([0x7D]), byteOrder: "middle")
        #expect(
            message(zip.bytes).contains("its byteorder is 'middle', expected 'little' or 'big'"))
        zip.members += zip.members
        #expect(message(zip.bytes).contains("two members have the same name"))
        let long = [UInt8](repeating: 0x4E, count: Unpickler.longest)
        #expect(
            message(pickle: Pickle.whole(long)).contains(
                "its pickle has 1048579 bytes, more than 1048576 are no model's"))
    }

    /// A download that was cut short anywhere is an error.
    @Test(arguments: [false, true])
    func everyTruncationIsAnError(isLegacy: Bool) {
        let whole = isLegacy ? TorchFiles.legacy : TorchFiles.zip
        for length in stride(from: whole.count - 1, through: 0, by: -9) {
            #expect(throws: SerializationError.self, "\(length) bytes") {
                try PyTorchFile(Data(whole.prefix(length)), path: "f")
            }
        }
        #expect(
            message(Array(TorchFiles.zip.dropLast(1000))).contains(
                "not a whole zip file: it has no directory at its end; the download or copy was probably cut short"
            ))
        #expect(
            message(TorchFiles.legacy.dropLast(1)).contains("cut short: it ends in storage"))
    }
}
