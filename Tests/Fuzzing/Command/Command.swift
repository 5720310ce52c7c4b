import Foundation
import FuzzReaders

/// `simile-fuzz READER [INPUTS] [ARGUMENTS...]`: makes up inputs for a reader, by which new ways through the code are
/// taken; `simile-fuzz` alone names the readers. A slow reader gets a part of the inputs, by its cost. The rest of the
/// arguments are libFuzzer's.
@main enum Command {
    private static let reader: FuzzReader? = FuzzReader.all.first {
        $0.name == CommandLine.arguments.dropFirst().first
    }

    static func main() {
        guard let reader else {
            print(FuzzReader.all.map(\.name).joined(separator: "\n"))
            exit(CommandLine.arguments.count > 1 ? 1 : 0)
        }
        var own = ["simile-fuzz", "-max_len=\(reader.longest)"]
        var given = CommandLine.arguments.dropFirst(2)
        if let inputs = given.first.flatMap({ Int($0) }) {
            own.append("-runs=\(inputs / reader.cost)")
            given.removeFirst()
        }
        let arguments = own + given
        var count = Int32(arguments.count)
        var pointers = arguments.map { strdup($0) } + [nil]
        pointers.withUnsafeMutableBufferPointer { buffer in
            var start = buffer.baseAddress
            exit(
                run(&count, &start) { bytes, count in
                    Command.reader?.feed(Array(UnsafeBufferPointer(start: bytes, count: count)))
                    return 0
                })
        }
    }
}

/// libFuzzer's loop, from the library that `make fuzz` links.
@_silgen_name("LLVMFuzzerRunDriver") private func run(
    _ count: UnsafeMutablePointer<Int32>,
    _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?>,
    _ body: @convention(c) (UnsafePointer<UInt8>?, Int) -> Int32
) -> Int32
