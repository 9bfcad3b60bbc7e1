import Basics
import DesiredState
import Formats
import HTTPClient
import Reconciler
import Simulator
import Store
import TestKit
import Testing
import Web

/// A collector that keeps what it is sent.
private final class Collector: Sendable {
    let requests = Locked<[WebRequest]>([])
    /// What it answers, one after the other; the last again and again.
    let answers: Locked<[Int]>

    init(_ answers: [Int] = [200]) { self.answers = Locked(answers) }

    func answer(_ request: WebRequest) -> WebResponse {
        requests.withLock { $0.append(request) }
        let status = answers.withLock { $0.count > 1 ? $0.removeFirst() : $0[0] }
        return .text(status, "{}", type: "application/json")
    }

    func spans() throws -> [Value] {
        try requests.withLock { $0 }.flatMap { request -> [Value] in
            let document = try JSON.parse(request.body)
            return (document["resourceSpans"]?.listValue ?? []).flatMap { resource in
                (resource["scopeSpans"]?.listValue ?? []).flatMap { $0["spans"]?.listValue ?? [] }
            }
        }
    }
}

/// Answers after so long that nobody waits for it.
private struct Silent: HTTPTransport {
    func send(_ request: HTTPRequest) async throws(HTTPFault) -> HTTPResponse {
        do { try await Task.sleep(for: .seconds(3_600)) } catch {}
        throw HTTPFault(.lost, code: "TEST-0001", message: "nobody answers", place: nil)
    }
}

@Suite("Traces of runs")
struct LoopbackTracingTests {
    private static func tracer(_ port: UInt16, limit: Int = 8_192, batch: Int = 512) -> Tracer {
        var options = Tracer.Options(url: "http://127.0.0.1:\(port)/v1/traces", queueLimit: limit, batch: batch)
        options.headers = [("X-Team", Secret("canary-of-the-collector"))]
        return Tracer(options, transport: CurlTransport(), time: SystemTime(), log: .none, host: "test")
    }

    private static func text(_ span: Value, _ name: String) -> String? { span[name]?.stringValue }

    private static func attributes(_ span: Value) -> [String: Value] {
        let pairs = (span["attributes"]?.listValue ?? []).map { item in
            (item["key"]?.stringValue ?? "", item["value"]?.objectValue?.members.first?.value ?? .null)
        }
        return Dictionary(pairs, uniquingKeysWith: { first, _ in first })
    }

