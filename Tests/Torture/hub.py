"""A hub that has one model, for `simile fetch`."""

import hashlib
import http.server
import json
import threading

COMMIT = "0123456789abcdef0123456789abcdef01234567"


class Hub:
    """Serves the files of a folder as the model org/tiny."""

    def __init__(self, folder):
        files = {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                start = f"/org/tiny/resolve/{COMMIT}/"
                if self.path.startswith("/api/models/org/tiny/revision/"):
                    body = json.dumps({"sha": COMMIT, "siblings": [{"rfilename": name} for name in sorted(files)]})
                    return self.give(200, body.encode(), {"Content-Type": "application/json"})
                body = files.get(self.path.removeprefix(start)) if self.path.startswith(start) else None
                if body is None:
                    return self.give(404, b"", {"X-Error-Code": "EntryNotFound", "X-Repo-Commit": COMMIT})
                etag = hashlib.sha1(b"blob %d\0" % len(body) + body).hexdigest()
                headers = {"X-Repo-Commit": COMMIT, "ETag": f'"{etag}"'}
                wanted = self.headers.get("Range", "")
                first = int(wanted[6:-1]) if wanted.startswith("bytes=") and wanted.endswith("-") else None
                if first is None:
                    return self.give(200, body, headers)
                if first >= len(body):
                    return self.give(416, b"", headers)
                headers["Content-Range"] = f"bytes {first}-{len(body) - 1}/{len(body)}"
                return self.give(206, body[first:], headers)

            do_HEAD = do_GET

            def give(self, status, body, headers):
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(body)

            def log_message(self, *arguments):
                pass

        class Quiet(http.server.ThreadingHTTPServer):
            daemon_threads = True

            # Clients are made to go away in the middle.
            def handle_error(self, request, address):
                pass

        self.server = Quiet(("127.0.0.1", 0), Handler)
        self.endpoint = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
