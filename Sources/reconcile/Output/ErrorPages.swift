import Basics
import ConsoleAPI
import DesiredState
import Glibc

/// The pages about codes: what one means, why it comes and what to do.
///
/// They are installed with the program; in a work tree they lie beside its sources.
enum ErrorPages {
    /// Where they may lie, from the folder of the program: installed, and as `swift build` leaves it.
    private static let folders = ["../share/odooops/errors", "../../../docs/errors", "../../docs/errors"]

    /// The page of a code; where it isn't installed what the code stands for, and nil for what is no code.
    static func text(of code: String) -> String? {
        guard APIEndpoints.isErrorCode(code) else { return nil }
        for folder in folders {
            guard let own, let bytes = try? FileSystem.read("\(own)/\(folder)/\(code).md") else { continue }
            return String(decoding: bytes, as: UTF8.self)
        }
        return DiagnosticCodes.meaning(of: code).map { "\(code): \($0)\n" }
    }

    /// The folder of the program; links to it are followed.
    private static let own: String? = {
        var link = [CChar](repeating: 0, count: 4_096)
        let count = readlink("/proc/self/exe", &link, link.count - 1)
        let path = String(decoding: link.prefix(max(0, count)).map { UInt8(bitPattern: $0) }, as: UTF8.self)
        return path.lastIndex(of: "/").map { String(path[..<$0]) }
    }()
}