    @Test("A pass becomes one tree of spans in the form of the protocol, with no secret in it")
    func traces() async throws {
        let collector = Collector()
        let server = try WebServer(address: "127.0.0.1", port: 0) { collector.answer($0) }
        let tracer = Self.tracer(server.port, batch: 10)
        let world = try await World()
        let report = await world.reconciler(tracer: tracer).pass(PassOptions())
        #expect(report.isSuccess, "\(report.story)")
        await tracer.close(within: .seconds(20))
        await server.stop(drain: .zero)

        let requests = collector.requests.withLock { $0 }
        #expect(requests.count > 3)
        for request in requests {
            #expect(request.method == "POST" && request.path == "/v1/traces")
            #expect(request.header("Content-Type") == "application/json")
            #expect(request.header("X-Team") == "canary-of-the-collector")
            #expect(!String(decoding: request.body, as: UTF8.self).contains("canary"))
        }
        let spans = try collector.spans()
        #expect(tracer.counts.sent == spans.count && tracer.counts.dropped == 0)
        var ids: [String: Value] = [:]
        for span in spans {
            let (trace, id) = (Self.text(span, "traceId") ?? "", Self.text(span, "spanId") ?? "")
            #expect(trace == report.run.id.filter { $0 != "-" } && trace.utf8.count == 32)
            #expect(id.utf8.count == 16 && id.utf8.allSatisfy { Hex.decode(String(UnicodeScalar($0)) + "0") != nil })
            #expect(ids.updateValue(span, forKey: id) == nil, "\(id) is there twice")
            #expect([1, 3].contains(span["kind"]?.intValue))
            let (begin, end) = (Self.text(span, "startTimeUnixNano") ?? "", Self.text(span, "endTimeUnixNano") ?? "")
            #expect(Int64(begin) ?? 0 > 1_000_000_000_000_000_000 && Int64(end) ?? 0 >= Int64(begin) ?? .max)
            for item in span["attributes"]?.listValue ?? [] {
                let value = item["value"]?.objectValue?.members ?? []
                #expect(value.count == 1 && ["stringValue", "intValue", "boolValue"].contains(value.first?.name))
                if value.first?.name == "intValue" {
                    #expect(value.first?.value.stringValue.flatMap { Int64($0) } != nil)
                }
            }
            #expect(span["status"]?["code"] == nil, "\(span)")
        }
        let roots = spans.filter { $0["parentSpanId"] == nil }
        #expect(roots.map { Self.text($0, "name") } == ["pass"])
        for span in spans where span["parentSpanId"] != nil {
            #expect(ids[Self.text(span, "parentSpanId") ?? ""] != nil, "\(span) hangs in the air")
        }
        let root = try #require(roots.first.flatMap { Self.text($0, "spanId") })
        let phases = spans.filter { Self.text($0, "parentSpanId") == root }.compactMap { Self.text($0, "name") }
        #expect(
            phases == ["fetch", "desired", "observe", "recover", "plan", "apply", "remember", "record"])
        let steps = spans.filter { Self.attributes($0)["odooops.step.id"] != nil }
        #expect(steps.count == report.journal.count && steps.count > 10)
        // Writes hang below their step, what was only read below its phase.
        let calls = spans.filter { $0["kind"]?.intValue == 3 }
        #expect(calls.count == report.requests.values.reduce(0, +))
        let stepIDs = Set(steps.compactMap { Self.text($0, "spanId") })
        for call in calls where Self.attributes(call)["http.request.method"] == "POST" {
            #expect(stepIDs.contains(Self.text(call, "parentSpanId") ?? ""))
            #expect(Self.attributes(call)["server.address"] == "simulator.test")
            #expect(Self.attributes(call)["url.path"]?.stringValue?.hasPrefix("/v2/") == true)
        }
    }

    @Test("A failed step and a failed pass are marked with their codes")
    func marksFaults() async throws {
        let collector = Collector()
        let server = try WebServer(address: "127.0.0.1", port: 0) { collector.answer($0) }
        let tracer = Self.tracer(server.port)
        let world = try await World()
        world.source.fail(TestFault())
        _ = await world.reconciler(tracer: tracer).pass(PassOptions())
        await tracer.close(within: .seconds(20))
        await server.stop(drain: .zero)
        let root = try #require(try collector.spans().first)
        #expect(root["status"]?["code"]?.intValue == 2 && root["status"]?["message"] == "TEST-0003")
    }

    @Test(
        "What the collector asks to have again is sent again, what it refuses is dropped",
        arguments: [
            ([503, 429, 200], 3, true), ([400], 1, false), ([503], 3, false),
        ])
    func retries(answers: [Int], requests: Int, isTaken: Bool) async throws {
        let collector = Collector(answers)
        let server = try WebServer(address: "127.0.0.1", port: 0) { collector.answer($0) }
        var options = Tracer.Options(url: "http://127.0.0.1:\(server.port)/v1/traces")
        options.pause = .milliseconds(1)
        let tracer = Tracer(options, transport: CurlTransport(), time: SystemTime(), log: .none)
        let world = try await World()
        _ = await world.reconciler(tracer: tracer).pass(PassOptions(isDryRun: true))
        await tracer.close(within: .seconds(20))
        await server.stop(drain: .zero)
        #expect(collector.requests.withLock { $0.count } == requests)
        #expect((tracer.counts.sent > 0) == isTaken && (tracer.counts.dropped > 0) == !isTaken)
    }

    @Test("A collector that never answers delays no pass, and its queue has an end")
    func neverWaits() async throws {
        let tracer = Tracer(
            Tracer.Options(url: "http://collector.test/v1/traces", queueLimit: 40, batch: 5), transport: Silent(),
            time: SystemTime(), log: .none)
        let world = try await World()
        for _ in 1...3 { #expect(await world.reconciler(tracer: tracer).pass(PassOptions()).isSuccess) }
        #expect(tracer.counts.waiting <= 40 && tracer.counts.dropped > 0 && tracer.counts.sent == 0)
        await tracer.close(within: .milliseconds(10))
        #expect(tracer.counts.waiting == 0)
    }
}
