import Basics
import Console
import Formats
import Reconciler
import Store
import StoreSQLite
import TestKit
import Testing
import Web

/// Hooks over a real socket, with the loops that work on them running.
@Suite("Hooks over a socket")
struct LoopbackHooksTests {
    private struct Site {
        let world: HookWorld
        let server: WebServer
        let processor: HookProcessor
        let running: Task<Void, Never>

        init(_ directory: TemporaryDirectory) async throws {
            let engine = try await SQLiteEngine.open(path: directory.path("ops.sqlite"))
            let world = try await HookWorld.make(engine: engine)
            _ = try await world.store.migrate()
            self.world = world
            let time = SystemTime()
            let processor = HookProcessor(
                store: Store(engine: engine, time: time), repositories: HookRepositories([]),
                bell: WakeBell(store: world.store, wakeup: world.wakeup, time: time), time: time,
                random: RandomSource(seed: 1), log: .none, metrics: world.metrics, holder: "loopback")
            self.processor = processor
            let endpoints = HookEndpoints(
                intake: DeliveryIntake(store: Store(engine: engine, time: time), time: time) { processor.notice() },
                metrics: world.metrics, time: time, door: HookWorld.door)
            var options = WebServerOptions()
            options.bodyLimit = 2 << 20
            server = try WebServer(address: "127.0.0.1", port: 0, options: options) { request in
                await endpoints.answer(request) ?? .text(404, "nothing")
            }
            running = Task { await processor.run() }
        }

        /// Sends a request as bytes; the status of the answer, and all of it.
        func send(_ request: WebRequest, chunked: Bool = false) async -> (status: Int, text: String) {
            guard let socket = RawSocket(port: server.port) else { return (0, "") }
            var head = "\(request.method) \(request.path) HTTP/1.1\r\nHost: hooks.test\r\nConnection: close\r\n"
            for header in request.headers { head += "\(header.name): \(header.value)\r\n" }
            var body = request.body
            if chunked {
                head += "Transfer-Encoding: chunked\r\n"
                body = []
                for start in stride(from: 0, to: request.body.count, by: 7) {
                    let part = request.body[start..<min(request.body.count, start + 7)]
                    body += Array("\(String(part.count, radix: 16))\r\n".utf8) + part + Array("\r\n".utf8)
                }
                body += Array("0\r\n\r\n".utf8)
            } else {
                head += "Content-Length: \(body.count)\r\n"
            }
            socket.send(Array((head + "\r\n").utf8) + body)
            let text = await socket.readToEnd()
            return (Int(text.dropFirst(9).prefix(3)) ?? 0, text)
        }

        func end() async {
            await server.stop(drain: .seconds(1))
            processor.requestStop()
            await running.value
            await world.close()
        }
    }

    @Test("What is posted becomes rows and wakes the loop, in one piece or many, from many at once")
    func endToEnd() async throws {
        let directory = try TemporaryDirectory()
        let site = try await Site(directory)
        let world = site.world
        let push = world.request(
            .github, #"{"repository": {"full_name": "acme/odoo"}}"#,
            headers: [("X-GitHub-Event", "push"), ("X-GitHub-Delivery", "push-1")])
        #expect(await site.send(push, chunked: true).status == 202)
        #expect(await eventually { world.wakeup.isRaised })
        let statuses = await withTaskGroup(of: Int.self) { group in
            for number in 0..<40 {
                let request = world.request(
                    .github, HookWorld.issue(number % 20, "déploiement ✓ \(number % 20)", minute: 1),
                    headers: [("X-GitHub-Event", "issues"), ("X-GitHub-Delivery", "i\(number % 20)")])
                group.addTask { await site.send(request).status }
            }
            return await group.reduce(into: []) { $0.append($1) }
        }
        #expect(statuses.count { $0 == 202 } == 20 && statuses.count { $0 == 200 } == 20, "\(statuses)")
        #expect(
            await eventually {
                (try? await world.rows("select count(*) from ops.work_items where title like 'déploiement ✓ %'"))
                    == [["20"]]
            })
        #expect(world.count("received") == 21 && world.count("duplicate") == 20)
        await site.end()
    }

    @Test("A byte that changes on the way is found out, a flood is cut off, and the server serves on")
    func hostile() async throws {
        let directory = try TemporaryDirectory()
        let site = try await Site(directory)
        let good = site.world.request(.plane, #"{"event": "issue", "action": "create", "data": {"id": "1"}}"#)
        var body = good.body
        body[3] ^= 1
        let changed = WebRequest(method: "POST", path: good.path, headers: good.headers, body: body)
        #expect(await site.send(changed).status == 401)
        let flood = WebRequest(
            method: "POST", path: good.path, headers: good.headers, body: [UInt8](repeating: 32, count: 3 << 20))
        #expect([0, 413].contains(await site.send(flood).status))
        let read = WebRequest(method: "GET", path: good.path)
        let refused = await site.send(read)
        #expect(refused.status == 405 && refused.text.contains("Allow: POST"))
        #expect(await site.send(good).status == 202)
        await site.end()
    }
}
