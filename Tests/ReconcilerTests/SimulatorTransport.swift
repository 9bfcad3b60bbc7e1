import Basics
import DesiredState
import Diff
import DigitalOceanDriver
import Drivers
import Formats
import HTTPClient
import Reconciler
import Simulator
import Store
import StoreSQLite
import TestKit
import Web

/// Speaks to a simulator without a socket, and loses what it is told to lose.
struct SimulatorTransport: HTTPTransport {
    let simulator: Simulator
    let fuse: Fuse
    var faults: SeededFaults?
    /// Happens before each write reaches the provider.
    var onWrite: (@Sendable () async -> Void)?

    func send(_ request: HTTPRequest) async throws(HTTPFault) -> HTTPResponse {
        let isWrite = request.method != "GET" && request.method != "HEAD"
        if isWrite, fuse.burn("before \(request.method)") { throw Self.fault(.notSent, request) }
        if fuse.isBlown { throw Self.fault(.notSent, request) }
        guard let start = request.url.utf8.firstIndex(of: UInt8(ascii: "/"), after: 8) else {
            throw Self.fault(.badURL, request)
        }
        let target = request.url[start...]
        if isWrite { await onWrite?() }
        let path = String(target.prefix { $0 != "?" })
        let query =
            target.contains("?")
            ? String(target[target.index(after: target.firstIndex(of: "?") ?? target.startIndex)...]) : ""
        let pairs = query.split(separator: "&").map { pair -> (name: String, value: String) in
            let parts = pair.split(separator: "=", maxSplits: 1).map { Self.decode(String($0)) }
            return (parts.first ?? "", parts.count > 1 ? parts[1] : "")
        }
        faults?.strike(request.method, Self.decode(path), simulator)
        let answer = await simulator.answer(
            WebRequest(
                method: request.method, path: Self.decode(path), query: pairs,
                headers: request.headers.map { ($0.name, $0.value) }, body: request.body))
        if isWrite, fuse.burn("after \(request.method)") { throw Self.fault(.lost, request) }
        if answer.fault != nil { throw Self.fault(.lost, request) }
        return HTTPResponse(
            status: answer.status, headers: answer.headers.map { HTTPHeader($0.name, $0.value) }, body: answer.body)
    }

    private static func fault(_ kind: HTTPFault.Kind, _ request: HTTPRequest) -> HTTPFault {
        HTTPFault(kind, code: "TEST-0001", message: "the test cut the line", place: "\(request.method) \(request.url)")
    }

    private static func decode(_ text: String) -> String {
        var bytes: [UInt8] = []
        var rest = ArraySlice(Array(text.utf8))
        while let byte = rest.popFirst() {
            if byte == UInt8(ascii: "%"), rest.count >= 2,
                let decoded = Hex.decode(String(decoding: rest.prefix(2), as: UTF8.self))
            {
                bytes += decoded
                rest = rest.dropFirst(2)
            } else {
                bytes.append(byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}

extension String.UTF8View {
    fileprivate func firstIndex(of byte: UInt8, after offset: Int) -> Index? {
        dropFirst(offset).firstIndex(of: byte)
    }
}
