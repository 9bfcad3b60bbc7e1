import Basics
import Drivers
import Formats
import HTTPClient
import Reconciler
import Store
import TestKit
import Testing
import Web

/// A webhook over a real socket, with the service's loops running under the machine's clock.
@Suite("Notices over a socket")
struct LoopbackNoticeTests {
    @Test("a receiver that fails once gets the message again, with the same key and a signature that holds")
    func webhook() async throws {
        let world = try await NoticeWorld()
        let kept = Locked<[WebRequest]>([])
        let server = try WebServer(address: "127.0.0.1", port: 0) { request in
            let count = kept.withLock { kept in
                kept.append(request)
                return kept.count
            }
            return count == 1 ? .text(503, "not yet") : .text(200, "ok")
        }
        let settings = try NoticeWorld.settings([
            ("n8n", .webhook(url: "http://127.0.0.1:\(server.port)/hook", secret: .environment("HOOK")))
        ])
        let service = NoticeService(
            store: world.store, settings: settings,
            senders: NoticeService.senders(
                settings, drivers: [], transport: CurlTransport(), environment: ["HOOK": NoticeWorld.secret],
                time: world.time, .init(runID: "notices", log: .none)),
            time: world.time, random: RandomSource(seed: 1), log: .none, metrics: world.metrics, holder: "loopback")
        try await world.post()
        try await world.turn(service, settings)
        #expect(kept.withLock { $0.count } == 1)
        #expect(try await world.store.noticeMessages(limit: 1).first?.errorCode == "NOTICE-0003")
        world.time.advance(by: .minutes(1))
        try await world.turn(service, settings)
        await server.stop(drain: .seconds(1))

        let requests = kept.withLock { $0 }
        try #require(requests.count == 2)
        func header(_ index: Int, _ name: String) -> String {
            requests[index].headers.first { $0.name.lowercased() == name }?.value ?? ""
        }
        #expect(header(0, "idempotency-key") == header(1, "idempotency-key"))
        #expect(requests[0].body == requests[1].body && requests[1].path == "/hook")
        for index in 0..<2 {
            let signed = Array("\(header(index, "x-odooops-timestamp")).".utf8) + requests[index].body
            let code = Hex.encode(hmacSHA256(key: NoticeWorld.secret.utf8, signed))
            #expect(header(index, "x-odooops-signature") == "sha256=\(code)")
        }
        #expect(try await world.store.noticeMessages(limit: 1).first?.state == .sent)
        await world.close()
    }
}
