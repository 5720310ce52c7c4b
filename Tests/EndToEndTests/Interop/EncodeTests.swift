import Foundation
import Simile
import Testing

extension Interop {
    /// What `encode` writes, read by the tools that the formats belong to.
    @Suite(
        .enabled(
            if: Python.has("sentence_transformers"), Python.missing("sentence_transformers")))
    struct EncodeTests {
        private static let sentences = [
            "the dog runs", "", "a red car", "the weather is nice today", "a woman plays",
        ]

        /// Each precision in each format equals `quantize_embeddings` of the floats.
        @Test(.enabled(if: Python.has("h5py"), Python.missing("h5py")))
        func everyPrecisionInEveryFormat() throws {
            let folder = TemporaryFolder()
            let model = try folder.newModel()
            let calibration = try folder.write(
                "a dog\na red car\nit rains\n", to: "calibration.txt")
            let input = Self.sentences.map { $0 + "\n" }.joined()
            func encode(_ text: String, _ arguments: [String]) throws {
                let output = try CommandRunner.run(
                    ["encode", model, "--chunk", "2"] + arguments, in: folder.url, input: text)
                #expect(output.status == 0, "\(output.error)")
            }
            try encode("a dog\na red car\nit rains\n", ["-o", "calibration.npy"])
            for precision in EmbeddingPrecision.allCases {
                for format in EmbeddingFormat.allCases {
                    try encode(
                        input,
                        ["--precision", precision.rawValue, "-o", "\(precision).\(format)"]
                            + (precision.needsRanges ? ["--calibration", calibration] : []))
                }
            }
            struct Result: Decodable {
                let compared: Int
                let problems: [String]
            }
            let script = """
                import json, sys, h5py, numpy as np
                from sentence_transformers.util.quantization import quantize_embeddings
                folder = sys.argv[1]
                floats = np.load(f"{folder}/float32.npy")
                calibration = np.load(f"{folder}/calibration.npy")
                problems, compared = [], 0
                for precision in ["float32", "int8", "uint8", "binary", "ubinary"]:
                    expected = quantize_embeddings(
                        floats, precision, calibration_embeddings=calibration)
                    with h5py.File(f"{folder}/{precision}.h5") as file:
                        data = file["embeddings"]
                        stored = {"h5": data[:]}
                        if data.attrs["precision"].decode() != precision: problems.append("attribute")
                        if data.attrs["dimension"] != floats.shape[1]: problems.append("dimension")
                        if precision in ("int8", "uint8") and not np.array_equal(
                            file["ranges"][:], [calibration.min(0), calibration.max(0)]):
                            problems.append("ranges")
                    stored["npy"] = np.load(f"{folder}/{precision}.npy")
                    lines = open(f"{folder}/{precision}.jsonl").read().splitlines()
                    stored["jsonl"] = np.array([json.loads(line) for line in lines], expected.dtype)
                    stored["csv"] = np.loadtxt(
                        f"{folder}/{precision}.csv", delimiter=",", dtype=expected.dtype)
                    for name, found in stored.items():
                        compared += 1
                        if found.dtype != expected.dtype or not np.array_equal(found, expected):
                            problems.append(f"{precision} {name} {found.dtype} {found.shape}")
                print(json.dumps({"compared": compared, "problems": problems}))
                """
            let result = try Python.value(of: script, [folder.url.path], as: Result.self)
            #expect(result.problems == [])
            #expect(result.compared == 20)
        }

        /// The exported model gives the same array there.
        @Test func theSameEmbeddings() throws {
            let folder = TemporaryFolder()
            let model = folder("model").path
            #expect(try CommandRunner.run(["export", folder.newModel(), model]).status == 0)
            let input = try folder.write(
                Self.sentences.map { $0 + "\n" }.joined(), to: "in.txt")
            let npy = folder("out.npy").path
            #expect(
                try CommandRunner.run(["encode", model, input, "--normalize", "-o", npy]).status
                    == 0)
            let script = """
                import json, sys, numpy as np
                from sentence_transformers import SentenceTransformer
                lines = open(sys.argv[2]).read().split("\\n")[:-1]
                theirs = SentenceTransformer(sys.argv[1], device="cpu").encode(
                    lines, normalize_embeddings=True)
                ours = np.load(sys.argv[3])
                assert ours.shape == theirs.shape and ours.dtype == theirs.dtype
                print(json.dumps(float(np.abs(ours - theirs).max())))
                """
            #expect(try Python.value(of: script, [model, input, npy], as: Float.self) < 1e-5)
        }
    }
}
