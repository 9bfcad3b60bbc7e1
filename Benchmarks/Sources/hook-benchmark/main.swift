// How long a provider waits for the answer to a delivery, at 500 a second: signature, redaction and a commit that waits
// for the disk, while the deliveries before it are worked on. The baselines are a path of the same server that does
// nothing, and the same bytes written to the same disk and synced by themselves.

import Basics
import Console
import Figures
import Glibc
import Reconciler
import Store
import StoreSQLite
import Web

let rate = 500
let seconds = 12
let secret = "secret-of-the-benchmark"

/// An issue's event as long as GitHub's own: most of it are addresses that nobody reads.
func delivery(_ number: Int) -> [UInt8] {
    let links = (0..<70).map { "\"link_\($0)_url\": \"https://api.github.com/repos/acme/odoo/part-\($0){/name}\"" }
    let text = String(repeating: "The mail is slow again, see the log of the night. ", count: 20)
    let body = """
        {"action": "edited", "issue": {"number": \(number % 1_000), "title": "Mail \(number)", "state": "open", \
        "assignee": {"login": "ada"}, "body": "\(text)", "html_url": "https://github.com/acme/odoo/issues/1", \
        "updated_at": "\(Timestamp(seconds: 1_772_000_000 + Int64(number)))"}, \
        "repository": {"full_name": "acme/odoo", \(links.joined(separator: ", "))}}
        """
    let signature = Hex.encode(hmacSHA256(key: secret.utf8, body.utf8))
    let head =
        "POST /hooks/github HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nX-GitHub-Event: issues\r\n"
        + "X-GitHub-Delivery: delivery-\(number)\r\nX-Hub-Signature-256: sha256=\(signature)\r\n"
        + "Content-Length: \(body.utf8.count)\r\n\r\n"
    return Array((head + body).utf8)
}

/// How long the disk itself takes to keep so many bytes for sure: a share of all tries.
func diskSync(_ directory: String, bytes: Int, _ share: Double) -> Double {
    let descriptor = open("\(directory)/sync", O_CREAT | O_WRONLY | O_APPEND, 0o600)
    defer { close(descriptor) }
    let block = [UInt8](repeating: 7, count: bytes)
    var times: [Double] = []
    for _ in 0..<1_000 {
        let begin = Load.now()
        _ = block.withUnsafeBytes { write(descriptor, $0.baseAddress, bytes) }
        fdatasync(descriptor)
        times.append((Load.now() - begin) * 1e3)
        usleep(2_000)
    }
    return percentile(share, of: times)
}

func measure() async throws -> Figures {
    var figures = Figures()
    let directory = try FileSystem.makeTemporaryDirectory(prefix: "odooops-hooks")
    defer { FileSystem.remove(directory) }
    let time = SystemTime()
    let engine = try await SQLiteEngine.open(path: "\(directory)/ops.sqlite")
    let store = Store(engine: engine, time: time)
    _ = try await store.migrate()
    let metrics = Metrics()
    metrics.declareHookMetrics()
    let processor = HookProcessor(
        store: store, repositories: HookRepositories([]), bell: WakeBell(store: store, wakeup: Wakeup(), time: time),
        time: time, random: .system(), log: .none,
        metrics: metrics, holder: "benchmark")
    let endpoints = HookEndpoints(
        intake: DeliveryIntake(store: store, time: time) { processor.notice() }, metrics: metrics, time: time
    ) { $0 == .github ? .guarded(Secret(secret)) : .closed }
    let server = try WebServer(address: "127.0.0.1", port: 0) { request in
        request.path == "/healthz" ? .text(200, "ok\n") : await endpoints.answer(request) ?? .text(404, "nothing\n")
    }
    let working = Task { await processor.run() }
    let load = Load(port: server.port, perSecond: rate, connections: 16)

    let health = [UInt8]("GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n".utf8)
    _ = load.send([[UInt8]](repeating: health, count: rate))
    let bare = load.send([[UInt8]](repeating: health, count: rate * 4)).map(\.milliseconds)
    let requests = (0..<rate * seconds).map(delivery)
    // The first second warms up what is read once.
    _ = load.send(Array(requests.prefix(rate)))
    let answers = load.send(Array(requests.dropFirst(rate)))

    let taken = answers.count { $0.status == 202 }
    figures.report("hook_unanswered", Double(rate * (seconds - 1) - taken), "answers", atMost: 0)
    let answered = answers.map(\.milliseconds)
    figures.report("hook_answer_p50", percentile(0.5, of: answered), "ms", baseline: percentile(0.5, of: bare))
    let disk = diskSync(directory, bytes: requests.last?.count ?? 8_192, 0.99)
    figures.report("hook_answer_p99", percentile(0.99, of: answered), "ms", baseline: disk, atMost: 10)
    figures.report("hook_health_p99", percentile(0.99, of: bare), "ms")
    figures.report("hook_disk_sync_p99", disk, "ms")

    let end = Load.now() + 30
    var queue = try await store.deliveryQueue()
    while queue.depth > 0, Load.now() < end {
        try await time.sleep(for: .milliseconds(20))
        queue = try await store.deliveryQueue()
    }
    figures.report("hook_left_in_queue", Double(queue.depth), "rows", atMost: 0)
    processor.requestStop()
    await working.value
    await server.stop(drain: .seconds(1))
    await engine.close()
    return figures
}

do {
    let figures = try await measure()
    figures.end()
} catch {
    StandardStreams.error("hook-benchmark: \(error)\n")
    exit(1)
}
