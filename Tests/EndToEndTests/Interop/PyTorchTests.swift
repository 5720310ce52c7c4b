import Foundation
import Simile
import Testing

extension Interop {
    /// The files that PyTorch and Keras programs publish, written by torch and h5py.
    @Suite(
        .enabled(
            if: Python.has("transformers") && Python.has("h5py"),
            Python.missing("transformers and h5py")))
    struct PyTorchTests {
        private static let sentences = [
            "the dog runs", "a", "", "nothing is known of the words grfx and qwv",
            "the weather is nice",
        ]

        /// Writes a folder for each form of the same random weights, and prints the forms' names.
        private static let script = """
            import collections, json, os, shutil, sys
            import h5py, numpy as np, torch
            from transformers import AutoModel, BertForPreTraining
            source, target = sys.argv[1:]

            def folder(name):
                place = os.path.join(target, name)
                shutil.copytree(source, place, ignore=shutil.ignore_patterns(
                    "model.safetensors", "simile-manifest.json"))
                return place

            torch.manual_seed(1)
            config = AutoModel.from_pretrained(source).config
            whole = BertForPreTraining(config)
            for p in whole.parameters():
                p.data.normal_(0, 0.1)
            bert = whole.bert
            bert.save_pretrained(os.path.join(target, "saved"))
            shutil.copy(os.path.join(target, "saved", "model.safetensors"),
                        os.path.join(folder("safetensors"), "model.safetensors"))
            state = bert.state_dict()

            def save(name, tensors, **options):
                torch.save(tensors, os.path.join(folder(name), "pytorch_model.bin"), **options)

            save("zip", state)
            save("legacy", state, _use_new_zipfile_serialization=False)
            save("protocol5", state, pickle_protocol=5)
            save("parameters", collections.OrderedDict(bert.named_parameters()))
            save("prefixed", whole.state_dict())
            assert "cls.predictions.decoder.weight" in whole.state_dict()

            def turned(t):
                return t.t().contiguous().t() if t.dim() == 2 else t
            strided = {k: turned(v) for k, v in state.items()}
            assert not strided["pooler.dense.weight"].is_contiguous()
            save("strided", strided)
            save("strided-legacy", strided, _use_new_zipfile_serialization=False)
            joined = torch.cat([v.flatten() for v in state.values()])
            shared, place = {}, 0
            for k, v in state.items():
                shared[k] = joined[place:place + v.numel()].view(v.shape)
                place += v.numel()
            save("shared", shared)

            names = list(state)
            place = folder("sharded")
            index = {"metadata": {}, "weight_map": {}}
            for i, part in enumerate([names[:5], names[5:]]):
                file = f"pytorch_model-0000{i + 1}-of-00002.bin"
                torch.save({k: state[k] for k in part}, os.path.join(place, file))
                index["weight_map"].update({k: file for k in part})
            with open(os.path.join(place, "pytorch_model.bin.index.json"), "w") as f:
                json.dump(index, f)

            # Half precision rounds: the same rounded numbers in float32 are what to compare with.
            for name, type in [("half", torch.float16), ("brain", torch.bfloat16)]:
                rounded = {k: v.to(type) for k, v in state.items()}
                save(name, rounded)
                save(name + "-rounded", {k: v.float() for k, v in rounded.items()})
            save("double", {k: v.double() for k, v in state.items()})

            def keras(name, heads, earliest):
                n = config.num_attention_heads
                path = os.path.join(folder(name), "tf_model.h5")
                with h5py.File(path, "w", libver="earliest" if earliest else "latest") as f:
                    f.attrs["layer_names"] = np.array([b"bert", b"dropout_37"])
                    f.attrs["backend"] = b"tensorflow"
                    group, written = f.create_group("bert"), []
                    f.create_group("dropout_37").attrs["weight_names"] = np.array([], dtype="S1")
                    for key, tensor in state.items():
                        a = tensor.numpy()
                        *levels, kind = key.replace("layer.", "layer_@").split(".")
                        if levels[-1] == "LayerNorm":
                            kind = {"weight": "gamma", "bias": "beta"}[kind]
                        elif kind == "weight" and "embeddings" in levels[-1]:
                            kind = "weight" if levels[-1] == "word_embeddings" else "embeddings"
                        elif kind == "weight":
                            kind, a = "kernel", a.T
                        if heads and "self" in levels:
                            a = a.reshape(a.shape[:-1] + (n, -1))
                        elif heads and "attention" in levels and kind == "kernel":
                            a = a.reshape((n, -1, a.shape[-1]))
                        weight = "/".join(["tf_bert_model", "bert"] + levels + [kind])
                        weight = weight.replace("@", "._") + ":0"
                        group.create_dataset(weight, data=a)
                        written.append(weight.encode())
                    group.attrs["weight_names"] = np.array(written)

            keras("keras", False, True)
            keras("keras-heads", True, True)
            keras("keras-latest", False, False)
            print(json.dumps(sorted(os.listdir(target))))
            """

        /// Every form gives the embeddings of the safetensors file, to the last bit.
        @Test func everyFormIsTheSameModel() throws {
            let folder = TemporaryFolder()
            let exported = folder("model").path
            #expect(
                try CommandRunner.run(["export", try folder.newModel(), exported]).status == 0)
            let forms = try Python.value(
                of: Self.script, [exported, folder("forms").path], as: [String].self)
            func embeddings(_ form: String) throws -> [Float] {
                let model = try SentenceTransformer(path: folder("forms/\(form)").path)
                return model.encode(Self.sentences).values
            }
            let expected = try embeddings("safetensors")
            #expect(expected.allSatisfy { $0.isFinite })
            #expect(Set(expected).count > 100)
            let rounded = ["half", "brain"]
            var compared = 0
            for form in forms where form != "saved" && form != "safetensors" {
                let found = try embeddings(form)
                if let type = rounded.first(where: form.hasPrefix) {
                    #expect(try found == embeddings(type + "-rounded"), "\(form)")
                    #expect(found != expected, "\(form)")
                } else {
                    #expect(found == expected, "\(form)")
                }
                compared += 1
            }
            #expect(compared == 17)
        }

        /// What Python would run while loading is refused, and stays undone.
        @Test func codeIsNotRun() throws {
            let folder = TemporaryFolder()
            let exported = folder("model")
            #expect(
                try CommandRunner.run(["export", try folder.newModel(), exported.path]).status == 0)
            try folder.removeManifest(of: "model")
            try FileManager.default.removeItem(at: exported.appending(path: "model.safetensors"))
            let script = """
                import os, sys, torch
                class Harm:
                    def __reduce__(self):
                        return os.mkdir, (sys.argv[2],)
                torch.save({"embeddings.word_embeddings.weight": Harm()}, sys.argv[1])
                """
            let file = exported.appending(path: "pytorch_model.bin").path
            let harm = folder("harm").path
            #expect(try Python.run(script, [file, harm]).status == 0)
            let output = try CommandRunner.run(["inspect", exported.path])
            #expect(output.status == 1)
            #expect(
                output.error.contains(
                    "\(file): its pickle asks for `posix.mkdir`; only tensors and containers are loaded"
                ), "\(output.error)")
            #expect(!FileManager.default.fileExists(atPath: harm))
        }
    }
}
