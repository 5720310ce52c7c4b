"""The same endpoint with FastAPI, uvicorn and sentence-transformers: peer.py MODEL PORT"""
import sys

import uvicorn
from fastapi import FastAPI
from pydantic import BaseModel
from sentence_transformers import SentenceTransformer

path, port = sys.argv[1], int(sys.argv[2])
model = SentenceTransformer(path, device="cpu")
app = FastAPI()


class Request(BaseModel):
    input: str | list[str]


@app.get("/health")
def health():
    return {"status": "ok"}


@app.post("/v1/embeddings")
def embeddings(request: Request):
    texts = [request.input] if isinstance(request.input, str) else request.input
    vectors = model.encode(texts, show_progress_bar=False)
    data = [
        {"object": "embedding", "index": i, "embedding": vector.tolist()}
        for i, vector in enumerate(vectors)
    ]
    return {"object": "list", "data": data, "model": "peer"}


uvicorn.run(app, host="127.0.0.1", port=port, log_level="warning")
