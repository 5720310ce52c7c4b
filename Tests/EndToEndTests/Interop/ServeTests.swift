import Foundation
import Testing

extension Interop {
    /// The server, asked by the clients that people have.
    @Suite struct ServeTests {
        /// Floats, base64 (which the client asks for by itself), dimensions, models and errors.
        @Test(.enabled(if: Python.has("openai"), Python.missing("openai")))
        func openAI() throws {
            let folder = TemporaryFolder()
            let model = try folder.newModel()
            let server = try RunningServer(
                [model, "--model-name", "tiny"], environment: ["SIMILE_API_KEY": "s3cret"])
            let npy = folder("expected.npy").path
            let texts = ["the dog runs", "a red car", "it rains"]
            let input = texts.map { $0 + "\n" }.joined()
            #expect(try CommandRunner.run(["encode", model, "-o", npy], input: input).status == 0)
            let script = """
                import json, sys, numpy as np, openai
                base, path, texts = sys.argv[1], sys.argv[2], sys.argv[3:]
                expected = np.load(path)
                client = openai.OpenAI(base_url=base, api_key="s3cret", max_retries=0)
                def vectors(**options):
                    answer = client.embeddings.create(model="tiny", input=texts, **options)
                    assert [item.index for item in answer.data] == [0, 1, 2]
                    assert answer.model == "tiny" and answer.usage.prompt_tokens > 6
                    return np.array([item.embedding for item in answer.data], np.float32)
                problems = []
                def check(name, found, wanted):
                    if not np.allclose(found, wanted, atol=1e-6): problems.append(name)
                check("default", vectors(), expected)
                check("float", vectors(encoding_format="float"), expected)
                cut = expected[:, :7]
                cut = cut / np.linalg.norm(cut, axis=1, keepdims=True)
                check("dimensions", vectors(dimensions=7), cut)
                if [m.id for m in client.models.list()] != ["tiny"]: problems.append("models")
                if client.models.retrieve("tiny").id != "tiny": problems.append("model")
                def refused(kind, call):
                    try: call()
                    except kind as error: return error
                    problems.append(kind.__name__)
                error = refused(openai.BadRequestError, lambda: client.embeddings.create(
                    model="tiny", input=["a", ""]))
                if "input[1] is empty" not in error.message: problems.append(error.message)
                error = refused(openai.NotFoundError, lambda: client.embeddings.create(
                    model="other", input="a"))
                if error.code != "model_not_found": problems.append(str(error.code))
                other = openai.OpenAI(base_url=base, api_key="wrong", max_retries=0)
                refused(openai.AuthenticationError, lambda: other.embeddings.create(
                    model="tiny", input="a"))
                print(json.dumps(problems))
                """
            let problems = try Python.value(
                of: script, ["http://127.0.0.1:\(server.port)/v1", npy] + texts, as: [String].self)
            #expect(problems == [])
        }

        /// Many connections at once give what one gives.
        @Test(.enabled(if: Python.has("requests"), Python.missing("requests")))
        func requests() throws {
            let folder = TemporaryFolder()
            let server = try RunningServer([try folder.newModel()])
            let script = """
                import json, sys, threading, requests
                base = sys.argv[1]
                texts = [f"the dog runs {'fast ' * (i % 7)}in a park {i % 5}" for i in range(64)]
                def ask(session, text):
                    answer = session.post(base + "/v1/embeddings", json={"input": text}, timeout=60)
                    answer.raise_for_status()
                    return answer.json()["data"][0]["embedding"]
                with requests.Session() as session: alone = [ask(session, t) for t in texts]
                together = [None] * len(texts)
                def work(part):
                    with requests.Session() as session:
                        for i in range(part, len(texts), 16): together[i] = ask(session, texts[i])
                threads = [threading.Thread(target=work, args=(p,)) for p in range(16)]
                for t in threads: t.start()
                for t in threads: t.join()
                difference = max(
                    abs(a - b) for u, v in zip(alone, together) for a, b in zip(u, v))
                ranked = requests.post(base + "/rerank", timeout=60, json={
                    "query": "a dog", "documents": ["it rains", "a dog"], "return_documents": True})
                first = ranked.json()["results"][0]
                assert first["document"]["text"] == "a dog" and first["relevance_score"] > 0.9999
                print(json.dumps(difference))
                """
            let difference = try Python.value(
                of: script, ["http://127.0.0.1:\(server.port)"], as: Double.self)
            #expect(difference < 1e-6)
        }
    }
}
