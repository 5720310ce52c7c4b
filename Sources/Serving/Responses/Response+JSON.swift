import Hummingbird
import JSON
import NIOCore

extension Response {
    /// A response with a JSON document.
    init(status: HTTPResponse.Status = .ok, json: JSONValue) {
        self.init(status: status, json: ByteBuffer(string: json.line))
    }

    /// A response with the text of a JSON document.
    init(status: HTTPResponse.Status = .ok, json text: ByteBuffer) {
        self.init(
            status: status, headers: [.contentType: "application/json"],
            body: ResponseBody(byteBuffer: text))
    }
}
